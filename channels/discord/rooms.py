"""What a Discord channel is: a direct chat, a channel of a guild, a thread, a post in a forum."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.discord.rest import Http

#: Channels kept in mind.
MOST_ROOMS = 10_000
DIRECT, FORUMS, THREADS = 1, frozenset({15, 16}), frozenset({10, 11, 12})


@dataclass(frozen=True, slots=True)
class Room:
    """`person` speaks to us there without naming us: who the direct chat is with, who began the forum post."""

    id: str
    public: bool
    person: str = ""
    #: The channel that a thread is in.
    parent: str = ""

    @property
    def thread(self) -> str:
        """`Place.thread`: a person has one direct chat with us, and any number of channels."""
        return self.id if self.public else ""


class Rooms:
    """Those that were seen; others are asked for."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._direct: OrderedDict[str, str] = OrderedDict()
        #: Id of a channel -> whether each thread in it is a post.
        self._forums: OrderedDict[str, bool] = OrderedDict()

    def learn(self, event: str, payload: Mapping[str, Any]) -> None:
        """From GUILD_CREATE, THREAD_CREATE, THREAD_UPDATE and CHANNEL_CREATE."""
        if event == "GUILD_CREATE":
            for channel in (*listed(payload, "channels"), *listed(payload, "threads")):
                self._learn(channel)
        else:
            self._learn(payload)

    def is_post(self, thread: Mapping[str, Any]) -> bool:
        """Whether the thread is a post in a forum that is known to be one."""
        return self._forums.get(str(thread.get("parent_id")), False)

    def direct(self, person: str) -> str | None:
        """The direct chat with the person, where it is known."""
        return self._direct.get(person)

    def opened(self, person: str, channel: str) -> Room:
        """There is a direct chat with the person."""
        _keep(self._direct, person, channel)
        room = Room(channel, public=False, person=person)
        _keep(self._rooms, channel, room)
        return room

    async def room(self, http: Http, channel: str) -> Room:
        """Raises what a request raises."""
        if channel not in self._rooms:
            found = await http.get_channel(channel)
            parent = str(found.get("parent_id"))
            if found.get("type") in THREADS and parent not in self._forums:
                self._learn(await http.get_channel(parent))
            self._learn(found, channel)
        return self._rooms[channel]

    def _learn(self, channel: Mapping[str, Any], id_: str = "") -> None:
        id_, kind = id_ or str(channel.get("id")), channel.get("type")
        recipients = listed(channel, "recipients")
        if kind == DIRECT and recipients:
            self.opened(str(recipients[0].get("id")), id_)
            return
        if kind not in THREADS:
            _keep(self._forums, id_, kind in FORUMS)
        parent = str(channel.get("parent_id") or "") if kind in THREADS else ""
        owner = str(channel.get("owner_id")) if kind in THREADS and self.is_post(channel) else ""
        _keep(self._rooms, id_, Room(id_, public=kind != DIRECT, person=owner, parent=parent))


def listed(payload: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """The objects in a list of a payload; empty where it holds none."""
    found = payload.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _keep(known: OrderedDict[str, Any], key: str, value: object) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MOST_ROOMS:
        known.popitem(last=False)
