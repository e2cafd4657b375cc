"""What the company's own systems say of people: over REST, and once at each start for tiers that are others now."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, HTTPException
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from bot.access.scopes import Scope, needs_scope
from bot.api import PREFIX
from bot.conversation import now
from bot.errors import NotFound
from bot.store import contacts
from bot.store.contacts import Described
from bot.store.database import Database
from bot.tiers import Tiers
from channels.vouched import Value, Vouched, checked

log = structlog.get_logger()

#: Two honest clocks may differ by this much.
SKEW = timedelta(minutes=5)

#: Characters of an address.
LONGEST_HANDLE = 320


Writer = Annotated[str, Depends(needs_scope(Scope.CONTACTS_WRITE))]


class ContactIn(BaseModel):
    """What the company says: null takes an attribute away, what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    attributes: Annotated[dict[str, Any], AfterValidator(checked)]
    #: When the company came to know it; of two words on one attribute the later counts.
    at: AwareDatetime | None = None


class ContactOut(BaseModel):
    """What is kept of the person at an address. Without `known` nobody has written from there yet."""

    attributes: dict[str, Value]
    tier: str
    known: bool


def contacts_router(database: Database, tiers: Tiers, channels: Collection[str]) -> APIRouter:
    """The routes under `/api/contacts`."""
    api = APIRouter(prefix=f"{PREFIX}/contacts", tags=["contacts"])

    @api.put("/{channel}/{handle:path}")
    async def describe_contact(agent: Writer, channel: str, handle: str, body: ContactIn) -> ContactOut:
        """Keeps the company's word on a person, newest first; before they ever write, too."""
        _check(channel, handle, channels)
        at = body.at or now()
        if at > now() + SKEW:
            raise HTTPException(422, "at lies in the future")
        vouched = Vouched(body.attributes, at)
        found = await database.run(contacts.vouch, channel, handle, vouched, agent, tiers, now())
        log.info("contact_described", channel=channel, by=agent, attributes=len(body.attributes))
        return _out(found)

    @api.get("/{channel}/{handle:path}")
    async def show_contact(_: Writer, channel: str, handle: str) -> ContactOut:
        """What the company has said of the person at an address, and their tier."""
        _check(channel, handle, channels)
        return _out(await database.run(contacts.described, channel, handle))

    return api


class TierWatch:
    """Judges everybody of whom the company has said something by the tiers of this start."""

    def __init__(self, database: Database, tiers: Tiers) -> None:
        self._database = database
        self._tiers = tiers

    async def run(self) -> None:
        """Until cancelled; all are judged soon after the start, and there is nothing to do from then on."""
        await self.judge_all(now())
        await asyncio.Event().wait()

    async def judge_all(self, at: datetime) -> None:
        """Returns once everybody is judged."""
        after: int | None = 0
        while after is not None:
            after = await self._database.run_surely("judging tiers anew", contacts.judge_some, self._tiers, after, at)


def _check(channel: str, handle: str, channels: Collection[str]) -> None:
    """Raises `NotFound` for what no address is."""
    if channel not in channels:
        raise NotFound(f"there is no channel {channel!a}")
    if len(handle) > LONGEST_HANDLE or not handle.isprintable():
        raise NotFound(f"an address has at most {LONGEST_HANDLE} printable characters")


def _out(found: Described) -> ContactOut:
    return ContactOut(attributes=dict(found.attributes), tier=found.tier, known=found.known)
