"""What clocks do before and at a breach, in the transaction that counted them: each once, whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from bot.sla.calendar import Calendar
from bot.sla.clocks import Clock, Clocks
from bot.sla.policies import Policy
from bot.sla.sections import Action
from bot.store.clock_tables import ClockAct
from bot.store.merging import give_to
from bot.store.tables import Conversation, Ticket, TicketState
from bot.store.ticketing import FRONTDESK, RANK, add_event, say
from channels.words import Author, Owner

#: What a user is told, in their language: the new time by which somebody answers, whose hours it counts, and now.
Renewed = Callable[[str | None, datetime, Calendar, datetime], str]

#: Offers a call-back on a ticket.
Offer = Callable[[Session, Ticket, datetime], object]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What acts need from elsewhere. Without `offer` a call-back is noted and nothing more."""

    renewed: Renewed
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts for one ticket, whose conversations and row are locked."""

    session: Session
    ticket: Ticket
    found: Sequence[Conversation]
    policy: Policy
    hooks: Hooks
    now: datetime

    def due(self, counted: Clocks) -> list[str]:
        """Does what running clocks ask for and nobody did yet; the names of what was done, each with its clock.

        A breach that is found before its warning was given is told alone.
        """
        done = []
        for name, clock in counted.named():
            for what in self._late(name, clock):
                self._tell(name, clock, what)
                done.append(f"{what} {name}")
        return done + [
            f"renewed {name}"
            for name, clock in counted.named()[:2]
            if any(one.endswith(name) for one in done) and self._renewed(name, clock)
        ]

    def _late(self, name: str, clock: Clock) -> list[str]:
        """What became of the clock and was not known: warned, breached, or nothing."""
        if not clock.running:
            return []
        if clock.breached:
            self._first(name, clock, "warned")
            return ["breached"] if self._first(name, clock, "breached") else []
        warned = clock.warn_at is not None and clock.warn_at <= self.now
        return ["warned"] if warned and self._first(name, clock, "warned") else []

    def _first(self, name: str, clock: Clock, what: str) -> bool:
        """Whether nobody did this. Whoever asks does it: from here on the row is theirs."""
        since = clock.since or self.ticket.created_at
        wanted = select(ClockAct.id).where(
            ClockAct.ticket_id == self.ticket.id,
            ClockAct.clock == name,
            ClockAct.act == what,
            ClockAct.since == since,
        )
        if self.session.exec(wanted).first() is not None:
            return False
        self.session.add(ClockAct(ticket_id=self.ticket.id, clock=name, act=what, since=since, at=self.now))
        self.session.flush()
        return True

    def _tell(self, name: str, clock: Clock, what: str) -> None:
        actions = self.policy.on_warning if what == "warned" else self.policy.on_breach
        due = clock.due_at.isoformat() if clock.due_at else None
        self._line(what, clock=name, due=due, policy=self.policy.name, notify="notify" in actions)
        for action in actions:
            self._act(action)

    def _act(self, action: Action) -> None:
        match action:
            case "raise_priority":
                self._raise()
            case "reassign":
                self._give_back()
            case "call_back":
                self._line("call_back_offered")
                if self.hooks.offer:
                    self.hooks.offer(self.session, self.ticket, self.now)
            case "notify":
                # The line that says what happened is told in staff rooms.
                return

    def _raise(self) -> None:
        before = self.ticket.priority
        self.ticket.priority = RANK[min(RANK.index(before) + 1, len(RANK) - 1)]
        if self.ticket.priority != before:
            self._line("changed", what="priority", **{"from": before, "to": self.ticket.priority})

    def _give_back(self) -> None:
        """To the queue, without a word to the user: who answers next is told when somebody does.

        A conversation that another open ticket is about stays with whoever has that one.
        """
        agent, self.ticket.assignee = self.ticket.assignee, None
        if agent is None:
            return
        self.ticket.state = TicketState.OPEN if self.ticket.first_response_at else TicketState.NEW
        self.ticket.waiting_since = self.ticket.waiting_since or self.now
        for conversation in self.found:
            give_to(self.session, conversation, Owner.QUEUE)
        self._line("returned", agent=agent, reason="breached", told=False)

    def _renewed(self, name: str, clock: Clock) -> bool:
        """The user is told a new time, once in each wait, where they wait in the queue; whether they were.

        Tickets from before promises were kept in mind are left alone.
        """
        waits = self.ticket.assignee is None and self.found and self.found[-1].owner is Owner.QUEUE
        until = self.policy.calendar.add(self.now, clock.target or self.policy.first_response)
        if not waits or until is None or not self.ticket.first_promised_at or not self._first(name, clock, "renewed"):
            return False
        before, self.ticket.promised_at = self.ticket.promised_at, max(until, self.ticket.promised_at)
        conversation = self.found[-1]
        told = self.hooks.renewed(conversation.language, self.ticket.promised_at, self.policy.calendar, self.now)
        say(self.session, conversation, Author.SYSTEM, "", told, self.now)
        self._line("promise_renewed", **{"from": before.isoformat(), "to": self.ticket.promised_at.isoformat()})
        return True

    def _line(self, kind: str, **detail: object) -> None:
        add_event(self.session, self.ticket, FRONTDESK, kind, self.now, **detail)
