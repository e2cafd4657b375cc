"""Announcements at work: posts what is missing, in order, once; tries again, looks up, or gives up, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from bot.conversation import now
from bot.delivery import LONGEST_PAUSE, pause_after
from bot.drafts import draft, pieces
from bot.errors import StorageDown
from bot.files import Files
from bot.rendering import Part
from bot.settings import DeliverySection
from bot.store import announcements
from bot.store.announcement_tables import Announcement, Post, PostState
from bot.store.announcements import DOUBTFUL, View
from bot.store.database import Database
from bot.store.inbox import KeptFile
from channels.base import Channel
from channels.errors import MayHaveArrived, Never, TryAgain
from channels.words import Board, Outbound, Place, Sent, StoredFile

log = structlog.get_logger()


class Announcer:
    """Works on announcements over `channels`; only one may at a time. `tell` hears of every change of a post."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        files: Files,
        settings: DeliverySection,
        tell: Callable[[Post], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._files = files
        self._settings = settings
        self._tell = tell

    async def send(self, announcement_id: int) -> View:
        """Posts it wherever it is not yet; a place that fails holds up no other. How it is afterwards."""
        await self.recover(announcement_id)
        await self._database.run(announcements.reopen, announcement_id, now())
        while waiting := await self._queued(announcement_id):
            due = [post for post in waiting if post.due_at is None or post.due_at <= now()]
            if due:
                await self._try(await self.view(announcement_id), due[0])
            else:
                moments = [post.due_at for post in waiting if post.due_at]
                await asyncio.sleep(max(0.0, (min(moments) - now()).total_seconds()))
        return await self.view(announcement_id)

    async def view(self, announcement_id: int) -> View:
        """How it is. Raises `NotFound`."""
        return await self._database.run(announcements.view, announcement_id)

    async def _queued(self, announcement_id: int) -> list[Post]:
        return [post for post in (await self.view(announcement_id)).posts if post.state is PostState.QUEUED]

    async def recover(self, announcement_id: int) -> None:
        """Asks the platforms about posts whose sender died, or whose answer got lost."""
        found = await self.view(announcement_id)
        for post in found.posts:
            if post.state in DOUBTFUL:
                await self._look_up(found.announcement, post, post.error or "interrupted")

    async def _try(self, found: View, post: Post) -> None:
        post = await self._database.run(announcements.begin, post.id, now())
        try:
            await self._post(found.announcement, post)
        except TryAgain as error:
            await self._put_off(post, error)
        except Never as error:
            await self.settle(post, PostState.FAILED, str(error))
        except (MayHaveArrived, TimeoutError) as error:
            current = next(one for one in (await self.view(found.announcement.id)).posts if one.id == post.id)
            await self._look_up(found.announcement, current, str(error) or "no answer in time")
        except StorageDown:
            raise
        except Exception as error:
            # The edge of every channel: after a fault in the middle of posting nobody knows what the platform has.
            log.exception("announcement_fault", channel=post.channel, announcement=post.announcement_id)
            await self.settle(post, PostState.UNKNOWN, f"fault of the channel: {type(error).__name__}")

    async def _post(self, announcement: Announcement, post: Post) -> None:
        channel, parts = self.parts(announcement, post, post.text)
        for number in range(len(post.platform_ids), len(parts)):
            outbound = outbound_of(announcement, post, parts[number], number)
            async with asyncio.timeout(self._settings.timeout_seconds):
                sent = await channel.announce(outbound)
            await self._part_sent(post, number, sent, last=number == len(parts) - 1)

    async def _part_sent(self, post: Post, part: int, sent: Sent, *, last: bool) -> None:
        noted = announcements.part_sent
        post = await self._database.run_surely("noting an announcement", noted, post.id, part, sent, now(), last=last)
        if last:
            self._tell(post)

    async def _put_off(self, post: Post, error: TryAgain) -> None:
        pause = pause_after(post.attempts, error)
        if post.attempts >= self._settings.attempts or pause > LONGEST_PAUSE:
            why = f"given up after {post.attempts} tries" if pause <= LONGEST_PAUSE else f"not for {pause:.0f} seconds"
            await self.settle(post, PostState.FAILED, f"{why}: {error}")
            return
        due_at = now() + timedelta(seconds=pause)
        self._tell(await self._database.run(announcements.settle, post.id, PostState.QUEUED, str(error), now(), due_at))

    async def _look_up(self, announcement: Announcement, post: Post, reason: str) -> None:
        """After an ambiguous post: asks the platform, and says `unknown` where it cannot tell."""
        number = len(post.platform_ids)
        try:
            channel, parts = self.parts(announcement, post, post.text)
            async with asyncio.timeout(self._settings.timeout_seconds):
                sent = await channel.find(outbound_of(announcement, post, parts[number], number))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong while asking, it stays unknown
            log.warning("announcement_unknown", channel=post.channel, reason=type(error).__name__)
            await self.settle(post, PostState.UNKNOWN, reason)
            return
        if sent is None:
            await self._put_off(post, TryAgain(reason))
        elif number == len(parts) - 1:
            await self._part_sent(post, number, sent, last=True)
        else:
            await self._part_sent(post, number, sent, last=False)
            await self.settle(post, PostState.QUEUED, None)

    async def settle(self, post: Post, state: PostState, error: str | None) -> None:
        """Writes down how a post is, and says so."""
        self._tell(await self._database.run(announcements.settle, post.id, state, error, now()))

    async def corrected(self, post: Post, text: str, parts: int) -> None:
        """`text` stands there now, in so many messages."""
        self._tell(await self._database.run(announcements.corrected, post.id, text, parts, now()))

    def parts(self, announcement: Announcement, post: Post, text: str) -> tuple[Channel, list[Part]]:
        """What `text` is there. Raises `Never` where the settings no longer have the place, or it does not fit."""
        channel = self._channels.get(post.channel)
        board = board_of(channel, post) if channel else None
        if channel is None or board is None:
            raise Never(f"channels.{post.channel}.announce does not list this place any more")
        picture = picture_of(announcement, self._files)
        if problem := draft(post.channel, channel, board, text, picture).problem:
            raise Never(problem)
        return channel, pieces(text, picture, board, channel.limits_at(board.place))


def board_of(channel: Channel, post: Post) -> Board | None:
    """The board a post is on; None where the settings no longer have it."""
    wanted = (post.handle, post.thread, post.language)
    boards = channel.boards()
    return next((one for one in boards if (one.place.handle, one.place.thread, one.language) == wanted), None)


def place_of(post: Post) -> Place:
    """Where it stands."""
    return Place(account=post.account, handle=post.handle, thread=post.thread, public=True)


def picture_of(announcement: Announcement, files: Files) -> StoredFile | None:
    """Its picture, as channels see it."""
    return files.picture(KeptFile(**announcement.picture)) if announcement.picture else None


def outbound_of(announcement: Announcement, post: Post, part: Part, number: int) -> Outbound:
    """A part, as the channel gets it."""
    return Outbound(
        # The id of a post, not of a message: what is announced is never mixed up with what is answered.
        message_id=post.id,
        part=number,
        place=place_of(post),
        text=part.text,
        files=part.files,
        language=post.language,
        created_at=announcement.created_at,
    )
