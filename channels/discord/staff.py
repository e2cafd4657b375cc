"""A channel where staff answer tickets: each ticket is a thread in it, and nothing said there is a customer's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord

from channels.discord.failures import failure, told
from channels.discord.rest import Http, Line
from channels.discord.settings import DiscordStaff
from channels.staff import StaffRoom
from channels.words import Inbound, Place, StaffMessage

#: Characters of a thread's name.
LONGEST_TITLE = 100
#: Minutes without a message after which Discord folds a thread away; its longest.
FOLDED_AFTER: Final = 10080
PUBLIC_THREAD: Final = 11
#: Types of channels where threads can be begun without a message: text, and announcements.
TEXT = (0, 5)
ARRIVED = "✅"
#: What the bot must be allowed to do there, as Discord's settings call it.
RIGHTS = {
    "view_channel": "View Channel",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
    "manage_threads": "Manage Threads",
    "read_message_history": "Read Message History",
    "attach_files": "Attach Files",
    "add_reactions": "Add Reactions",
}


class Threads(StaffRoom):
    """The threads in the channel of `settings`."""

    def __init__(self, settings: DiscordStaff, line: Line) -> None:
        super().__init__(settings)
        self.channel = str(settings.channel)
        self._line = line

    def place(self, thread: str) -> Place:
        return Place(account=self._line.account, handle=self.channel, thread=thread, public=True)

    async def open(self, title: str) -> str:
        with told():
            async with self._line as http:
                made = await http.start_thread_without_message(
                    int(self.channel),
                    name=title[:LONGEST_TITLE],
                    auto_archive_duration=FOLDED_AFTER,
                    type=PUBLIC_THREAD,
                )
                return str(made["id"])

    async def close(self, thread: str) -> None:
        await self._fold(thread, folded=True)

    async def reopen(self, thread: str) -> None:
        await self._fold(thread, folded=False)

    async def mark(self, thread: str, raw: Mapping[str, object]) -> None:
        with told():
            async with self._line as http:
                await http.add_reaction(int(thread), int(str(raw["id"])), ARRIVED)

    async def _fold(self, thread: str, *, folded: bool) -> None:
        with told():
            async with self._line as http:
                await http.edit_channel(int(thread), archived=folded, locked=folded)


def of_staff(said: Inbound, left: Sequence[str]) -> StaffMessage:
    """What a person wrote in a thread of the room."""
    return StaffMessage(
        event_id=said.event_id,
        thread=said.place.thread,
        person=said.place.handle,
        text=said.text,
        attachments=said.attachments,
        left=left,
        edit_of=said.edit_of,
        # With its words, so that it is known to be a message; they are of no use here.
        raw={"id": said.edit_of or said.event_id, "content": ""},
    )


async def missing(http: Http, channel: str, account: str) -> list[str]:
    """What the bot may not do in the channel, each with what to change."""
    try:
        found = await http.get_channel(channel)
        guild = str(found.get("guild_id"))
        member = await http.get_member(guild, account)
        roles = await http.get_roles(guild)
    except (discord.Forbidden, discord.NotFound) as error:
        return [f"staff.channel: the bot cannot see it; let it in, with {', '.join(RIGHTS.values())}: {failure(error)}"]
    if found.get("type") not in TEXT:
        return ["staff.channel: threads are begun in text channels only; name one"]
    allowed = _allowed(found, member, roles, account)
    return [
        f"staff.channel: give the bot the permission {name!r} in that channel"
        for right, name in RIGHTS.items()
        if not getattr(allowed, right)
    ]


def _allowed(
    channel: Mapping[str, Any], member: Mapping[str, Any], roles: Sequence[Mapping[str, Any]], account: str
) -> discord.Permissions:
    """As Discord reckons it: roles first, then what the channel says of everybody, of roles, and of the member."""
    guild, own = str(channel.get("guild_id")), {str(role) for role in member.get("roles", ())}
    mine = [role for role in roles if str(role["id"]) in {guild, *own}]
    allowed = discord.Permissions(0)
    for role in mine:
        allowed.value |= int(role["permissions"])
    if allowed.administrator:
        return discord.Permissions.all()
    said = {str(each["id"]): each for each in channel.get("permission_overwrites", ())}
    for group in ([guild], sorted(own), [account]):
        told = [said[id_] for id_ in group if id_ in said]
        for each in told:
            allowed.value &= ~int(each["deny"])
        for each in told:
            allowed.value |= int(each["allow"])
    return allowed
