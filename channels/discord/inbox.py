"""What was said on the gateway, handed to the core: in order within each channel, and no channel waits for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import aiohttp
import discord
import structlog

from channels.base import Host
from channels.discord.cursor import Positions
from channels.discord.files import Files
from channels.discord.interactions import Interactions, is_private
from channels.discord.parse import addressed, files, parse, snowflake, taken_back
from channels.discord.rest import Broken, Line, Paused
from channels.discord.rooms import Room, Rooms
from channels.discord.staff import of_staff
from channels.errors import NotStored, Unacceptable
from channels.words import Inbound

log = structlog.get_logger()

#: Events that wait in one channel; of more, what is missing is read again from its history.
MOST_WAITING = 1_000
#: Histories read at the same time.
READERS = 8
#: Messages Discord gives at once, and pages read of one gap.
PAGE, PAGES = 100, 20
#: Seconds between two tries, doubled up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: Tries of an event that meets a fault of ours, over a minute: it must not hold up for ever what came after it.
TRIES = 8
#: Not an event of Discord's: what was missed in the channel is to be read.
GAP = "GAP"

Said = TypeVar("Said")
Job = tuple[str, Mapping[str, Any]]
Found = TypeVar("Found")


class Inbox:
    """Lives as long as the channel runs."""

    def __init__(
        self,
        host: Host,
        line: Line,
        rooms: Rooms,
        fetcher: Files,
        interactions: Interactions,
        positions: Positions,
        staff: str = "",
    ) -> None:
        #: The channel where staff answer; "" without one.
        self._staff = staff
        self._host, self._line, self._rooms, self._files = host, line, rooms, fetcher
        self._interactions = interactions
        self._positions = positions
        self._waiting: dict[str, deque[Job]] = {}
        self._readers = asyncio.Semaphore(READERS)
        self._news = asyncio.Event()
        self._group = asyncio.TaskGroup()

    async def run(self, listen: Callable[[], Any]) -> None:
        """Until cancelled; then the cursor is kept once more."""
        try:
            async with self._group:
                self._group.create_task(self._keep())
                await listen()
        finally:
            await self._save()

    def put(self, channel: str, event: str, payload: Mapping[str, Any]) -> None:
        """To be handed over, after what waits in this channel already."""
        waiting = self._waiting.get(channel)
        if waiting is None:
            self._waiting[channel] = deque([(event, payload)])
            self._group.create_task(self._work(channel))
            return
        if len(waiting) >= MOST_WAITING:
            waiting.clear()
            event, payload = GAP, {}
        waiting.append((event, payload))

    @property
    def newest(self) -> int:
        """The newest message that was read."""
        return self._positions.newest

    def missed(self) -> None:
        """Something may have been said that no event told of."""
        for channel in self._positions.channels():
            self.put(channel, GAP, {})

    async def _work(self, channel: str) -> None:
        waiting = self._waiting[channel]
        while waiting:
            await self._surely(channel, *waiting.popleft())
        del self._waiting[channel]

    async def _surely(self, channel: str, event: str, payload: Mapping[str, Any]) -> None:
        """Returns once the event is handled, or was tried often enough; what waits behind it waits so long."""
        # Of an interaction the person is told within seconds that it failed.
        tries = 1 if event == "INTERACTION_CREATE" else TRIES
        pause = FIRST_PAUSE
        for left in reversed(range(tries)):
            try:
                await self._handle(channel, event, payload)
                return
            except Exception as error:
                # The edge of the platform: nobody foresaw it, and what came after it must be heard all the same.
                reason = f"{event} {'is tried again' if left else 'was passed over'}: {type(error).__name__}"
                self._host.trouble(self._line.account, reason)
                log.exception("discord_event_fault", channel_event=event, tries_left=left, reason=type(error).__name__)
            if left:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _handle(self, channel: str, event: str, payload: Mapping[str, Any]) -> None:
        match event:
            case "GAP":
                await self._read_gap(channel, int(payload.get("after", 0)))
            case "MESSAGE_CREATE":
                await self._message(channel, payload)
            case "MESSAGE_UPDATE":
                await self._edit(channel, payload)
            case "MESSAGE_DELETE":
                await self._deliver(taken_back(str(payload.get("id")), self._line.account))
            case "INTERACTION_CREATE":
                await self._interaction(channel, payload)

    async def _message(self, channel: str, payload: Mapping[str, Any]) -> None:
        room = await self._room(channel, payload)
        inbound = parse("MESSAGE_CREATE", payload, self._line.account, room) if room else None
        if room and self._is_staff(room):
            await self._of_staff(room, payload, inbound)
        elif room and inbound and addressed(payload, self._line.account, room):
            await self._know(channel, snowflake(inbound.event_id))
            await self._deliver(await self._files.with_files(inbound, files(payload)))
            self._positions.read(channel, snowflake(inbound.event_id))
            self._news.set()
        elif channel in self._positions:
            self._positions.read(channel, snowflake(payload.get("id")))

    async def _edit(self, channel: str, payload: Mapping[str, Any]) -> None:
        room = await self._room(channel, payload)
        inbound = parse("MESSAGE_UPDATE", payload, self._line.account, room) if room else None
        if room and inbound and self._is_staff(room):
            await self._kept(self._host.staff_said, of_staff(inbound, ()))
        elif room and inbound and (addressed(payload, self._line.account, room) or await self._is_known(inbound)):
            await self._deliver(inbound)

    async def _is_known(self, inbound: Inbound) -> bool:
        """Whether an edit, which need not name us any more, is of a message that did."""
        talk = await self._stored(partial(self._host.transcript, inbound.place))
        return any(said.event_id == inbound.edit_of for said in talk.messages)

    def _is_staff(self, room: Room) -> bool:
        return bool(self._staff) and self._staff in (room.id, room.parent)

    async def _of_staff(self, room: Room, payload: Mapping[str, Any], said: Inbound | None) -> None:
        """In a thread; each is read on after a stop from our own first message there."""
        if not room.parent:
            return
        number = snowflake(payload.get("id"))
        await self._know(room.id, number)
        if said:
            here, left = await self._files.fetched(files(payload))
            await self._kept(self._host.staff_said, of_staff(replace(said, attachments=here), left))
        self._positions.read(room.id, number)
        self._news.set()

    async def _interaction(self, channel: str, payload: Mapping[str, Any]) -> None:
        where = await self._room(channel, payload) if self._staff else None
        if where and self._is_staff(where):
            return
        private = is_private(payload)
        room = Room(channel, public=False) if private else await self._room(channel, payload)
        if room:
            await self._interactions.take(self._host, payload, self._line.account, room)

    async def _room(self, channel: str, payload: Mapping[str, Any]) -> Room | None:
        """None where there is none any more."""
        author = payload.get("author") or payload.get("user")
        if "guild_id" not in payload and isinstance(author, dict) and author.get("id") != self._line.account:
            return self._rooms.opened(str(author.get("id")), channel)
        room: Room | None = await self._asked(lambda http: self._rooms.room(http, channel))
        return room

    async def _read_gap(self, channel: str, begin: int) -> None:
        after = max(self._positions.last(channel), begin)
        for _ in range(PAGES):
            async with self._readers:
                page = await self._asked(lambda http, after=after: http.logs_from(channel, PAGE, after=after))
            if page is None:
                self._positions.forget(channel)
                return
            told = {} if (await self._is_direct(channel, page)) else {"guild_id": ""}
            for payload in sorted(page, key=lambda each: snowflake(each.get("id"))):
                await self._message(channel, {**payload, **told})
                after = max(after, snowflake(payload.get("id")))
            if len(page) < PAGE:
                return
        log.warning("discord_gap_too_long", discord_channel=channel, pages=PAGES)

    async def _is_direct(self, channel: str, page: list[Mapping[str, Any]]) -> bool:
        """A message read from a history does not say where it was written."""
        room = await self._room(channel, {"guild_id": ""}) if page else None
        return room is not None and not room.public

    async def _asked(self, ask: Callable[..., Any]) -> Any:
        """The answer, however long it takes; None where there is nothing, or nothing for us."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with self._line as http:
                    return await ask(http)
            except Paused as error:
                await asyncio.sleep(error.after)
            except (discord.Forbidden, discord.NotFound):
                return None
            except (discord.HTTPException, Broken, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("discord_unread", reason=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _deliver(self, inbound: Inbound) -> None:
        await self._kept(self._host.deliver, inbound)

    async def _kept(self, hand_over: Callable[[Said], Awaitable[object]], said: Said) -> None:
        """Once it is stored, or never will be."""
        try:
            await self._stored(partial(hand_over, said))
        except Unacceptable as error:
            log.info("discord_not_taken", code=error.code)

    async def _stored(self, work: Callable[[], Awaitable[Found]]) -> Found:
        """Its result, however long the database takes."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await work()
            except NotStored:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _know(self, channel: str, message: int) -> None:
        """A new channel is written down first: after a crash nobody could tell that there is something to read."""
        if channel not in self._positions:
            self._positions.read(channel, message - 1)
            await self._save()

    async def _keep(self) -> None:
        """The cursor costs more than a message; one that is a second old only means reading a little twice."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self._save()
            await asyncio.sleep(1)

    async def _save(self) -> None:
        try:
            await self._host.keep_cursor(self._line.account, str(self._positions))
        except NotStored as error:
            log.warning("discord_cursor_not_kept", reason=str(error))
            self._news.set()
