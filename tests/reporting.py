"""Random histories for reports, and the same counted slowly."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.reports.period import Period, days_after, days_of
from bot.store.database import Database, Session
from bot.store.reporting import Wanted
from bot.store.tables import (
    Address,
    Contact,
    Conversation,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketState,
)
from bot.store.talks import Outcome
from channels.words import Author

#: The clocks go forward there on the 29th of March.
BERLIN = ZoneInfo("Europe/Berlin")

BEGINS = datetime(2026, 3, 25, tzinfo=UTC)
PERIOD = Period(date(2026, 3, 27), date(2026, 3, 31))
TODAY = date(2026, 4, 3)

ASKED = [{"title": "One", "payload": "intent:fee"}, {"title": "A human", "payload": "human"}]
HUMAN = [{"title": "A human", "payload": "human"}]

REACHED = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.UNKNOWN)
OUT = (*REACHED, MessageState.FAILED, MessageState.WITHHELD, MessageState.QUEUED)


def wanted(**more: str) -> Wanted:
    """The period in Berlin."""
    intents = ("fee",) if more.get("category") else ()
    return Wanted(days_of(PERIOD, BERLIN), days_after(PERIOD, BERLIN, TODAY), intents=intents, **more)


def history(database: Database, seed: int, conversations: int = 12) -> None:
    """Conversations of nine days with what may happen in them, and their tickets."""
    chance = random.Random(seed)  # noqa: S311 - the same each time

    def fill(session: Session) -> None:
        for number in range(conversations):
            _conversation(session, chance, number)

    database.transact(fill)


def _conversation(session: Session, chance: random.Random, number: int) -> None:
    channel, language = chance.choice(["telegram", "email"]), chance.choice(["en", "zh", None])
    contact = Contact(created_at=BEGINS)
    session.add(contact)
    session.flush()
    address = Address(contact_id=contact.id, channel=channel, account="a", handle=f"h{number}")
    session.add(address)
    session.flush()
    talk = Conversation(address_id=address.id, channel=channel, account="a", language=language, created_at=BEGINS)
    session.add(talk)
    session.flush()
    for at in sorted(BEGINS + timedelta(seconds=chance.randrange(9 * 86400)) for _ in range(chance.randrange(14))):
        session.add(_message(chance, talk, at))
    session.flush()
    for _ in range(chance.choice([0, 0, 1, 1, 2])):
        _ticket(session, chance, talk)


def _message(chance: random.Random, talk: Conversation, at: datetime) -> Message:
    author = chance.choice([Author.USER, Author.USER, Author.BOT, Author.BOT, Author.BOT, Author.AGENT, Author.SYSTEM])
    state = (
        chance.choice([MessageState.HANDLED] * 5 + [MessageState.RECEIVED])
        if author is Author.USER
        else chance.choice(OUT)
    )
    return Message(
        conversation_id=talk.id,
        channel=talk.channel,
        account="a",
        author=author if chance.random() > 0.1 or author is not Author.AGENT else Author.BOT,
        state=state,
        text=f"said at {at}",
        choices=chance.choice([[], ASKED, HUMAN]) if author is Author.BOT else [],
        intent=chance.choice([None, "fee", "kyc"]) if author in (Author.USER, Author.BOT) else None,
        created_at=at,
        finished_at=at + timedelta(seconds=chance.choice([0, 2, 70, 4000])),
    )


def _ticket(session: Session, chance: random.Random, talk: Conversation) -> None:
    at = BEGINS + timedelta(seconds=chance.randrange(9 * 86400))
    over = chance.random() < 0.6
    answered = at + timedelta(hours=chance.randrange(1, 30)) if chance.random() < 0.6 else None
    ticket = Ticket(
        number=f"FD-{talk.id}-{at.timestamp()}",
        title="t",
        category=chance.choice(["fees", "kyc"]),
        priority="normal",
        state=chance.choice([TicketState.SOLVED, TicketState.CLOSED] if over else [TicketState.OPEN, TicketState.NEW]),
        assignee=chance.choice([None, "Anna", "Bo"]),
        language=talk.language or "en",
        team=chance.choice(["", "money"]),
        reason=chance.choice(["unsure", "unhelpful", "human"]),
        promised_at=at + timedelta(hours=4),
        created_at=at,
        updated_at=at,
        first_response_at=answered,
        solved_at=at + timedelta(hours=chance.randrange(30, 80)) if over and chance.random() < 0.7 else None,
    )
    session.add(ticket)
    session.flush()
    session.add(TicketConversation(ticket_id=ticket.id, conversation_id=talk.id))


def slowly(
    messages: list[Message], tickets: list[Ticket], about: dict[int, list[int]]
) -> list[tuple[int, date, Outcome, int | None, int | None]]:
    """(conversation, day, outcome, seconds to the bot's first and last word) of every talk, as the words define it."""
    daily: dict[tuple[int, date], list[Message]] = {}
    for message in sorted(filter(_read, messages), key=lambda each: each.created_at):
        daily.setdefault((message.conversation_id, message.created_at.astimezone(BERLIN).date()), []).append(message)
    talks: list[tuple[int, date, list[Message]]] = []
    for (number, day), said in sorted(daily.items(), key=lambda each: each[0]):
        if any(message.author is Author.USER for message in said):
            talks.append((number, day, said))
        elif talks and talks[-1][0] == number:
            talks[-1][2].extend(said)
    ended = []
    for number, day, said in talks:
        if PERIOD.first <= day <= PERIOD.last:
            its = [ticket for ticket in tickets if ticket.id in about.get(number, [])]
            ended.append((number, day, *_end(said, its)))
    return ended


def _read(message: Message) -> bool:
    """Whether it was said at all, from the period's first day on to the last in which an answer counts."""
    inside = PERIOD.first <= message.created_at.astimezone(BERLIN).date() <= TODAY
    return inside and message.state in (*REACHED, MessageState.HANDLED)


def _end(said: list[Message], tickets: list[Ticket]) -> tuple[Outcome, int | None, int | None]:
    user, bot, agent = ([m for m in said if m.author is who] for who in (Author.USER, Author.BOT, Author.AGENT))
    end = max(m.created_at for m in said)
    its = [t for t in tickets if t.created_at <= end and (t.solved_at is None or t.solved_at >= user[0].created_at)]
    if any(m.created_at >= user[0].created_at for m in agent) or any(t.solved_at and t.assignee for t in its):
        return Outcome.HUMAN, None, None
    if its:
        waits = any(t.state not in (TicketState.SOLVED, TicketState.CLOSED) for t in its)
        return (Outcome.WAITING if waits else Outcome.GIVEN_UP), None, None
    if not bot or bot[-1].created_at < user[-1].created_at:
        return Outcome.GIVEN_UP, None, None
    if bot[-1].intent is None and bot[-1].choices == ASKED:
        return Outcome.GIVEN_UP, None, None
    times = [m.finished_at for m in bot if m.finished_at]
    return Outcome.BOT, _coarse(min(times) - user[0].created_at), _coarse(max(times) - user[0].created_at)


def _coarse(time: timedelta) -> int | None:
    seconds = int(time.total_seconds())
    if time < timedelta():
        return None
    return seconds if seconds < 60 else seconds - seconds % 60
