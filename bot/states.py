"""How each channel is, gathered from the channels themselves and written down for `frontdesk channels`."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from bot.conversation import now
from bot.errors import StorageDown
from bot.store import states
from bot.store.channel_tables import ChannelState, Hearing
from bot.store.database import Database

log = structlog.get_logger()

#: Seconds between two times they are written down, and after which what was not is no longer believed.
EVERY = 5.0
STALE = 3 * EVERY

#: Characters of an error that are kept.
LONGEST_ERROR = 500


class States:
    """In memory between two writings: a message must not wait for a state to be written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[str, str], ChannelState] = {}

    def listening(self, channel: str, account: str) -> None:
        """The platform is heard."""
        self._turn(channel, account, Hearing.LISTENING)

    def trouble(self, channel: str, account: str, reason: str) -> None:
        """The platform is not heard."""
        state = self._turn(channel, account, Hearing.TROUBLE)
        state.error, state.error_at = reason[:LONGEST_ERROR], now()
        log.warning("channel_trouble", channel=channel, account=account, reason=state.error)

    def heard(self, channel: str, account: str, sent_at: datetime | None) -> None:
        """A message was stored that left the person at `sent_at`."""
        state = self._turn(channel, account, Hearing.LISTENING)
        state.heard_at = now()
        state.lag = max((state.heard_at - sent_at).total_seconds(), 0.0) if sent_at else None

    async def run(self) -> None:
        """Writes them down until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                await self._write()
        finally:
            await self._write()

    async def _write(self) -> None:
        written = [ChannelState(**state.model_dump() | {"written_at": now()}) for state in self._known.values()]
        try:
            await self._database.run(states.keep, written)
        except StorageDown as error:
            log.error("storage_down", doing="writing down how channels are", reason=str(error))

    def _turn(self, channel: str, account: str, hearing: Hearing) -> ChannelState:
        moment = now()
        state = self._known.get((channel, account))
        if state is None:
            state = ChannelState(channel=channel, account=account, hearing=hearing, since=moment, written_at=moment)
            self._known[channel, account] = state
        elif state.hearing is not hearing:
            state.hearing, state.since = hearing, moment
        return state
