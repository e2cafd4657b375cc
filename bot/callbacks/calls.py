"""Calls as agents see them, and what happens to those that nobody makes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal

import structlog

from bot.answers import Answers
from bot.callbacks.booking import Booking
from bot.callbacks.talk import CALL, REASON
from bot.conversation import now
from bot.errors import Refused
from bot.host import clean_text
from bot.loops import every
from bot.store import call_backs, call_outcomes
from bot.store.call_backs import AHEAD, Listed, Said, Telling
from bot.store.call_tables import CallBack, CallState
from bot.store.database import Database, Session
from bot.store.tables import Ticket
from channels.words import Choice

log = structlog.get_logger()

#: Seconds between two looks for calls that nobody made.
LOOK = 10.0

#: Characters of a note.
LONGEST_NOTE = 2_000

Outcome = Literal["reached", "missed", "wrong_number", "cancelled"]


class Calls:
    """Calls by their id. Methods raise `NotFound`, `Refused` or `StorageDown`."""

    def __init__(self, database: Database, answers: Answers, booking: Booking) -> None:
        self._database = database
        self._answers = answers
        self._booking = booking
        #: After so long a call that was never ended can be begun by another.
        self.longest = timedelta(minutes=booking.section.longest_call_minutes)

    async def list(self, states: Collection[CallState] = AHEAD, limit: int = 100) -> Sequence[Listed]:
        """Calls in `states`, soonest first."""
        return await self._database.run(call_backs.listed, states, limit)

    async def recent(self, states: Collection[CallState], limit: int) -> Sequence[Listed]:
        """Calls in `states`, the latest first."""
        return await self._database.run(call_backs.latest, states, limit)

    async def due(self, at: datetime) -> Sequence[Listed]:
        """Calls that should be made at `at`, or are under way."""
        return await self._database.run(call_backs.listed, AHEAD, 1000, at)

    async def mine(self, agent: str) -> Sequence[Listed]:
        """Calls that `agent` has begun."""
        begun = await self.list((CallState.CALLING,), 1000)
        return [listed for listed in begun if listed.call.agent == agent]

    async def show(self, call_id: int) -> Listed:
        """A call with its ticket."""
        return await self._database.run(call_backs.show, call_id)

    async def start(self, call_id: int, agent: str) -> Listed:
        """`agent` calls now; of two who start at once the second is refused by the name of the first."""
        found = await self._database.run(call_outcomes.start, call_id, agent, self.longest, now())
        log.info("call_started", call=call_id, ticket=found.ticket.number, agent=agent)
        return found

    async def outcome(self, call_id: int, agent: str, outcome: Outcome, note: str = "") -> Listed:
        """What became of the call `agent` began; one that was not begun can only be cancelled.

        Missed, it is tried again in open hours until the tries are used up; then, and where the number is wrong or the
        call is cancelled, the user is told, and the ticket goes on in writing.
        """
        said = clean_text(note).strip()
        if len(said) > LONGEST_NOTE:
            raise Refused(f"the note has {len(said)} characters; {LONGEST_NOTE} is the limit")
        found = await self._ended(call_id, agent, outcome, said)
        log.info("call_ended", call=call_id, ticket=found.ticket.number, agent=agent, outcome=outcome)
        return found

    async def run(self) -> None:
        """Until cancelled: tells of calls that nobody made, and lets those go whose ticket is over."""
        await every(LOOK, self._look, "looking for missed calls")

    async def _look(self) -> None:
        if settled := await self.sweep(now()):
            log.info("calls_settled", count=settled)

    async def sweep(self, at: datetime) -> int:
        """One look; how many calls something happened to."""
        slot = self._booking.section.slot
        found = await self._database.run(call_outcomes.astray, slot, at)
        offers = {call.id: await self._booking.offer(call.number, call.language, at) for call in found}

        def overdue(call: CallBack, language: str | None) -> Said:
            choices = offers[call.id].choices
            return self._sentence("call_overdue" if choices else "call_overdue_full", language), choices

        gone = self._telling("call_cancelled")
        settled = [await self._database.run(call_outcomes.settle, id_, slot, overdue, gone, at) for id_ in offers]
        return sum(settled)

    def offer(self, session: Session, ticket: Ticket, at: datetime) -> bool:
        """Offers the ticket's user a call, whoever they are: for a policy that breaks its promise. Whether it did.

        Only where the ticket waits in the queue and in private, once, and not to whom a call is promised already. Locks
        the ticket's conversations: a caller that changes the ticket as well has locked them before. The caller's is the
        line of the timeline.
        """

        def telling(language: str | None) -> Said:
            button = Choice(title=self._sentence("button_call", language), payload=CALL)
            return self._sentence("call_offer", language), (button,)

        return call_backs.offer(session, ticket, {"reason": REASON}, telling, at)

    async def _ended(self, call_id: int, agent: str, outcome: Outcome, note: str) -> Listed:
        run, at = self._database.run, now()
        if outcome == "reached":
            return await run(call_outcomes.reached, call_id, agent, note, at)
        if outcome == "missed":
            section, retry = self._booking.section, self._booking.retry_at(at)
            telling = self._telling("call_not_reached")
            return await run(call_outcomes.missed, call_id, agent, note, section.attempts, retry, telling, at)
        telling = self._telling("call_wrong_number" if outcome == "wrong_number" else "call_cancelled")
        return await run(call_outcomes.cancel, call_id, agent, outcome, note, telling, at)

    def _telling(self, name: str) -> Telling:
        def telling(call: CallBack, language: str | None) -> Said:
            return self._sentence(name, language, attempts=str(call.attempts)), ()

        return telling

    def _sentence(self, name: str, language: str | None, **values: str) -> str:
        return self._answers.sentence(name, language or self._answers.languages[0], **values)
