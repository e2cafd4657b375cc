"""One report: what its address asks for, read and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from bot.desk.parts import Parts
from bot.reports.figures import elapsed
from bot.reports.period import ANSWERED_WITHIN, Period, days_after, days_of, period
from bot.reports.tables import Found, Table, tables
from bot.sla.policies import Policies
from bot.store import agents, reporting, states, talks
from bot.store.database import Session
from bot.store.reporting import Wanted


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, as it was written; "" for what it does not say."""

    days: str = ""
    first: str = ""
    last: str = ""
    channel: str = ""
    language: str = ""
    category: str = ""
    team: str = ""

    @property
    def where(self) -> str:
        """The same as the end of an address."""
        names = {"days": self.days, "from": self.first, "to": self.last}
        named = names | {name: getattr(self, name) for name in ("channel", "language", "category", "team")}
        return urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True, slots=True)
class Report:
    """Tables, and what keeps them from being the whole truth."""

    period: Period
    tables: Sequence[Table]
    #: The first day anything is known of, where that is within the period or behind it.
    begins: date | None
    #: Answers that are still to come may change the last days; the period's last day may not even be over.
    unfinished: bool
    asked: Asked


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report can be narrowed to."""

    channel: Sequence[str]
    language: Sequence[str]
    category: Sequence[str]
    team: Sequence[str]


class Reports:
    """Reads reports."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._policy = parts.content.policy
        self._policies = Policies(parts.settings.calendars, parts.settings.sla.policies)
        self.zone = ZoneInfo(parts.settings.desk.time_zone)

    async def report(self, asked: Asked, now: datetime) -> Report:
        """The report at `now`. Raises `Refused` for a period that is none."""
        today = now.astimezone(self.zone).date()
        over = period(asked.days, asked.first, asked.last, today)
        wanted = self._wanted(asked, over, today)
        found, began = await self._parts.database.read(self._read, wanted)
        begins = began.astimezone(self.zone).date() if began else today
        return Report(
            period=over,
            tables=tables(found, self._policy.category_of, self._between, now),
            begins=begins if begins > over.first else None,
            unfinished=(today - over.last).days <= ANSWERED_WITHIN,
            asked=asked,
        )

    async def today(self, now: datetime) -> Table:
        """How the talks of today ended so far."""
        today = now.astimezone(self.zone).date()
        wanted = self._wanted(Asked(), Period(today, today), today)
        found = Found((today,), self.zone, await self._parts.database.read(talks.talks, wanted), {}, (), ())
        return tables(found, self._policy.category_of, self._between, now)[0]

    async def choices(self) -> Choices:
        """Everything there is, by name."""
        heard = await self._parts.database.run(states.channels)
        working = await self._parts.database.run(agents.all_agents)
        return Choices(
            channel=sorted({*self._parts.settings.channels, *heard}),
            language=self._parts.settings.languages,
            category=list(self._policy.categories),
            team=sorted({team for agent in working for team in agent.teams}),
        )

    def _wanted(self, asked: Asked, over: Period, today: date) -> Wanted:
        intents = [intent for intent in self._policy.intents if self._policy.category_of(intent) == asked.category]
        return Wanted(
            days=days_of(over, self.zone),
            after=days_after(over, self.zone, today),
            channel=asked.channel,
            language=asked.language,
            category=asked.category,
            team=asked.team,
            intents=intents,
        )

    def _between(self, policy: str, a: datetime, b: datetime) -> timedelta:
        """Business hours of the policy's calendar; all time where there is no such policy any more."""
        calendar = self._policies.calendar_of(policy)
        return calendar.between(a, b) if calendar else elapsed(policy, a, b)

    def _read(self, session: Session, wanted: Wanted) -> tuple[Found, datetime | None]:
        found = Found(
            dates=[day.date for day in wanted.days],
            zone=self.zone,
            talks=talks.talks(session, wanted),
            answers=reporting.answers(session, wanted),
            tickets=reporting.tickets(session, wanted),
            unanswered=reporting.unanswered(session, wanted),
            ratings=reporting.ratings(session, wanted),
        )
        return found, reporting.first_message_at(session)
