"""Discord as a channel."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import discord
import structlog

from channels.base import Channel, Host
from channels.discord.announcing import Announcing
from channels.discord.commands import announced
from channels.discord.cursor import Positions
from channels.discord.failures import failure
from channels.discord.files import Files
from channels.discord.forum import Forum
from channels.discord.gateway import Gateway, may_read
from channels.discord.inbox import GAP, Inbox
from channels.discord.interactions import Interactions
from channels.discord.parse import snowflake
from channels.discord.rest import Line
from channels.discord.rooms import Rooms
from channels.discord.sending import Sending
from channels.discord.settings import DiscordSettings
from channels.discord.staff import Threads, missing
from channels.errors import ChannelError
from channels.words import Abilities, Board, Limits, Markup, Outbound, Place, Sent, Signal

log = structlog.get_logger()

#: Seconds between two tries to get a line, doubled up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 120.0
#: A line that held for so many seconds was a good one.
GOOD_LINE = 60.0


class Discord(Channel):
    """One bot. A person's direct chat is one conversation, and so is what they say in each channel and thread."""

    Settings = DiscordSettings
    limits = Limits(
        text=2_000, markup=Markup.MARKDOWN, choices=25, files=True, file_bytes=10 * 1024 * 1024, answers_raw=True
    )
    abilities = Abilities(public=True, threads=True, edits=True, deletes=True, catches_up=True, staff=True)

    def __init__(self, name: str, settings: DiscordSettings) -> None:
        super().__init__(name, settings)
        self._settings = settings
        self._line = Line(settings)
        self._rooms = Rooms()
        self._threads = Threads(settings.staff, self._line) if settings.staff else None
        self.staff = self._threads
        self._interactions = Interactions(self._line)
        #: The newest message read before the line stood that is heard now.
        self._before = 0
        self._forum = Forum(self._line, settings.solved_tag)
        self._sending = Sending(name, self._line, self._rooms, self._interactions)
        self._announcing = Announcing(settings, self._line, self._sending)

    async def run(self, host: Host) -> None:
        pause = FIRST_PAUSE
        while True:
            begun = time.monotonic()
            try:
                async with self._line:
                    await self._read(host)
            except Exception as error:  # noqa: BLE001 - whatever ends it, it begins again, and says so
                host.trouble(self._line.account or _account(self._settings), _reason(error))
            pause = FIRST_PAUSE if time.monotonic() - begun > GOOD_LINE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def send(self, outbound: Outbound) -> Sent:
        return await self._sending.send(outbound)

    async def find(self, outbound: Outbound) -> Sent | None:
        found = await self._sending.find(outbound)
        if found and self._announcing.is_board(outbound.place):
            return await self._announcing.passed_on(outbound.place, found)
        return found

    def boards(self) -> Sequence[Board]:
        return self._announcing.boards()

    async def announce(self, outbound: Outbound) -> Sent:
        return await self._announcing.announce(outbound)

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        await self._announcing.correct(outbound, platform_id)

    async def withdraw(self, place: Place, platform_id: str) -> None:
        await self._announcing.withdraw(place, platform_id)

    async def signal(self, place: Place, signal: Signal) -> None:
        if signal is not Signal.TYPING:
            return
        try:
            await self._sending.typing(place)
        except ChannelError as error:
            log.debug("discord_typing_not_shown", reason=str(error))

    async def settled(self, place: Place, *, solved: bool) -> None:
        await self._forum.settled(place, solved=solved)

    async def connect(self) -> Sequence[str]:
        try:
            async with asyncio.timeout(30), self._line as http:
                application = await http.application_info()
                forums = await self._forum.missing(http)
                rights = await missing(http, self._staffed(), self._line.account) if self._threads else []
                unposted = await self._announcing.wrong(http)
        except discord.LoginFailure:
            return ["token: Discord refuses it; copy the bot's from the developer portal, under Bot"]
        except Exception as error:  # noqa: BLE001 - an unreachable platform is one of the things that are wrong
            return [f"api_url: no login at {self._settings.api_url}: {failure(error)}"]
        return [*_missing(application), *forums, *unposted, *rights]

    async def _read(self, host: Host) -> None:
        positions = Positions(await host.cursor(self._line.account), self._settings.remembered)
        files = Files(self._settings, self.limits)
        try:
            inbox = Inbox(host, self._line, self._rooms, files, self._interactions, positions, self._staffed())
            await inbox.run(partial(self._listen, host, inbox))
        finally:
            await files.close()

    def _staffed(self) -> str:
        return self._threads.channel if self._threads else ""

    async def _listen(self, host: Host, inbox: Inbox) -> None:
        """Line after line; what an earlier line brought stays in the inbox."""
        if self._settings.commands:
            await announced(self._line)
        hear = partial(self._hear, host, inbox)
        pause = FIRST_PAUSE
        while True:
            begun = time.monotonic()
            try:
                async with Gateway(self._settings, hear) as gateway:
                    await gateway.start(self._settings.token.get_secret_value(), reconnect=False)
                host.trouble(self._line.account, "the gateway ended the line")
            except Exception as error:  # noqa: BLE001 - whatever ends a line, there is another one, and we say so
                host.trouble(self._line.account, _reason(error))
            pause = FIRST_PAUSE if time.monotonic() - begun > GOOD_LINE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def _hear(self, host: Host, inbox: Inbox, event: str, payload: Mapping[str, Any]) -> None:
        match event:
            case "READY" | "RESUMED":
                host.listening(self._line.account)
                if event == "READY":
                    self._before = inbox.newest
                    inbox.missed()
            case "MESSAGE_DELETE_BULK":
                for message in _list(payload.get("ids")):
                    inbox.put(str(payload.get("channel_id")), "MESSAGE_DELETE", {**payload, "id": message})
            case "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE" | "INTERACTION_CREATE":
                self._sending.saw(payload)
                inbox.put(str(payload.get("channel_id")), event, payload)
            case _:
                self._rooms.learn(event, payload)
                self._find_posts(inbox, payload)

    def _find_posts(self, inbox: Inbox, guild: Mapping[str, Any]) -> None:
        """Posts in forums that were begun while nobody listened, and all that staff may have written."""
        for thread in _list(guild.get("threads")):
            if self._threads and isinstance(thread, dict) and str(thread.get("parent_id")) == self._threads.channel:
                inbox.put(str(thread.get("id")), GAP, {"after": snowflake(thread.get("id")) - 1})
            elif self._before and isinstance(thread, dict) and self._rooms.is_post(thread):
                begun = snowflake(thread.get("id"))
                if begun > self._before:
                    inbox.put(str(begun), GAP, {"after": begun - 1})


def _missing(application: Mapping[str, Any]) -> Iterator[str]:
    flags = discord.ApplicationFlags._from_value(int(application.get("flags") or 0))  # noqa: SLF001 - none is public
    if not may_read(flags):
        yield (
            "Message Content Intent: switch it on in the developer portal, under Bot; "
            "without it only direct messages and those that mention the bot can be read"
        )
    if application.get("interactions_endpoint_url"):
        yield (
            "Interactions Endpoint URL: remove it in the developer portal, under General Information; "
            "with it buttons and commands do not reach us"
        )


def _reason(error: Exception) -> str:
    if isinstance(error, discord.LoginFailure):
        return "Discord refuses the token: see the setting `token`"
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return "Discord refuses the intents: switch on the Message Content Intent in the developer portal, under Bot"
    return failure(error)


def _account(settings: DiscordSettings) -> str:
    """The bot's user id is the first part of its token; "" where it is not."""
    part = settings.token.get_secret_value().partition(".")[0]
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return found if snowflake(found) else ""


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
