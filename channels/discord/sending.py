"""What goes out: one part as one message, and what became of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import discord
from discord.http import MultipartParameters, Route, handle_message_parameters
from discord.utils import MISSING

from channels.discord.failures import told
from channels.discord.interactions import Interactions, is_private
from channels.discord.parse import snowflake
from channels.discord.rest import Http, Line
from channels.discord.rooms import Rooms
from channels.errors import MayHaveArrived, Never, TryAgain
from channels.words import Outbound, Place, Sent

#: Characters on a button, and in what it carries.
LONGEST_LABEL, LONGEST_PAYLOAD = 80, 100
#: Messages of ours that are remembered.
MOST_SENT = 10_000
#: How far our clock may be ahead of Discord's.
SKEW = timedelta(seconds=30)
#: Pages of a history that are searched, and messages in one.
PAGES, PAGE = 5, 100
#: Seconds after a search that failed.
PAUSES = (0.2, 1.0, 3.0)


class Sending:
    """Sends, and finds what was sent."""

    def __init__(self, name: str, line: Line, rooms: Rooms, interactions: Interactions) -> None:
        self._name, self._line, self._rooms, self._interactions = name, line, rooms, interactions
        #: Nonce -> id, of messages that are surely there.
        self._sent: OrderedDict[str, str] = OrderedDict()

    def saw(self, payload: Mapping[str, Any]) -> None:
        """The gateway told of a message of ours: it is there, whether or not the answer to its sending was."""
        author, nonce, id_ = payload.get("author"), payload.get("nonce"), payload.get("id")
        if isinstance(author, dict) and author.get("id") == self._line.account and nonce and snowflake(id_):
            self._keep(str(nonce), str(id_))

    async def send(self, outbound: Outbound) -> Sent:
        """Raises `TryAgain`, `Never` or `MayHaveArrived`."""
        with told(before=True):
            async with self._line as http:
                route = await self._interactions.reply(outbound.answering)
                private = route is not None
                if route is None:
                    channel = await self._channel(http, outbound.place)
                    route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
                with self._message(outbound, private=private) as message, told():
                    sent = await _post(http, route, message)
                    id_ = str(sent["id"])
        self._keep(self._nonce(outbound), id_)
        return Sent(platform_id=id_)

    async def find(self, outbound: Outbound) -> Sent | None:
        """Raises `MayHaveArrived` where Discord cannot be asked."""
        if known := self._sent.get(self._nonce(outbound)):
            return Sent(platform_id=known)
        if is_private(outbound.answering):
            raise MayHaveArrived("what only one person sees is in no history")
        for pause in PAUSES:
            try:
                return await self._look(outbound)
            except TryAgain as error:
                await asyncio.sleep(pause if error.after is None else error.after)
            except MayHaveArrived:
                await asyncio.sleep(pause)
            except Never as error:
                raise MayHaveArrived(str(error)) from error
        raise MayHaveArrived("Discord could not be asked")

    async def _look(self, outbound: Outbound) -> Sent | None:
        with told():
            async with self._line as http:
                return await self._search(http, await self._channel(http, outbound.place), outbound)

    async def typing(self, place: Place) -> None:
        """Raises what a send raises."""
        with told():
            async with self._line as http:
                await http.send_typing(await self._channel(http, place))

    async def _search(self, http: Http, channel: str, outbound: Outbound) -> Sent | None:
        after = max(discord.utils.time_snowflake(outbound.created_at - SKEW), snowflake(outbound.behind))
        for _ in range(PAGES):
            page = await http.logs_from(channel, PAGE, after=after)
            for found in sorted(page, key=lambda each: snowflake(each["id"])):
                if self._is(found, outbound):
                    return Sent(platform_id=str(found["id"]))
                after = max(after, snowflake(found["id"]))
            if len(page) < PAGE:
                return None
        raise MayHaveArrived("too much was written since to look it up")

    def _is(self, found: Any, outbound: Outbound) -> bool:
        """By its nonce; a history may leave that out, and then by what it says, unless that is another message."""
        if str(found["author"]["id"]) != self._line.account:
            return False
        if found.get("nonce") is not None:
            return str(found["nonce"]) == self._nonce(outbound)
        same = found["content"].strip() == outbound.text.strip() and _answers(found, outbound)
        as_many = len(found.get("attachments", ())) == len(outbound.files)
        return same and as_many and found["id"] not in self._sent.values()

    async def _channel(self, http: Http, place: Place) -> str:
        if place.thread:
            return place.thread
        known = self._rooms.direct(place.handle)
        if known is None:
            opened = await http.start_private_message(place.handle)
            known = str(opened["id"])
            self._rooms.opened(place.handle, known)
        return known

    def _message(self, outbound: Outbound, *, private: bool) -> MultipartParameters:
        files = [discord.File(file.path, filename=file.name) for file in outbound.files]
        # An answer may quote a person who wrote "@everyone".
        pinged = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=True)
        answered = None if private else _reference(outbound)
        return handle_message_parameters(
            content=outbound.text,
            nonce=None if private else self._nonce(outbound),
            flags=discord.MessageFlags(ephemeral=True) if private else MISSING,
            files=files or MISSING,
            view=_buttons(outbound) if outbound.choices else MISSING,
            message_reference=MISSING if answered is None else answered.to_dict(),
            allowed_mentions=pinged,
        )

    def _nonce(self, outbound: Outbound) -> str:
        """The same for every try; at most 25 characters."""
        whole = f"{self._name} {outbound.key} {outbound.created_at.isoformat()}"
        return hashlib.blake2b(whole.encode(), digest_size=12).hexdigest()

    def _keep(self, nonce: str, id_: str) -> None:
        self._sent[nonce] = id_
        if len(self._sent) > MOST_SENT:
            self._sent.popitem(last=False)


async def _post(http: Http, route: Route, message: MultipartParameters) -> Mapping[str, Any]:
    if message.files:
        found: Mapping[str, Any] = await http.request(route, files=message.files, form=message.multipart)
    else:
        found = await http.request(route, json=message.payload)
    return found


def _buttons(outbound: Outbound) -> discord.ui.View:
    """What a button carries begins with its number: Discord refuses two that carry the same."""
    view = discord.ui.View(timeout=None)
    for number, choice in enumerate(outbound.choices):
        label = choice.title if len(choice.title) <= LONGEST_LABEL else f"{choice.title[: LONGEST_LABEL - 1]}…"
        carried = f"{number}:{choice.payload}"
        if len(carried) > LONGEST_PAYLOAD:
            raise Never(f"the button {choice.title!r} carries more than {LONGEST_PAYLOAD} characters")
        view.add_item(discord.ui.Button(label=label, custom_id=carried))
    return view


def _answers(found: Any, outbound: Outbound) -> bool:
    """In public others may have got the same words. An answer to what is deleted by now refers to nothing."""
    reference = _reference(outbound)
    answered = snowflake((found.get("message_reference") or {}).get("message_id"))
    return reference is None or answered in {0, reference.message_id}


def _reference(outbound: Outbound) -> discord.MessageReference | None:
    """In public a message answers one: others speak there too."""
    answered = snowflake(outbound.answering.get("id"))
    if not outbound.place.public or not answered or "content" not in outbound.answering:
        return None
    channel = snowflake(outbound.place.thread)
    return discord.MessageReference(message_id=answered, channel_id=channel, fail_if_not_exists=False)
