"""Announcements at work: posts what is missing, in order, once; changes it and takes it back where that can be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog

from bot.conversation import now
from bot.delivery import LONGEST_PAUSE, pause_after
from bot.drafts import draft, pieces
from bot.files import Files
from bot.rendering import Part
from bot.settings import DeliverySection
from bot.store import announcements
from bot.store.announcement_tables import Announcement, Post, PostState
from bot.store.announcements import DOUBTFUL, UNFINISHED, View
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
        await self._recover(announcement_id)
        await self._database.run(announcements.reopen, announcement_id, now())
        while waiting := await self._queued(announcement_id):
            due = [post for post in waiting if post.due_at is None or post.due_at <= now()]
            if due:
                await self._try(await self._view(announcement_id), due[0])
            else:
                moments = [post.due_at for post in waiting if post.due_at]
                await asyncio.sleep(max(0.0, (min(moments) - now()).total_seconds()))
        return await self._view(announcement_id)

    async def correct(self, announcement_id: int, texts: Mapping[str, str]) -> tuple[View, int]:
        """Puts `texts` in the place of what was posted in their languages; the number of places where it could not."""
        await self._recover(announcement_id)
        await self._database.run(announcements.reword, announcement_id, texts, now())
        found = await self._view(announcement_id)
        failures = 0
        for post in found.posts:
            if post.language in texts and post.state is not PostState.WITHDRAWN and not self._unposted(post):
                failures += not await self._correct(found.announcement, post, texts[post.language])
        return await self._view(announcement_id), failures

    async def withdraw(self, announcement_id: int) -> tuple[View, int]:
        """Takes it back wherever it stands; the number of places where it could not."""
        await self._recover(announcement_id)
        failures = 0
        for post in (await self._view(announcement_id)).posts:
            if self._unposted(post):
                await self._settle(post, PostState.WITHDRAWN, None)
            elif post.state is not PostState.WITHDRAWN:
                failures += not await self._withdraw(post)
        return await self._view(announcement_id), failures

    async def _view(self, announcement_id: int) -> View:
        return await self._database.run(announcements.view, announcement_id)

    async def _queued(self, announcement_id: int) -> list[Post]:
        return [post for post in (await self._view(announcement_id)).posts if post.state is PostState.QUEUED]

    def _unposted(self, post: Post) -> bool:
        return not post.platform_ids and post.state in UNFINISHED

    async def _recover(self, announcement_id: int) -> None:
        """Asks the platforms about posts whose sender died, or whose answer got lost."""
        found = await self._view(announcement_id)
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
            await self._settle(post, PostState.FAILED, str(error))
        except (MayHaveArrived, TimeoutError) as error:
            current = next(one for one in (await self._view(found.announcement.id)).posts if one.id == post.id)
            await self._look_up(found.announcement, current, str(error) or "no answer in time")
        except Exception as error:
            # The edge of every channel: after a fault in the middle of posting nobody knows what the platform has.
            log.exception("announcement_fault", channel=post.channel, announcement=post.announcement_id)
            await self._settle(post, PostState.UNKNOWN, f"fault of the channel: {type(error).__name__}")

    async def _post(self, announcement: Announcement, post: Post) -> None:
        channel, parts = self._parts(announcement, post, post.text)
        for number in range(len(post.platform_ids), len(parts)):
            outbound = _outbound(announcement, post, parts[number], number)
            async with asyncio.timeout(self._settings.timeout_seconds):
                sent = await channel.announce(outbound)
            await self._part_sent(post, sent, last=number == len(parts) - 1)

    async def _part_sent(self, post: Post, sent: Sent, *, last: bool) -> None:
        post = await self._database.run(announcements.part_sent, post.id, sent, now(), last=last)
        if last:
            self._tell(post)

    async def _put_off(self, post: Post, error: TryAgain) -> None:
        pause = pause_after(post.attempts, error)
        if post.attempts >= self._settings.attempts or pause > LONGEST_PAUSE:
            why = f"given up after {post.attempts} tries" if pause <= LONGEST_PAUSE else f"not for {pause:.0f} seconds"
            await self._settle(post, PostState.FAILED, f"{why}: {error}")
            return
        due_at = now() + timedelta(seconds=pause)
        self._tell(await self._database.run(announcements.settle, post.id, PostState.QUEUED, str(error), now(), due_at))

    async def _look_up(self, announcement: Announcement, post: Post, reason: str) -> None:
        """After an ambiguous post: asks the platform, and says `unknown` where it cannot tell."""
        number = len(post.platform_ids)
        try:
            channel, parts = self._parts(announcement, post, post.text)
            async with asyncio.timeout(self._settings.timeout_seconds):
                sent = await channel.find(_outbound(announcement, post, parts[number], number))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong while asking, it stays unknown
            log.warning("announcement_unknown", channel=post.channel, reason=type(error).__name__)
            await self._settle(post, PostState.UNKNOWN, reason)
            return
        if sent is None:
            await self._put_off(post, TryAgain(reason))
        elif number == len(parts) - 1:
            await self._part_sent(post, sent, last=True)
        else:
            await self._part_sent(post, sent, last=False)
            await self._settle(post, PostState.QUEUED, None)

    async def _settle(self, post: Post, state: PostState, error: str | None) -> None:
        self._tell(await self._database.run(announcements.settle, post.id, state, error, now()))

    async def _correct(self, announcement: Announcement, post: Post, text: str) -> bool:
        if post.state is not PostState.SENT:
            await self._settle(
                post, post.state, f"not corrected: it is {post.state.value} there, so nobody knows what stands"
            )
            return False
        try:
            channel, parts = self._parts(announcement, post, text)
            if len(parts) > len(post.platform_ids):
                raise Never(f"it needs {len(parts)} messages where {len(post.platform_ids)} stand: shorten the text")
        except Never as error:
            await self._settle(post, post.state, f"not corrected: {error}")
            return False
        works = [
            partial(channel.correct, _outbound(announcement, post, part, number), post.platform_ids[number])
            for number, part in enumerate(parts)
        ]
        works += [partial(channel.withdraw, place_of(post), id_) for id_ in reversed(post.platform_ids[len(parts) :])]
        if wrong := await self._all(works):
            await self._settle(post, post.state, f"not corrected: {wrong}")
            return False
        self._tell(await self._database.run(announcements.corrected, post.id, text, len(parts), now()))
        return True

    async def _withdraw(self, post: Post) -> bool:
        channel = self._channels.get(post.channel)
        if channel is None:
            wrong: str | None = f"config.yaml has no channel {post.channel}"
        else:
            works = [partial(channel.withdraw, place_of(post), id_) for id_ in reversed(post.platform_ids)]
            wrong = await self._all(works)
        if wrong is None and post.state is PostState.UNKNOWN:
            wrong = "a message may still stand there: look, and remove it by hand"
        if wrong:
            await self._settle(post, post.state, f"not withdrawn: {wrong}")
            return False
        await self._settle(post, PostState.WITHDRAWN, None)
        return True

    async def _all(self, works: Sequence[Callable[[], Awaitable[None]]]) -> str | None:
        """Does each until it is done; why one could not be."""
        for work in works:
            if wrong := await self._patiently(work):
                return wrong
        return None

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> str | None:
        """What may be done twice, until it is done; why it could not be."""
        for attempt in range(1, self._settings.attempts + 1):
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    await work()
            except Never as error:
                return str(error)
            except (TryAgain, MayHaveArrived, TimeoutError) as error:
                again = error if isinstance(error, TryAgain) else TryAgain(str(error) or "no answer in time")
                pause = pause_after(attempt, again)
                if attempt == self._settings.attempts or pause > LONGEST_PAUSE:
                    return f"given up after {attempt} tries: {again}"
                await asyncio.sleep(pause)
            except Exception as error:
                log.exception("announcement_fault")
                return f"fault of the channel: {type(error).__name__}"
            else:
                return None
        return None

    def _parts(self, announcement: Announcement, post: Post, text: str) -> tuple[Channel, list[Part]]:
        """Raises `Never` where the settings no longer have the place."""
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


def _outbound(announcement: Announcement, post: Post, part: Part, number: int) -> Outbound:
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
