"""Posts in forums: the tag that says that one is solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord
import structlog

from channels.discord.failures import failure, told
from channels.discord.rest import Http, Line
from channels.discord.rooms import FORUMS, THREADS, listed
from channels.words import Place

log = structlog.get_logger()

#: Tags Discord allows on a post, and guilds whose forums are looked at.
MOST_TAGS, MOST_GUILDS = 5, 100


class Forum:
    """Tags with the tag called `tag`; "" for never."""

    def __init__(self, line: Line, tag: str) -> None:
        self._line, self._tag = line, tag

    async def settled(self, place: Place, *, solved: bool) -> None:
        """Tags the post of who began it. Raises `TryAgain` or `Never`."""
        if not self._tag or not place.thread:
            return
        # Tagging twice changes nothing, so that whatever got lost is done again.
        with told(before=True):
            async with self._line as http:
                post = await http.get_channel(place.thread)
                if post.get("type") in THREADS and str(post.get("owner_id")) == place.handle:
                    await self._tagged(http, post, await http.get_channel(str(post.get("parent_id"))), solved=solved)

    async def _tagged(self, http: Http, post: Mapping[str, Any], forum: Mapping[str, Any], *, solved: bool) -> None:
        if forum.get("type") not in FORUMS:
            return
        tag = self._id(forum)
        if tag is None:
            log.warning("discord_no_solved_tag", forum=str(forum.get("id")), tag=self._tag)
            return
        there = [str(each) for each in post.get("applied_tags") or ()]
        others = [each for each in there if each != tag]
        wanted = [*others[: MOST_TAGS - 1], tag] if solved else others
        if set(wanted) != set(there):
            # In an archived post nothing can be changed but that it is one.
            await http.edit_channel(int(post["id"]), applied_tags=wanted, archived=False)

    async def missing(self, http: Http) -> Sequence[str]:
        """What the forums of the bot's guilds lack, for the operator."""
        if not self._tag:
            return ()
        said: list[str] = []
        for guild in await http.get_guilds(MOST_GUILDS):
            try:
                channels = await http.get_all_guild_channels(int(guild["id"]))
            except discord.HTTPException as error:
                said.append(f"solved_tag: the channels of {guild['name']} cannot be read: {failure(error)}")
                continue
            said += self._lacking(guild, [each for each in channels if each.get("type") in FORUMS])
        return said

    def _lacking(self, guild: Mapping[str, Any], forums: Sequence[Mapping[str, Any]]) -> list[str]:
        off = 'or set solved_tag to "" to tag no posts'
        said = [
            f"solved_tag: the forum {forum.get('name')!r} of {guild['name']!r} has no tag {self._tag!r}; make it, {off}"
            for forum in forums
            if self._id(forum) is None
        ]
        may = discord.Permissions(int(guild.get("permissions") or 0))
        if forums and not (may.manage_threads or may.administrator):
            said.append(f"Manage Threads: give it to the bot in {guild['name']!r}, so that it can tag posts, {off}")
        return said

    def _id(self, forum: Mapping[str, Any]) -> str | None:
        named = (each for each in listed(forum, "available_tags") if _same(each.get("name"), self._tag))
        return next((str(each.get("id")) for each in named), None)


def _same(one: object, other: str) -> bool:
    return str(one).strip().casefold() == other.strip().casefold()
