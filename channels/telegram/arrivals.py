"""What came in is completed and delivered: files fetched, long payloads looked up, buttons released."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from dataclasses import replace

import structlog
from telegram.error import BadRequest, TelegramError

from channels.base import Host
from channels.errors import NotStored, Unacceptable
from channels.telegram.addressed import Me
from channels.telegram.albums import Albums
from channels.telegram.client import Client, told
from channels.telegram.keyboard import HASHED, shortened
from channels.telegram.parse import File, files, merged, parse, read
from channels.telegram.staff import heard, is_here
from channels.words import Attachment, Inbound, Limits, StaffMessage

log = structlog.get_logger()

#: Times that a file is tried before its message comes without it, and a message before it is passed over.
TRIES = 5
#: Files and messages whose tries are remembered.
MOST_TRIED = 1_000
#: Characters of the name of a file that is left.
LONGEST_NAMED = 100


class Arrivals:
    """Delivers updates, one message at a time. `limits` are the channel's; `staff` is the group where staff answer."""

    def __init__(self, name: str, client: Client, limits: Limits, staff: int | None = None) -> None:
        self._staff = staff
        self._name = name
        self._client = client
        self._limits = limits
        self._tries: Counter[str] = Counter()
        self._albums = Albums()

    async def take(self, updates: Sequence[object], me: Me, host: Host) -> None:
        """Returns once they are on disk, as one message. Raises `NotStored`, and `TelegramError` for a file to come.

        One that meets a fault of ours again and again is passed over: it must not hold up all others.
        """
        if self._staff is not None and any(is_here(update, self._staff) for update in updates):
            said = heard(updates, me)
            if said:
                await self._whole(said.event_id, self._hear(said, updates, host), me, host)
            return
        parts = [inbound for update in updates if (inbound := parse(update, me))]
        whole = self._albums.grown(updates[0], parts[0] if parts else None) or (merged(parts) if parts else None)
        if whole:
            await self._whole(whole.event_id, self._deliver(whole, updates, host), me, host)

    async def _whole(self, event_id: str, delivery: Awaitable[None], me: Me, host: Host) -> None:
        try:
            await delivery
        except (NotStored, TelegramError):
            raise
        except Exception as error:
            log.exception("telegram_fault", channel=self._name, event_id=event_id)
            if self._again(event_id):
                raise NotStored(f"fault of the channel: {type(error).__name__}") from error
            host.trouble(me.account, f"{event_id} was passed over: {type(error).__name__}")

    async def _deliver(self, whole: Inbound, updates: Sequence[object], host: Host) -> None:
        inbound = await self._with_files(whole, [file for update in updates for file in files(update)])
        try:
            await host.deliver(await self._with_payload(inbound, host))
        except Unacceptable as error:
            log.warning("not_accepted", channel=self._name, event_id=inbound.event_id, code=error.code)
        else:
            self._albums.keep(updates, inbound)
        if inbound.choice:
            await self._release(updates[0])

    async def _hear(self, said: StaffMessage, updates: Sequence[object], host: Host) -> None:
        """What was written in the staff group, with its files."""
        found = [file for update in updates for file in files(update)]
        here, left = await self._all(found)
        try:
            await host.staff_said(replace(said, attachments=here, left=[file.name for file in left]))
        except Unacceptable as error:
            log.info("staff_not_heard", channel=self._name, event_id=said.event_id, code=error.code)

    def _again(self, name: str) -> bool:
        """Counts a failure; whether another try is due."""
        if len(self._tries) > MOST_TRIED:
            self._tries.clear()
        self._tries[name] += 1
        return self._tries[name] < TRIES

    async def _with_files(self, inbound: Inbound, found: Sequence[File]) -> Inbound:
        """Files that cannot be had are named in the text."""
        here, left = await self._all(found)
        named = [_left(file, inbound.language) for file in left]
        text = "\n".join(filter(None, [inbound.text, *named]))
        return replace(inbound, text=text, attachments=here)

    async def _all(self, found: Sequence[File]) -> tuple[list[Attachment], list[File]]:
        """The files that could be had, and those that could not."""
        fetched = await asyncio.gather(*map(self._fetched, found[: self._limits.most_files]))
        left = [file for file, here in zip(found, fetched, strict=False) if here is None]
        return [here for here in fetched if here], [*left, *found[self._limits.most_files :]]

    async def _fetched(self, file: File) -> Attachment | None:
        """None for one that Telegram does not hand out: it is too large, or gone, or was tried often enough."""
        if file.size > self._limits.file_bytes or self._tries[file.id] >= TRIES:
            return None
        try:
            path, data = await self._client.fetch(file.id)
        except BadRequest as error:
            log.warning("file_refused", channel=self._name, reason=told(error))
            return None
        except TelegramError:
            self._again(file.id)
            raise
        self._tries.pop(file.id, None)
        suffix = path.rpartition(".")[2]
        name = f"photo.{suffix}" if file.name == "photo.jpg" and suffix.isalnum() else file.name
        return Attachment(name=name, media_type=file.media_type, data=data) if self._fits(data) else None

    def _fits(self, data: bytes) -> bool:
        return 0 < len(data) <= self._limits.file_bytes

    async def _with_payload(self, inbound: Inbound, host: Host) -> Inbound:
        """A payload too long for a button is one that was shown in this conversation."""
        if not (inbound.choice or "").startswith(HASHED):
            return inbound
        talk = await host.transcript(inbound.place)
        known = {shortened(choice.payload): choice.payload for said in talk.messages for choice in said.choices}
        return replace(inbound, choice=known.get(inbound.choice or "", inbound.choice))

    async def _release(self, raw: object) -> None:
        """Ends the waiting that the person sees on the button. Too late for that is no harm."""
        update = read(raw)
        if update is None or update.callback_query is None:
            return
        try:
            await self._client.answer_callback_query(update.callback_query.id)
        except TelegramError as error:
            log.info("button_not_released", channel=self._name, reason=told(error))


def _left(file: File, language: str | None) -> str:
    name = file.name[:LONGEST_NAMED]
    size = f"{file.size / 1_000_000:.1f} MB" if file.size else ""
    if (language or "").lower().startswith("zh"):
        return f"📎 {name}（{'，'.join(filter(None, [size, '留在 Telegram']))}）"
    return f"📎 {name} ({', '.join(filter(None, [size, 'left at Telegram']))})"
