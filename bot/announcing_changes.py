"""What stands already is changed or taken back: doing that twice changes nothing, so it is tried until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog

from bot.announcing import Announcer, outbound_of, place_of
from bot.conversation import now
from bot.delivery import LONGEST_PAUSE, pause_after
from bot.settings import DeliverySection
from bot.store import announcements
from bot.store.announcement_tables import Announcement, Post, PostState
from bot.store.announcements import UNFINISHED, View
from bot.store.database import Database
from channels.base import Channel
from channels.errors import MayHaveArrived, Never, TryAgain

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]


class Changes:
    """Corrects and withdraws what `announcer` has posted over `channels`."""

    def __init__(
        self, announcer: Announcer, database: Database, channels: Mapping[str, Channel], settings: DeliverySection
    ) -> None:
        self._announcer = announcer
        self._database = database
        self._channels = channels
        self._settings = settings

    async def correct(self, announcement_id: int, texts: Mapping[str, str]) -> tuple[View, int]:
        """Puts `texts` in the place of what was posted in their languages; the number of places where it could not."""
        await self._announcer.recover(announcement_id)
        await self._database.run(announcements.reword, announcement_id, texts, now())
        found = await self._announcer.view(announcement_id)
        failures = 0
        for post in found.posts:
            if post.language in texts and post.state is not PostState.WITHDRAWN and not _unposted(post):
                failures += not await self._correct(found.announcement, post, texts[post.language])
        return await self._announcer.view(announcement_id), failures

    async def withdraw(self, announcement_id: int) -> tuple[View, int]:
        """Takes it back wherever it stands; the number of places where it could not."""
        await self._announcer.recover(announcement_id)
        failures = 0
        for post in (await self._announcer.view(announcement_id)).posts:
            if _unposted(post):
                await self._announcer.settle(post, PostState.WITHDRAWN, None)
            elif post.state is not PostState.WITHDRAWN:
                failures += not await self._withdraw(post)
        return await self._announcer.view(announcement_id), failures

    async def _correct(self, announcement: Announcement, post: Post, text: str) -> bool:
        try:
            works, parts = self._corrections(announcement, post, text)
        except Never as error:
            wrong: str | None = str(error)
        else:
            wrong = await self._all(works)
            if wrong is None:
                await self._announcer.corrected(post, text, parts)
                return True
        await self._announcer.settle(post, post.state, f"not corrected: {wrong}")
        return False

    def _corrections(self, announcement: Announcement, post: Post, text: str) -> tuple[list[Work], int]:
        """What is to be done, and how many messages stand there then. Raises `Never`."""
        if post.state is not PostState.SENT:
            raise Never(f"it is {post.state.value} there, so nobody knows what stands")
        channel, parts = self._announcer.parts(announcement, post, text)
        ids = post.platform_ids
        if len(parts) > len(ids):
            raise Never(f"it needs {len(parts)} messages where {len(ids)} stand: shorten the text")
        works: list[Work] = [
            partial(channel.correct, outbound_of(announcement, post, part, number), ids[number])
            for number, part in enumerate(parts)
        ]
        works += [partial(channel.withdraw, place_of(post), id_) for id_ in reversed(ids[len(parts) :])]
        return works, len(parts)

    async def _withdraw(self, post: Post) -> bool:
        channel = self._channels.get(post.channel)
        if channel is None:
            wrong: str | None = f"config.yaml has no channel {post.channel}"
        else:
            wrong = await self._all([partial(channel.withdraw, place_of(post), id_) for id_ in post.platform_ids[::-1]])
        if wrong is None and post.state is PostState.UNKNOWN:
            wrong = "a message may still stand there: look, and remove it by hand"
        state = post.state if wrong else PostState.WITHDRAWN
        await self._announcer.settle(post, state, wrong and f"not withdrawn: {wrong}")
        return wrong is None

    async def _all(self, works: Sequence[Work]) -> str | None:
        """Does each until it is done; why one could not be."""
        for work in works:
            if wrong := await self._patiently(work):
                return wrong
        return None

    async def _patiently(self, work: Work) -> str | None:
        attempt = 1
        while True:
            try:
                async with asyncio.timeout(self._settings.timeout_seconds):
                    await work()
                return None
            except Never as error:
                return str(error)
            except (TryAgain, MayHaveArrived, TimeoutError) as error:
                again = error if isinstance(error, TryAgain) else TryAgain(str(error) or "no answer in time")
            except Exception as error:
                log.exception("announcement_fault")
                return f"fault of the channel: {type(error).__name__}"
            pause = pause_after(attempt, again)
            if attempt >= self._settings.attempts or pause > LONGEST_PAUSE:
                return f"given up after {attempt} tries: {again}"
            await asyncio.sleep(pause)
            attempt += 1


def _unposted(post: Post) -> bool:
    """Whether no platform has any of it, and none is asked for it at this moment."""
    return not post.platform_ids and post.state in UNFINISHED
