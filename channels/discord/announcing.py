"""What everybody in a channel reads: posted and passed on, changed, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord.http import handle_message_parameters

from channels.discord.failures import failure, told
from channels.discord.rest import Http, Line
from channels.discord.sending import Sending
from channels.discord.settings import DiscordSettings
from channels.errors import Never
from channels.words import Board, Outbound, Place, Sent

#: Characters of a message, with a picture or without.
LONGEST_CAPTION = 2_000
#: Kinds of channel: of text, and one whose messages go to the servers that follow it.
TEXT, NEWS = 0, 5
#: Errors of Discord's own: the message is gone; it has been passed on already.
GONE, PASSED_ON = 10008, 40033
#: Errors of Discord's own that are about what the bot may do, and where.
RIGHTS = ("50001", "50013", "10003")
RIGHT = "give the bot View Channel, Send Messages and Attach Files there, or correct announce"

Json = Mapping[str, Any]


class Announcing:
    """Announces over `line`."""

    def __init__(self, settings: DiscordSettings, line: Line, sending: Sending) -> None:
        self._settings, self._line, self._sending = settings, line, sending

    def boards(self) -> Sequence[Board]:
        """Those of the settings."""
        return [
            Board(place=_place(one.place), language=one.language, caption=LONGEST_CAPTION)
            for one in self._settings.announce
        ]

    def is_board(self, place: Place) -> bool:
        """Whether announcements go there; nobody is answered at such a place."""
        return place.handle == place.thread

    async def announce(self, outbound: Outbound) -> Sent:
        """Raises `TryAgain`, `Never` or `MayHaveArrived`."""
        try:
            sent = await self._sending.send(outbound)
        except Never as error:
            raise _remedied(error) from error
        return await self.passed_on(outbound.place, sent)

    async def passed_on(self, place: Place, sent: Sent) -> Sent:
        """With a note where the followers of an announcement channel do not get it; it stands there all the same."""
        try:
            async with asyncio.timeout(10), self._line as http:
                if (await http.get_channel(place.thread)).get("type") == NEWS:
                    await http.publish_message(place.thread, sent.platform_id)
        except discord.HTTPException as error:
            return sent if error.code == PASSED_ON else _unpassed(sent, error)
        except Exception as error:  # noqa: BLE001 - it is posted, whatever goes wrong afterwards
            return _unpassed(sent, error)
        return sent

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        """Raises as `announce` does."""
        params = handle_message_parameters(
            content=outbound.text or None, allowed_mentions=discord.AllowedMentions.none()
        )
        with told():
            async with self._line as http:
                with params:
                    await http.edit_message(outbound.place.thread, platform_id, params=params)

    async def withdraw(self, place: Place, platform_id: str) -> None:
        """Raises as `announce` does."""
        with told():
            async with self._line as http:
                try:
                    await http.delete_message(place.thread, platform_id)
                except discord.NotFound as error:
                    if error.code != GONE:
                        raise

    async def wrong(self, http: Http) -> list[str]:
        """Each place where the bot may not post, with the permission to give."""
        found = [(one.place, await _missing(http, one.place, self._line.account)) for one in self._settings.announce]
        return [f"announce: {place}: {reason}" for place, reason in found if reason]


def _place(channel: str) -> Place:
    # The channel is the person too: it is the room that is spoken to, and `thread` is where a message goes.
    return Place(account="", handle=channel, thread=channel, public=True)


def _unpassed(sent: Sent, error: Exception) -> Sent:
    return replace(sent, note=f"not passed on to those who follow the channel: {failure(error)}")


def _remedied(error: Never) -> Never:
    return Never(f"{error}; {RIGHT}" if any(code in str(error) for code in RIGHTS) else str(error))


async def _missing(http: Http, channel: str, me: str) -> str:
    """What the bot lacks in a channel; "" where that is nothing."""
    try:
        found: Json = await http.get_channel(channel)
        if found.get("type") not in (TEXT, NEWS):
            return "is no text channel and no announcement channel; correct announce"
        guild = found["guild_id"]
        rights = _permissions(await http.get_guild(guild), await http.get_member(guild, me), found, me)
    except discord.HTTPException as error:
        return f"{failure(error)}; {RIGHT}"
    wanted = {
        "View Channel": rights.view_channel,
        "Send Messages": rights.send_messages,
        "Attach Files": rights.attach_files,
        "Read Message History": rights.read_message_history,
    }
    lacking = [name for name, given in wanted.items() if not given]
    return f"the bot lacks {', '.join(lacking)}: give it that in the channel's permissions" if lacking else ""


def _permissions(guild: Json, member: Json, channel: Json, me: str) -> discord.Permissions:
    """As Discord computes them: roles, then the channel's overwrites for everyone, for roles, for the member."""
    everyone = str(guild["id"])
    mine = {everyone, *map(str, member["roles"])}
    rights = discord.Permissions(0)
    for role in guild["roles"]:
        if str(role["id"]) in mine:
            rights |= discord.Permissions(int(role["permissions"]))
    if str(guild["owner_id"]) == me or rights.administrator:
        return discord.Permissions.all()
    overwrites = {str(one["id"]): one for one in channel.get("permission_overwrites") or ()}
    _overwrite(rights, [everyone], overwrites)
    _overwrite(rights, sorted(mine - {everyone}), overwrites)
    _overwrite(rights, [me], overwrites)
    return rights


def _overwrite(rights: discord.Permissions, ids: Sequence[str], overwrites: Mapping[str, Json]) -> None:
    allow = deny = 0
    for id_ in ids:
        if id_ in overwrites:
            allow |= int(overwrites[id_]["allow"])
            deny |= int(overwrites[id_]["deny"])
    rights.value = (rights.value & ~deny) | allow
