"""Where somebody stands in the queue and how long it will take, in their language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.answers import Answers
from bot.routing.choosing import OnDuty, Waiting, able, in_order
from bot.routing.settings import Routing
from bot.routing.view import StandingOf, all_alike, on_duty, overview, team_of, urgency_of, waiting
from bot.routing.waiting import Handled, OpensAt, Pace, Range, always_open, estimate, pace_of
from bot.sla.calendar import Calendar
from bot.sla.telling import lasting, moment
from bot.store import routing, waits
from bot.store.agent_tables import Presence
from bot.store.database import Database, Session
from bot.store.escalating import Escalation
from bot.store.routing import AtDesk, Queued
from bot.store.ticketing import RANK
from bot.store.waits import Answered, Crowd, Kind

#: Tickets answered last that say how long it takes.
SAMPLE = 30


Person = tuple[str, Mapping[str, Any]]
Samples = dict[Kind, list[Answered]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody in the queue can expect."""

    #: 1 for who is next.
    position: int
    #: None where nobody knows.
    wait: Range | None = None
    #: When people are back, in the zone of their calendar; None where they are there.
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in the queue, with the team that serves it."""

    ticket: Queued
    team: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Board:
    """The queue in the order it is served, and who works at the desk by name."""

    lines: Sequence[Line]
    desk: Sequence[AtDesk]


class Places:
    """Looks up what people in the queue are told. Methods raise `StorageDown`."""

    def __init__(
        self,
        database: Database,
        section: Routing,
        standing: StandingOf = all_alike,
        opens_at: OpensAt = always_open,
    ) -> None:
        self._database = database
        self._section = section
        self._standing = standing
        self._opens_at = opens_at

    async def of_ticket(self, number: str, now: datetime) -> Expected | None:
        """What the user of a ticket can expect; None where it is not in the queue."""
        board = await self.board(now)
        return next((line.expected for line in board.lines if line.ticket.number == number), None)

    async def of_newcomer(self, conversation_id: int, escalation: Escalation, now: datetime) -> Expected:
        """What the user of a conversation can expect that is about to go to the queue."""
        kind = self._section.team_for(escalation.category, escalation.language), escalation.priority
        person, crowds, desk, answered = await self._database.run(_newcomer, conversation_id, kind)
        mine = waiting(_ticket_of(escalation, *person, now), self._section, self._standing)
        agents = [on_duty(found) for found in desk]
        back_at = self._opens_at(escalation.priority, escalation.category, person[0], now)
        return _expected(mine, 1 + self._ahead(mine, crowds), agents, self._pace(answered, kind), back_at)

    async def board(self, now: datetime) -> Board:
        """The whole queue, and who is there."""
        queue, desk = await self._database.run(overview)
        ordered = in_order(waiting(found, self._section, self._standing) for found in queue)
        kinds = {_kind(ticket) for ticket in ordered}
        answered = await self._database.run(waits.answered, kinds, SAMPLE)
        paces = {kind: self._pace(answered, kind) for kind in kinds}
        agents = [on_duty(found) for found in desk]
        tickets = {found.number: found for found in queue}
        ahead: Counter[str] = Counter()
        lines = []
        for ticket in ordered:
            ahead[ticket.team] += 1
            found = tickets[ticket.number]
            back_at = self._opens_at(found.priority, found.category, found.tier, now)
            expected = _expected(ticket, ahead[ticket.team], agents, paces[_kind(ticket)], back_at)
            lines.append(Line(found, ticket.team, expected))
        return Board(lines, desk)

    def _ahead(self, mine: Waiting, crowds: Sequence[Crowd]) -> int:
        """How many of the same team are served before who comes last of their own sort."""

        def before(crowd: Crowd) -> bool:
            team = team_of(crowd.team, crowd.category, crowd.language, self._section)
            rank = self._standing(crowd.tier, {}).rank
            return team == mine.team and (rank, urgency_of(crowd.priority)) >= (mine.rank, mine.urgency)

        return sum(crowd.count for crowd in crowds if before(crowd))

    def _pace(self, answered: Mapping[Kind, Sequence[Answered]], kind: Kind) -> Pace | None:
        return pace_of([self._counted(one, kind[1]) for one in answered[kind]])

    def _counted(self, one: Answered, priority: str) -> Handled:
        """Whoever came while nobody was there counts from the opening, if they were not answered before."""
        opened = self._opens_at(priority, one.category, one.tier, one.created_at) or one.created_at
        return Handled(min(opened, one.answered_at), one.answered_at, one.agent)


def _newcomer(session: Session, conversation_id: int, kind: Kind) -> tuple[Person, list[Crowd], list[AtDesk], Samples]:
    """All that is asked of the database, and no more: every escalation waits for it."""
    person = waits.person_of(session, conversation_id)
    return person, waits.crowd(session), routing.desk(session), waits.answered(session, [kind], SAMPLE)


def _expected(
    ticket: Waiting, position: int, agents: Sequence[OnDuty], pace: Pace | None, back_at: datetime | None
) -> Expected:
    if back_at:
        return Expected(position, back_at=back_at)
    online = [agent for agent in able(ticket, agents) if agent.presence is Presence.ONLINE]
    return Expected(position, estimate(position, pace, len(online)))


def _kind(ticket: Waiting) -> Kind:
    return ticket.team, RANK[ticket.urgency]


def _ticket_of(escalation: Escalation, tier: str, attributes: Mapping[str, Any], now: datetime) -> Queued:
    """The ticket there will be; it has no number yet, and stands behind all that came before."""
    return Queued(
        id=0,
        number="~",
        title=escalation.title,
        priority=escalation.priority,
        tier=tier,
        category=escalation.category,
        team="",
        language=escalation.language,
        since=now,
        attributes=attributes,
    )


def told(answers: Answers, language: str, expected: Expected) -> str:
    """`expected` as a sentence."""
    position = str(expected.position)
    if expected.back_at:
        # Of a calendar a moment takes the zone alone.
        there = Calendar("", expected.back_at.tzinfo or UTC)
        return answers.sentence("back_at", language, time=moment(language, expected.back_at, there))
    if expected.wait is None:
        return answers.sentence("queue_place", language, position=position)
    low, high = (lasting(timedelta(minutes=one), language) for one in (expected.wait.low, expected.wait.high))
    return answers.sentence("queue_wait", language, position=position, low=low, high=high)
