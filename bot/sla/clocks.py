"""A ticket's three clocks, from its history alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.sla.calendar import Calendar
from bot.sla.policies import Policy


class Did(StrEnum):
    """What happened to a ticket, as far as clocks care."""

    OPENED = "opened"
    #: The user wrote to the human.
    ASKED = "asked"
    #: The user was given to a human again, or asked to go on after it was solved.
    CALLED = "called"
    #: An agent's answer to the user.
    ANSWERED = "answered"
    #: Worked on: taken, or set to open by hand.
    RESUMED = "resumed"
    #: Set to wait for the user, or for somebody else.
    PAUSED = "paused"
    #: Given back to the bot: nobody waits for a human.
    RELEASED = "released"
    #: Solved, closed, or merged into another.
    ENDED = "ended"
    #: Opened again by an agent, without a word of the user.
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    at: datetime
    did: Did


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock at a moment. Without `since` it has never run, without `target` nothing is promised."""

    #: Since when; of next response, in the round that runs or ran last.
    since: datetime | None = None
    target: timedelta | None = None
    #: When the time is up; None while it is paused with time left, or where the calendar does not open for two years.
    due_at: datetime | None = None
    #: When its warning is due.
    warn_at: datetime | None = None
    met_at: datetime | None = None
    #: `due_at`, once it passed without being met.
    breached_at: datetime | None = None
    paused: bool = False
    #: Open time that counted.
    used: timedelta = timedelta()

    @property
    def breached(self) -> bool:
        return self.breached_at is not None

    @property
    def running(self) -> bool:
        return self.since is not None and self.met_at is None and not self.paused


@dataclass(frozen=True, slots=True)
class Clocks:
    """All of them. `missed` has every breach, also those of earlier rounds of the next response, earliest first."""

    first_response: Clock
    next_response: Clock
    resolution: Clock
    missed: Sequence[datetime]

    def named(self) -> Sequence[tuple[str, Clock]]:
        """Each clock with its name."""
        return (
            ("first_response", self.first_response),
            ("next_response", self.next_response),
            ("resolution", self.resolution),
        )


@dataclass(slots=True)
class _Run:
    """When a clock ran: stretches from an instant to another, the last one open while it runs."""

    stretches: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    met_at: datetime | None = None
    #: Whether it was running when it was met.
    in_flight: bool = False
    #: Whether it began with a call for a human, not with a word to one.
    called: bool = False

    @property
    def runs(self) -> bool:
        return bool(self.stretches) and self.stretches[-1][1] is None

    def start(self, at: datetime) -> None:
        if not self.runs:
            self.stretches.append((at, None))

    def stop(self, at: datetime) -> None:
        if self.runs:
            self.stretches[-1] = (self.stretches[-1][0], at)

    def meet(self, at: datetime) -> None:
        self.met_at, self.in_flight = at, self.runs
        self.stop(at)

    def go_on(self, at: datetime) -> None:
        self.met_at, self.in_flight = None, False
        self.start(at)


def clocks(history: Sequence[Step], policy: Policy, now: datetime) -> Clocks:
    """The clocks of a ticket at `now`, by the policy that holds now.

    `policy` counts for the whole history: what a change of priority or tier promises, it promises from the beginning.
    Only open time of its calendar counts. A step that is earlier than the one before it counts as at the same time, and
    so does `now` where it is earlier than the last step.

    - **First response** runs from the opening to the first answer of an agent. That the ticket ends is an answer too.
    - **Next response** runs, after the first response, from the first word of the user that nobody answered to the next
      answer, or the ticket's end. Each such wait is a round with all of its time. Where the policy has none, who is
      given to a human again has the first response's time once more, which they were told.
    - **Resolution** runs from the opening to the ticket's end. It pauses after an answer, and while the ticket is
      pending or on hold, until the user writes or somebody works on it. Opened again, it goes on where it was.
    - Given back to the bot, all pause, and a round of the next response is over: nobody waits for a human. They go on
      when one is called, or takes it. Being pending or on hold stops no response: the user waits for us all the same.
    - Time is up at the first instant at which all of it is used: 17:00, where the day ends at 17:00. A breach is to run
      past that; what is answered, or pauses, at this very instant is in time.
    """
    runs = _Runs()
    last = datetime.min.replace(tzinfo=UTC)
    for step in history:
        last = max(last, step.at.astimezone(UTC))
        runs.take(step.did, last)
    now = max(now.astimezone(UTC), last)
    again = policy.next_response or policy.first_response
    rounds = [_clock(one, again if one.called else policy.next_response, policy, now) for one in runs.rounds]
    first = _clock(runs.first, policy.first_response, policy, now)
    resolution = _clock(runs.resolution, policy.resolution, policy, now)
    missed = sorted(clock.breached_at for clock in (first, *rounds, resolution) if clock.breached_at)
    return Clocks(first, rounds[-1] if rounds else Clock(target=policy.next_response), resolution, missed)


