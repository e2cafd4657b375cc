"""Slots offered and booked in a talk with the bot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.actions import BookCall, Decision, Escalate
from bot.callbacks import numbers, slots
from bot.callbacks.section import CallBacksSection
from bot.callbacks.talk import REASON, Booked, CallRules, Offer, Told, payload
from bot.errors import Misconfigured, NotFound, Problem, Refused
from bot.policy import RISK
from bot.settings import Settings
from bot.sla.calendar import ALWAYS, Calendar
from bot.sla.policies import calendar
from bot.store import call_backs
from bot.store.call_backs import Details, SlotFull
from bot.store.database import Database
from bot.store.tables import Ticket
from bot.store.turn import Matter, Turn
from channels.words import Choice


def calendar_of(settings: Settings) -> Calendar:
    """Whose hours calls are made in. Raises `Misconfigured` where it names no calendar."""
    section = settings.call_backs
    if section.calendar == ALWAYS.name:
        return Calendar(ALWAYS.name, ZoneInfo(section.zone), always=True)
    if section.calendar not in settings.calendars:
        known = ", ".join([ALWAYS.name, *settings.calendars])
        what = f"no calendar {section.calendar!r}"
        raise Misconfigured([Problem("config.yaml", "call_backs.calendar", what, f"name one of {known}")])
    return calendar(section.calendar, settings.calendars[section.calendar])


class Booking:
    """Which slots in `hours` are free, and the booking of one. Methods may raise `StorageDown`."""

    def __init__(self, database: Database, section: CallBacksSection, hours: Calendar) -> None:
        self._database = database
        self._calendar = hours
        self.section = section

    def rules(self, matter: Matter | None) -> CallRules:
        """For the talk with somebody who may be called. The number is asked for anew, what else is known is not."""
        facts = matter.facts if matter else {}
        known = {name: value for name, value in facts.items() if name not in {RISK, self.section.number_fact}}
        return CallRules(self.section.intent, self.section.number_fact, self.section.region, known)

    async def told(self, turn: Turn, decision: Decision, language: str, now: datetime) -> Told | None:
        """Slots for whoever gave a number, or what became of the one they chose; None where it is about no call."""
        if isinstance(decision, Escalate) and decision.reason == REASON:
            return await self.offer(decision.facts[self.section.number_fact], language, now)
        if isinstance(decision, BookCall):
            return await self._chosen(turn.conversation_id, decision.slot_at, language, now)
        return None

    async def offer(self, number: str, language: str, now: datetime) -> Offer:
        """The next slots for whoever has the number, with its country code."""
        after = now + timedelta(minutes=self.section.lead_minutes)
        until = now + timedelta(days=self.section.days_ahead)
        taken = await self._database.run(call_backs.taken, after, until)
        found = slots.free(self._calendar, after, until, self.section.slot, taken, self.section.per_slot)
        zone = self._zone(number)
        choices = [
            Choice(title=slots.written(at, zone, language), payload=payload(at))
            for at in islice(found, self.section.offered)
        ]
        return Offer(tuple(choices), slots.zone_name(zone, language), numbers.shown(number))

    async def _chosen(self, conversation_id: int, slot_at: datetime | None, language: str, now: datetime) -> Told:
        try:
            if slot_at is None:
                await self._database.run(call_backs.call_off, conversation_id, now)
                return "call_cancelled"
            return await self._book(conversation_id, slot_at, language, now)
        except NotFound:
            return "choice_expired"
        except Refused:
            return "call_under_way"

    async def _book(self, conversation_id: int, slot_at: datetime, language: str, now: datetime) -> Told:
        """Books a slot that was offered, perhaps long ago: one that has passed, or that is closed now, is taken."""
        fits = slot_at >= now and slots.fits(self._calendar, slot_at, self.section.slot)
        seats = self.section.per_slot if fits else 0
        try:
            call = await self._database.run(call_backs.book, conversation_id, slot_at, self._details, seats, now)
        except SlotFull as full:
            return replace(await self.offer(full.number, language, now), taken=True)
        zone = slots.zone_name(call.zone, language)
        return Booked(numbers.shown(call.number), slots.written(call.slot_at, call.zone, language), zone)

    def retry_at(self, now: datetime) -> datetime | None:
        """When somebody who was not reached is called again, in open hours; None where there are none any more."""
        return self._calendar.opens_at(now + timedelta(minutes=self.section.retry_minutes))

    def _details(self, ticket: Ticket) -> Details:
        section, facts = self.section, ticket.facts
        number = numbers.read(facts.get(section.number_fact, ""), section.region)
        if number is None:
            raise NotFound(f"{ticket.number} has no number to call")
        return Details(
            number=number,
            account=facts.get(section.account_fact, ""),
            problem=facts.get(section.problem_fact) or ticket.title,
            zone=self._zone(number),
        )

    def _zone(self, number: str) -> str:
        return numbers.zone_of(number) or str(self._calendar.zone)
