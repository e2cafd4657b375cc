"""What stands at the other end of a channel in a test: a faithful counterpart of the platform, on a real socket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from channels.base import Channel
from channels.words import Attachment, Place


class Fault(StrEnum):
    """How the platform treats one send."""

    #: Too many requests: 429, 421 or 451, with `Peer.pause` where the platform names one.
    BUSY = "busy"
    #: It breaks before it took anything: 5xx.
    BROKEN = "broken"
    #: The line is cut before the request was read.
    CUT = "cut"
    #: It takes the message, and the answer never comes.
    SILENT = "silent"
    #: The recipient blocked us or is gone.
    GONE = "gone"


#: More persons than the suite needs, for a crowd.
GUESTS = [f"guest{number:02}" for number in range(40)]


@dataclass(frozen=True)
class Seen:
    """A message as the person sees it on the platform."""

    #: As the channel names it, once it has sent it.
    id: str
    text: str
    #: Titles of the buttons under it.
    buttons: Sequence[str] = ()
    #: Names of the files with it, and their bytes.
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)


class Peer(Protocol):
    """A platform with the persons `ann` and `bob` and the `GUESTS`, each in a private conversation with us.

    It outlives the channel: `channel()` is called again after a restart. Ids are the platform's, as strings.
    """

    #: Seconds it names with `Fault.BUSY`; None where the platform names none.
    pause: float | None
    #: What the next sends to a person meet, one each, by person.
    faults: dict[str, list[Fault]]

    @property
    def secrets(self) -> Sequence[str]:
        """What must never be in a log or a trace."""

    @property
    def edits(self) -> bool:
        """Whether the platform tells of messages that were changed."""

    @property
    def deletes(self) -> bool:
        """Whether the platform tells of messages that were taken back."""

    def channel(self) -> Channel:
        """A new channel that talks to this platform."""

    def place(self, person: str) -> Place:
        """Where the channel meets this person."""

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """The person writes; the id of what they wrote. Kept for the channel while it is not there."""

    async def repeat(self, message: str) -> None:
        """The platform delivers a message again that it has delivered before."""

    async def edit(self, message: str, text: str) -> None:
        """The person changes a message."""

    async def delete(self, message: str) -> None:
        """The person takes a message back."""

    async def press(self, person: str, title: str) -> None:
        """The person presses the newest button with this title."""

    async def cut(self) -> None:
        """Every open line breaks; new ones are taken."""

    async def outage(self, *, on: bool) -> None:
        """While on, every line is refused."""

    def seen(self, person: str) -> Sequence[Seen]:
        """Everything the person sees of ours, oldest first."""