class _Runs:
    """Walks through a history."""

    def __init__(self) -> None:
        self.first = _Run()
        self.resolution = _Run()
        self.rounds: list[_Run] = []
        self._over = False

    def take(self, did: Did, at: datetime) -> None:
        if did in (Did.CALLED, Did.REOPENED):
            self._over = False
        if self._over:
            return
        match did:
            case Did.OPENED | Did.ASKED | Did.CALLED | Did.RESUMED | Did.REOPENED:
                self._go_on(did, at)
            case Did.ANSWERED:
                self._answered(at)
                self.resolution.stop(at)
            case Did.PAUSED:
                self.resolution.stop(at)
            case Did.RELEASED:
                self._leave(at)
            case Did.ENDED:
                self._end(at)

    def _go_on(self, did: Did, at: datetime) -> None:
        self.resolution.go_on(at)
        if self.first.met_at is None:
            self.first.start(at)
        elif did in (Did.ASKED, Did.CALLED):
            self._wait(at, called=did is Did.CALLED)

    def _wait(self, at: datetime, *, called: bool) -> None:
        if self.rounds and self.rounds[-1].runs:
            self.rounds[-1].called |= called
        else:
            self.rounds.append(_Run([(at, None)], called=called))

    def _answered(self, at: datetime) -> None:
        # Also where the bot had it: nobody was waiting, and nobody is any more.
        if self.first.met_at is None:
            self.first.meet(at)
        for run in self.rounds[-1:]:
            if run.runs:
                run.meet(at)

    def _leave(self, at: datetime) -> None:
        for run in (self.first, self.resolution, *self.rounds[-1:]):
            run.stop(at)

    def _end(self, at: datetime) -> None:
        self._answered(at)
        self.resolution.meet(at)
        self._over = True


def _clock(run: _Run, target: timedelta | None, policy: Policy, now: datetime) -> Clock:
    if not run.stretches:
        return Clock(target=target)
    calendar = policy.calendar
    used = sum((calendar.between(a, b or now) for a, b in run.stretches), timedelta())
    paused = not run.runs and run.met_at is None
    kept = Clock(run.stretches[0][0], target, met_at=run.met_at, paused=paused, used=used)
    if target is None:
        return kept
    until = run.stretches[-1][1] or now
    # What is met while it is paused has no time at which it would have been up.
    open_end = run.runs or run.in_flight
    due_at = _reached(run, target, calendar, open_end=open_end)
    warn_at = _reached(run, target * policy.warn_at, calendar, open_end=open_end)
    breached_at = due_at if due_at and due_at < until else None
    return replace(kept, due_at=due_at, warn_at=warn_at, breached_at=breached_at)


def _reached(run: _Run, amount: timedelta, calendar: Calendar, *, open_end: bool) -> datetime | None:
    """The first instant at which `amount` of open time has counted and it runs on.

    With `open_end` as if the last stretch never ended; else None where it stopped before, or at that instant.
    """
    for number, (start, end) in enumerate(run.stretches, 1):
        reached = calendar.add(start, amount)
        if end is None or (open_end and number == len(run.stretches)):
            return reached
        if reached and reached < end:
            return reached
        amount = max(amount - calendar.between(start, end), timedelta())
    return None
