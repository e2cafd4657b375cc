"""One post of a mirror on its way to the staff room: sent once, or marked as perhaps sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from bot.briefing import Briefing, escaped
from bot.files import Files
from bot.rendering import Part, parts, render
from bot.store import mirroring
from bot.store.database import Database, Session
from bot.store.mirroring import Due, Pending
from channels.base import Channel
from channels.errors import ChannelError, Gone, MayHaveArrived, Never, TryAgain
from channels.staff import StaffRoom
from channels.words import Author, Outbound, Sent

log = structlog.get_logger()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: Characters left free in a part for the word that it may be there already.
SPARE = 200


class Posting:
    """Sends posts through `channel`. `seconds` is how long one part may take."""

    def __init__(
        self, database: Database, channel: Channel, staff: StaffRoom, files: Files, briefing: Briefing, seconds: float
    ) -> None:
        self._database, self._channel, self._staff = database, channel, staff
        self._files, self._briefing, self._seconds = files, briefing, seconds

    async def send(self, due: Due, thread: str, post: Pending) -> None:
        """What is left of a post. Raises `TryAgain`, `Gone`, or `Never` where the room takes nothing at all."""
        pieces = self._pieces(thread, post)
        if post.parts >= len(pieces):
            # The limits were others when its first parts were sent.
            await self.note(mirroring.part_posted, post.id, post.parts, last=True)
        for number in range(post.parts, len(pieces)):
            outbound = self._outbound(due, thread, post, pieces[number], number)
            looks = post.interrupted and number == post.parts
            sent = await self._found(outbound, post, "interrupted") if looks else None
            if sent is None and not await self._try(due, outbound, post):
                return
            await self.note(mirroring.part_posted, post.id, number + 1, last=number == len(pieces) - 1)

    async def _try(self, due: Due, outbound: Outbound, post: Pending) -> bool:
        """Whether the part is there; False where something else stands for the post now."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._channel.send(outbound)
        except (TryAgain, Gone):
            await self.note(mirroring.put_back, post.id)
            raise
        except Never as error:
            log.warning("mirror_refused", channel=self._channel.name, ticket=due.number, reason=str(error))
            await self._refused(due, post, str(error))
            return False
        except (MayHaveArrived, TimeoutError) as error:
            return await self._looked_up(outbound, post, str(error) or "no answer in time")
        return True

    async def _looked_up(self, outbound: Outbound, post: Pending, reason: str) -> bool:
        if await self._found(outbound, post, reason):
            return True
        await self.note(mirroring.put_back, post.id)
        raise TryAgain(reason)

    async def _refused(self, due: Due, post: Pending, reason: str) -> None:
        """One post may be what the platform does not take; where it takes no other either, it is the room."""
        if post.substitute:
            await self.note(mirroring.put_back, post.id)
            raise Never(reason)
        text = self._briefing.told("staff_refused", ticket=due.number, error=reason)
        await self.note(mirroring.replaced, post.id, text)

    async def _found(self, outbound: Outbound, post: Pending, reason: str) -> Sent | None:
        """What became of a part; where nobody can tell, it is marked as doubtful and `TryAgain` raised."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._channel.find(outbound)
        except (ChannelError, TimeoutError) as error:
            log.warning("mirror_unknown", channel=self._channel.name, reason=f"{reason}; {error}")
            await self.note(mirroring.put_back, post.id, doubtful=True)
            raise TryAgain(reason) from error

    def _pieces(self, thread: str, post: Pending) -> list[Part]:
        whole = self._channel.limits_at(self._staff.place(thread))
        limits = whole if whole.text is None else replace(whole, text=whole.text - SPARE)
        files = [self._files.stored(file) for file in post.files]
        carried = [file for file in files if file.size <= limits.file_bytes][: limits.most_files]
        left = [f"📎 {escaped(file.name)} ({file.size / 1e6:.1f} MB)" for file in files if file not in carried]
        return parts("\n".join([post.text, *left]), (), carried, limits)

    def _outbound(self, due: Due, thread: str, post: Pending, part: Part, number: int) -> Outbound:
        return Outbound(
            message_id=-post.id,
            part=number,
            place=self._staff.place(thread),
            text=self._doubtful(part) if post.doubtful and number == post.parts else part.text,
            files=part.files,
            author=Author.SYSTEM,
            ticket=due.number,
            answering=post.answering if number == 0 else {},
            created_at=post.created_at,
        )

    def _doubtful(self, part: Part) -> str:
        if not part.text.strip():
            return part.text
        return f"{render(self._briefing.told('staff_perhaps'), self._channel.limits.markup)}\n{part.text}"

    async def note(
        self, work: Callable[Concatenate[Session, Arguments], Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Writes down what became of a post, as often as it takes."""
        return await self._database.run_surely("noting a post", work, *args, **kwargs)
