"""Reads a mailbox for as long as it takes: everything above the last UID, in order, then waits for more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

import structlog

from channels.base import Host
from channels.email.bounces import Bounce
from channels.email.echoes import Echoes
from channels.email.kinds import Kind
from channels.email.mailbox import BATCH, Broken, Mailbox, opened, since
from channels.email.parse import Mail, Own, read
from channels.email.settings import EmailSettings
from channels.errors import NotStored, Unacceptable
from channels.words import Inbound

log = structlog.get_logger()

#: Seconds before the second try to connect; doubled for each further one, up to LONGEST_PAUSE.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
#: Seconds until the second look after news, doubled for each further one: not every server announces, once asked to,
#: what came in just before.
FIRST_WAIT = 0.5
#: Bytes read of a mail that is too large, or that the server does not hand out whole.
BEGINNING = 262_144
#: Tries at one mail before only its beginning is read, and before it is left alone.
WHOLE_TRIES = 3
TRIES = 5


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last mail that was dealt with, and the day it arrived: where UIDs lose their meaning only the day holds."""

    validity: int
    uid: int
    day: date

    @classmethod
    def read(cls, written: str | None) -> Cursor | None:
        """The cursor as it was kept; None for what is none."""
        try:
            validity, uid, day = (written or "").split(":")
            return cls(int(validity), int(uid), date.fromisoformat(day))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.validity}:{self.uid}:{self.day.isoformat()}"


class Reader:
    """Reads one mailbox into one host."""

    def __init__(self, name: str, settings: EmailSettings, own: Own, host: Host) -> None:
        self._name = name
        self._settings = settings
        self._own = own
        self._host = host
        self._echoes = Echoes(settings.most_alike)
        self._tries: Counter[tuple[int, int]] = Counter()
        self._heard = False

    async def run(self) -> None:
        """Until cancelled. A line that worked is opened anew at once, one that did not after growing pauses."""
        pause = 0.0
        while True:
            self._heard = False
            reason = await self._until_broken()
            self._host.trouble(self._own.account, reason)
            pause = 0.0 if self._heard else min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _until_broken(self) -> str:
        try:
            async with opened(self._settings) as mailbox:
                await mailbox.select(self._settings.folder)
                await self._listen(mailbox)
        except Broken as error:
            return str(error)
        except NotStored:
            self._heard = False
            return "the database is out of reach"
        except Exception as error:  # noqa: BLE001 - the edge: whatever a server does, the mailbox is read on
            log.error("mailbox_fault", channel=self._name, reason=type(error).__name__)
            self._heard = False
            return f"fault of the channel: {type(error).__name__}"

    async def _listen(self, mailbox: Mailbox) -> NoReturn:
        self._host.listening(self._own.account)
        wait = FIRST_WAIT
        while True:
            news = await self._catch_up(mailbox)
            # Only now: a server that breaks off at the first mail every time must not be asked without a pause.
            self._heard = True
            wait = FIRST_WAIT if news else min(2 * wait, self._settings.poll_seconds)
            await mailbox.news(min(wait, self._settings.poll_seconds))

    async def _catch_up(self, mailbox: Mailbox) -> bool:
        """Whether there was anything."""
        cursor = Cursor.read(await self._host.cursor(self._own.account))
        same = cursor is not None and cursor.validity == mailbox.validity
        # A mail that arrives after this search has a UID of its own, which the next one finds.
        uids = await self._waiting(mailbox, cursor)
        for start in range(0, len(uids), BATCH):
            await self._take_all(mailbox, uids[start : start + BATCH])
        if not same and not uids and mailbox.next_uid:
            await self._keep(mailbox, mailbox.next_uid - 1, datetime.now(UTC).date())
        return bool(uids)

    async def _waiting(self, mailbox: Mailbox, cursor: Cursor | None) -> list[int]:
        if cursor is None:
            return await mailbox.search(since(datetime.now(UTC).date() - timedelta(days=self._settings.catch_up_days)))
        if cursor.validity != mailbox.validity:
            log.info("mailbox_renumbered", channel=self._name, since=str(cursor.day))
            return await mailbox.search(since(cursor.day - timedelta(days=1)))
        # A range ends at the last mail there is, and so finds it even where it is an old one.
        found = await mailbox.search(f"UID {cursor.uid + 1}:*")
        return [uid for uid in found if uid > cursor.uid]

    async def _take_all(self, mailbox: Mailbox, uids: Sequence[int]) -> None:
        sizes = await mailbox.sizes(uids)
        for uid in uids:
            if uid in sizes:
                size, arrived = sizes[uid]
                await self._take(mailbox, uid, size, arrived)
                await self._keep(mailbox, uid, arrived.astimezone(UTC).date())

    async def _take(self, mailbox: Mailbox, uid: int, size: int, arrived: datetime) -> None:
        tries = self._tries[mailbox.validity, uid]
        if tries >= TRIES:
            log.error("mail_left_alone", channel=self._name, uid=uid, size=size)
            return
        cut = size > self._settings.largest_mb * 1_000_000 or tries >= WHOLE_TRIES
        self._tries[mailbox.validity, uid] += 1
        data = await mailbox.fetch(uid, BEGINNING if cut else None)
        del self._tries[mailbox.validity, uid]
        if data is None:
            return
        mail = await asyncio.to_thread(read, data, self._own, arrived, size if cut else None)
        if await self._deliver(mail, uid):
            await mailbox.mark_seen(uid)

    async def _deliver(self, mail: Mail, uid: int) -> bool:
        """Whether it is a message, and on disk now."""
        if mail.kind is not Kind.MESSAGE or mail.inbound is None:
            log.info("mail_unanswered", channel=self._name, uid=uid, kind=mail.kind.value)
            await self._tell_bounce(mail.bounce)
            return False
        if self._echoes.too_many(mail.inbound):
            log.warning("mail_loop", channel=self._name, uid=uid)
            return False
        try:
            await self._host.deliver(await self._in_its_thread(mail.inbound, mail.ticket))
        except Unacceptable as error:
            log.warning("mail_not_taken", channel=self._name, uid=uid, code=error.code)
            return False
        return True

    async def _in_its_thread(self, said: Inbound, ticket: str | None) -> Inbound:
        """The message where its ticket is, unless it belongs to a conversation we know."""
        if ticket is None or (await self._host.transcript(said.place, 1)).messages:
            return said
        place = said.place
        thread = await self._host.thread_of_ticket(place.account, place.handle, ticket)
        return said if thread is None else replace(said, place=replace(place, thread=thread))

    async def _tell_bounce(self, bounce: Bounce | None) -> None:
        if bounce is None or bounce.key is None:
            return
        log.warning("mail_bounced", channel=self._name, part=bounce.key, failed=bounce.failed)
        if bounce.failed:
            await self._host.bounced(self._own.account, bounce.key, bounce.reason)

    async def _keep(self, mailbox: Mailbox, uid: int, day: date) -> None:
        await self._host.keep_cursor(self._own.account, str(Cursor(mailbox.validity, uid, day)))
