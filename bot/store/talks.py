"""How conversations ended, counted by the day.

A conversation goes on for years on most channels. So a *talk* is a day on which the user writes, with all that is said
on it and on the days behind it on which they do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Label,
    Select,
    String,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    true,
    values,
)
from sqlmodel import Session, SQLModel

from bot.store.elapsed import elapsed
from bot.store.reporting import TICKET, Day, Wanted, of_conversation
from bot.store.rows import CONVERSATION, MESSAGE
from bot.store.tables import IS_SAID, Moment
from bot.store.ticketing import OVER
from channels.words import Author

ABOUT = SQLModel.metadata.tables["ticketconversation"]

#: Payloads of the buttons under a question of the bot: to choose an intent, or to leave a fact out.
ASKING = ('"payload": "intent:', '"payload": "skip"')

#: Up to a minute a time is told in seconds, above in whole minutes: so many talks are few rows.
MINUTE = 60


class Outcome(StrEnum):
    """How a talk ended; the first that holds.

    `HUMAN`: an agent wrote to the user, or solved the ticket it was on without a word.
    `WAITING`: it is on a ticket that is not over: nobody knows yet.
    `GIVEN_UP`: the user left without an answer: the ticket it was on ended without a word of an agent, or nothing the
    bot said reached the user after their last message, or the bot's last word was a question that was not answered.
    `BOT`: the bot had the last word, and no human was called.
    """

    BOT = "bot"
    HUMAN = "human"
    GIVEN_UP = "given_up"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Talks:
    """So many talks that are alike.

    Of those the bot ended alone: seconds from the user's first message to the bot's first word and to its last, as
    sent; whole minutes above one minute. No `first` where the bot had said something earlier on that day.
    """

    date: date
    channel: str
    language: str
    outcome: Outcome
    count: int
    first: int | None = None
    last: int | None = None


def talks(session: Session, wanted: Wanted) -> list[Talks]:
    """How the talks of the wanted days ended. A team is not looked at: talks belong to none."""
    embedded = session.get_bind().dialect.name == "sqlite"
    told = _told(_talk(wanted, _daily(wanted, embedded=embedded)), wanted)
    columns = told.c["day", "channel", "language", "outcome", "first", "last"]
    rows = session.execute(select(*columns, func.count()).group_by(*columns))
    dates = {number: day.date for number, day in enumerate(wanted.days)}
    return [
        Talks(dates[day], channel, language or "", Outcome(outcome), count, first, last)
        for day, channel, language, outcome, first, last, count in rows
    ]


def _talk(wanted: Wanted, daily: CTE) -> CTE:
    """One row a talk: `day` it began on, what was said in it."""
    began = case((daily.c.asked.is_not(None), 1), else_=0)
    number = func.sum(began).over(partition_by=daily.c.conversation_id, order_by=daily.c.day).label("number")
    numbered = select(daily, number).cte("numbered")
    whole: dict[str, Any] = {
        **dict.fromkeys(("day", "asked", "first_bot"), func.min),
        **dict.fromkeys(("asked_last", "said_last", "bot_said", "bot_last"), func.max),
        **dict.fromkeys(("bot_id", "answer_id", "agent_last", "meant"), func.max),
    }
    return (
        select(numbered.c.conversation_id, *(over(numbered.c[name]).label(name) for name, over in whole.items()))
        .where(numbered.c.number > 0)
        .group_by(numbered.c.conversation_id, numbered.c.number)
        .having(func.min(numbered.c.day) < len(wanted.days))
        .cte("talk")
    )


def _daily(wanted: Wanted, *, embedded: bool) -> CTE:
    """One row a conversation and day, from the index alone."""
    days = _days([*wanted.days, *wanted.after])
    at, whose = MESSAGE.c.created_at, MESSAGE.c.conversation_id
    within = and_(at >= days.c.starts, at < days.c.ends, IS_SAID)
    said = _said(wanted)
    if embedded:
        together = select(days.c.day, whose, *said).join_from(days, MESSAGE, within)
        return together.group_by(days.c.day, whose).cte("daily")
    # PostgreSQL would hold every message against every day; so it looks each day up in the index.
    one = select(whose, *said).where(within).group_by(whose).lateral("one")
    return select(days.c.day, *one.c).join_from(days, one, true()).cte("daily")


def _said(wanted: Wanted) -> list[Label[Any]]:
    """What a row of `_daily` says of a conversation."""
    author, at, intent, done = (MESSAGE.c[name] for name in ("author", "created_at", "intent", "finished_at"))
    user, bot, agent = (author == word for word in (Author.USER, Author.BOT, Author.AGENT))
    return [
        func.min(case((user, at))).label("asked"),
        func.max(case((user, at))).label("asked_last"),
        func.max(at).label("said_last"),
        func.min(case((bot, done))).label("first_bot"),
        func.max(case((bot, done))).label("bot_last"),
        func.max(case((bot, at))).label("bot_said"),
        func.max(case((bot, MESSAGE.c.id))).label("bot_id"),
        func.max(case((and_(bot, intent.is_not(None)), MESSAGE.c.id))).label("answer_id"),
        func.max(case((agent, at))).label("agent_last"),
        func.max(case((and_(user, intent.in_(wanted.intents)), 1), else_=0)).label("meant"),
    ]


def _days(days: Sequence[Day]) -> CTE:
    columns = column("day", Integer), column("starts", Moment), column("ends", Moment)
    rows = [(number, day.starts, day.ends) for number, day in enumerate(days)]
    return values(*columns, name="days").data(rows).cte("days")


def _told(talk: CTE, wanted: Wanted) -> CTE:
    """The talks with their conversation and how they ended."""
    outcome = _outcome(talk).label("outcome")
    query = (
        select(talk.c.day, CONVERSATION.c.channel, CONVERSATION.c.language, outcome, *_seconds(talk))
        .join_from(talk, CONVERSATION, talk.c.conversation_id == CONVERSATION.c.id)
        .where(*of_conversation(wanted))
    )
    inner = (query.where(talk.c.meant == 1) if wanted.category else query).cte("ended").prefix_with("MATERIALIZED")
    alone = inner.c.outcome == Outcome.BOT.value
    times = [case((alone, _coarse(inner.c[name]))).label(name) for name in ("first", "last")]
    return select(*inner.c["day", "channel", "language", "outcome"], *times).cte("told")


def _outcome(talk: CTE) -> ColumnElement[str]:
    seen = talk.c
    solved = and_(TICKET.c.solved_at.is_not(None), TICKET.c.assignee.is_not(None))
    question = select(_asks()).where(MESSAGE.c.id == seen.bot_id).correlate(talk).scalar_subquery()
    return case(
        (seen.agent_last >= seen.asked, Outcome.HUMAN.value),
        (_ticket(talk).where(solved).exists(), Outcome.HUMAN.value),
        (_ticket(talk).where(TICKET.c.state.not_in(OVER)).exists(), Outcome.WAITING.value),
        (_ticket(talk).exists(), Outcome.GIVEN_UP.value),
        (func.coalesce(seen.bot_said < seen.asked_last, literal(value=True)), Outcome.GIVEN_UP.value),
        # Before the message itself is looked up: most last words are answers.
        (seen.bot_id == seen.answer_id, Outcome.BOT.value),
        (question, Outcome.GIVEN_UP.value),
        else_=Outcome.BOT.value,
    )


def _ticket(talk: CTE) -> Select[Any]:
    """Tickets that were open in the talk."""
    return (
        select(TICKET.c.id)
        .join(ABOUT, ABOUT.c.ticket_id == TICKET.c.id)
        .where(
            ABOUT.c.conversation_id == talk.c.conversation_id,
            TICKET.c.created_at <= talk.c.said_last,
            func.coalesce(TICKET.c.solved_at >= talk.c.asked, literal(value=True)),
        )
        .correlate(talk)
    )


def _asks() -> ColumnElement[bool]:
    choices = cast(MESSAGE.c.choices, String)
    return or_(*(choices.contains(payload, autoescape=True) for payload in ASKING))


def _seconds(talk: CTE) -> list[Label[int]]:
    spoken = {"first": talk.c.first_bot, "last": talk.c.bot_last}
    return [elapsed(talk.c.asked, at).label(name) for name, at in spoken.items()]


def _coarse(seconds: ColumnElement[int]) -> ColumnElement[int]:
    return case((seconds < MINUTE, seconds), else_=seconds - seconds % MINUTE)
