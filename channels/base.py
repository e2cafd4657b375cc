"""The contract between Frontdesk and a platform: the channel, and what the core does for it.

A channel turns what its platform says into `Inbound`, hands it to `Host.deliver`, and only then tells the platform
"received". It sends `Outbound`, one part at a time, and answers with `Sent` or with the error that names what the core
should do next. The words are in `channels.words`, the errors in `channels.errors`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field
from starlette.routing import BaseRoute

from channels.errors import MayHaveArrived, Never
from channels.staff import StaffRoom
from channels.words import (
    Abilities,
    Board,
    Inbound,
    Limits,
    Outbound,
    Place,
    Received,
    Sent,
    Signal,
    StaffMessage,
    StoredFile,
    Transcript,
)


class Host(Protocol):
    """What the core does for one channel. Every method may raise `NotStored` when the database is out of reach."""

    @property
    def brand(self) -> str:
        """The company's name, as users see it."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages answers exist in; the first is the default."""

    @property
    def secret(self) -> bytes:
        """A key of this channel's own for signing tokens, the same after every restart."""

    async def deliver(self, inbound: Inbound) -> Received:
        """Returns once the message is on disk. Raises `NotStored` or `Unacceptable`."""

    async def staff_said(self, said: StaffMessage) -> None:
        """What was written in a thread of the staff room, by whomever; returns once that is on disk.

        Raises `NotStored` or `Unacceptable`.
        """

    async def transcript(self, place: Place, limit: int = 100) -> Transcript:
        """The newest `limit` messages at `place`; empty for a place nobody has written from."""

    async def file(self, place: Place, file_id: int) -> StoredFile | None:
        """A file of the conversation at `place`; None for any other."""

    async def bounced(self, account: str, key: str, reason: str) -> None:
        """A part that counted as sent never reached its person: the message of `Outbound.key` has failed.

        Call it as often as the platform says so, and for any key it names; one of another account changes nothing.
        """

    async def thread_of_ticket(self, account: str, handle: str, number: str) -> str | None:
        """`Place.thread` of the conversation with this very handle that the ticket is about; None for any other's."""

    async def move(self, token: str, place: Place) -> None:
        """Carries the public conversation a one-time link was given in on at `place`, where nobody has written yet.

        Again from the same place it changes nothing. Raises `Unacceptable` where the link is used, too old or unknown.
        """

    async def cursor(self, account: str) -> str | None:
        """Where the last run of this channel stopped reading."""

    async def keep_cursor(self, account: str, value: str) -> None:
        """Call only once everything before `value` is delivered."""

    def listening(self, account: str) -> None:
        """Says that the platform is being heard, as `frontdesk channels` tells it. Never raises."""

    def trouble(self, account: str, reason: str) -> None:
        """Says that it is not, and why, without secrets; the channel itself goes on trying. Never raises."""


class ChannelSettings(BaseModel):
    """Base of every channel's settings. Secrets are `SecretStr`; `type` names the class: see `channels`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str


class BoardSettings(BaseModel):
    """One of the places under `announce:`; a channel that has several kinds of place adds which."""

    # YAML reads the id of a place as a number.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    #: ISO 639-1, in small letters: the text in this language goes there.
    language: str = Field(pattern=r"^[a-z]{2}$")


class Channel(ABC):
    """One account on one platform. `name` is its key under `channels:` in config.yaml."""

    Settings: ClassVar[type[ChannelSettings]]
    limits: ClassVar[Limits]
    abilities: ClassVar[Abilities] = Abilities()

    #: Where staff answer tickets, if the settings name a place.
    staff: StaffRoom | None = None

    def __init__(self, name: str, settings: ChannelSettings) -> None:
        self.name = name
        self.settings = settings

    def limits_at(self, place: Place) -> Limits:
        """What can be carried there: `limits`, but for `text`, `measure` and `links` where places differ."""
        return self.limits

    async def run(self, host: Host) -> None:
        """Listens until cancelled. A channel that only has routes has nothing to do here."""
        await asyncio.Event().wait()

    @abstractmethod
    async def send(self, outbound: Outbound) -> Sent:
        """Sends one part. Raises `TryAgain`, `Never` or `MayHaveArrived`, and nothing else."""

    async def find(self, outbound: Outbound) -> Sent | None:
        """What became of a part that may have arrived: `Sent`, or None if it surely did not.

        Raises `MayHaveArrived` where the platform cannot tell.
        """
        raise MayHaveArrived(f"{self.name} cannot look up what it sent")

    def boards(self) -> Sequence[Board]:
        """Where it announces, as its settings list it under `announce`."""
        return ()

    async def announce(self, outbound: Outbound) -> Sent:
        """Posts one part at the place of a board: a text, a picture, or both. Raises as `send` does.

        After `MayHaveArrived`, `find` is asked about it like about any other part.
        """
        raise Never(f"{self.name} has no public places to announce at")

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        """Puts the part in the place of the one announced as `platform_id`, whose picture stays. Raises as `send` does.

        Doing it twice changes nothing.
        """
        raise Never(f"{self.name} cannot change what was posted: withdraw it and announce it anew")

    async def withdraw(self, place: Place, platform_id: str) -> None:
        """Takes back what was announced as `platform_id`; what is gone already is no error. Raises as `send` does."""
        raise Never(f"{self.name} cannot take back what was posted")

    async def close(self) -> None:
        """Lets go of every line; nothing is asked of it afterwards."""
        return

    async def signal(self, place: Place, signal: Signal) -> None:
        """Shows `signal` where the platform can. Never raises for one that cannot."""
        return

    async def waiting(self, place: Place, text: str) -> None:
        """Shows how long the person will wait for a human, in their language, instead of what was shown before.

        "" for who waits no more. Only where the platform has a page that people look at: it is no message. Never
        raises.
        """
        return

    async def settled(self, place: Place, *, solved: bool) -> None:
        """Shows whether what was asked at `place` is solved, where the platform can; twice must change nothing more.

        Called after a ticket of the conversation is solved or opened, or an answer helped; again until it returns.
        Raises `TryAgain`, or `Never` to be asked no more.
        """
        return

    async def connect(self) -> Sequence[str]:
        """Logs in and leaves again: what is wrong or not permitted, each with the setting to change.

        For `frontdesk check --connect`. Raises nothing: an unreachable platform is one of the things that are wrong.
        """
        return ()

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """HTTP routes of this channel, mounted under `/channels/<name>`."""
        return ()
