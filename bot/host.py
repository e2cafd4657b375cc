"""What the core does for one channel: the door through which every message comes in."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bot.conversation import Conversations, now
from bot.delivery import OURS
from bot.errors import NotFound, Refused, StorageDown
from bot.files import Files
from bot.metrics import SENDS
from bot.redaction import redact, redact_all
from bot.rendering import render
from bot.settings import Settings
from bot.states import States
from bot.store import inbox, outbox, reading
from bot.store.database import Database
from bot.store.reading import Said
from channels.base import Channel
from channels.errors import NotStored, Unacceptable
from channels.words import Author, Choice, Inbound, Place, Received, Shown, StaffMessage, StoredFile, Transcript

log = structlog.get_logger()

#: Bytes of an id of the platform's or of a choice; more, and no index takes it. A mail's Message-ID has up to 998.
LONGEST_ID = 1000

#: Characters of what a platform says about a message that failed.
LONGEST_REASON = 300

#: `Outbound.key`, as far as a database counts.
KEY = re.compile(r"(\d{1,9})\.\d{1,6}", re.ASCII)

#: Characters that reorder the text around them, so that it reads as something it is not.
BIDI = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


class ChannelHost:
    """Implements `channels.base.Host` for `channel`. `key` is Frontdesk's own secret.

    `staff_said` takes what was written in the staff room of a channel; None where there is none. `completed` is put to
    every text that no agent wrote, before its person is shown it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - one for each part of the core that it is the door to
        self,
        channel: Channel,
        database: Database,
        conversations: Conversations,
        files: Files,
        expect: Callable[[int, datetime], None],
        settings: Settings,
        states: States,
        key: bytes,
        staff_said: Callable[[str, StaffMessage], Awaitable[None]] | None = None,
        completed: Callable[[str], str] = str,
    ) -> None:
        self._completed = completed
        self._staff_said = staff_said
        self._states = states
        self._settings = settings
        self._secret = hmac.digest(key, channel.name.encode(), "sha256")
        self._channel = channel
        self._database = database
        self._conversations = conversations
        self._files = files
        self._expect = expect

    @property
    def brand(self) -> str:
        return self._settings.brand.name

    @property
    def languages(self) -> Sequence[str]:
        return self._settings.languages

    @property
    def secret(self) -> bytes:
        return self._secret

    async def deliver(self, inbound: Inbound) -> Received:
        """Stores the message, then lets its turn begin."""
        clean = replace(
            inbound,
            text=redact(clean_text(inbound.text)),
            raw=redact_all(inbound.raw),
            whole=redact(clean_text(inbound.whole)),
            beside={clean_text(key): redact(clean_text(value)) for key, value in inbound.beside.items()},
            name=clean_text(inbound.name)[:200],
            attributes={clean_text(key): clean_text(value) for key, value in inbound.attributes.items()},
        )
        self._check(clean)
        try:
            kept = await self._files.keep(clean.attachments)
            arrival = await self._conversations.receive(self._channel.name, clean, kept)
        except StorageDown as error:
            log.error("not_stored", channel=self._channel.name, reason=str(error))
            raise NotStored(str(error)) from error
        except NotFound as error:
            raise Unacceptable("unknown_message", str(error)) from error
        self._states.heard(self._channel.name, inbound.place.account, inbound.sent_at)
        if arrival.ready_at:
            self._expect(arrival.conversation_id, arrival.ready_at)
        return Received(message_id=arrival.message_id, fresh=arrival.fresh)

    async def staff_said(self, said: StaffMessage) -> None:
        """Does what an agent wrote."""
        if self._staff_said is None or not all(map(_plain, (said.event_id, said.thread, said.person, said.edit_of))):
            raise Unacceptable("bad_request", "no staff room, or ids that are none")
        await self._staff_said(self._channel.name, said)

    async def transcript(self, place: Place, limit: int = 100) -> Transcript:
        """What the person at `place` sees."""
        try:
            talk = await self._database.run(reading.talk, self._channel.name, place, limit)
        except StorageDown as error:
            raise NotStored(str(error)) from error
        if talk is None:
            return Transcript()
        return Transcript(
            owner=talk.owner, agent=talk.agent, ticket=talk.ticket, messages=[self._shown(said) for said in talk.said]
        )

    async def file(self, place: Place, file_id: int) -> StoredFile | None:
        """A file of the conversation at `place`, and of no other."""
        try:
            found = await self._database.run(reading.file_at, self._channel.name, place, file_id)
        except StorageDown as error:
            raise NotStored(str(error)) from error
        return self._files.stored(found) if found else None

    async def bounced(self, account: str, key: str, reason: str) -> None:
        """The message of ours that `key` names is failed."""
        named = KEY.fullmatch(key)
        if named is None:
            return
        message_id, said = int(named[1]), redact(clean_text(reason))[:LONGEST_REASON]
        try:
            failed = await self._database.run(outbox.bounced, self._channel.name, account, message_id, said, now())
        except StorageDown as error:
            raise NotStored(str(error)) from error
        if failed:
            SENDS.labels(self._channel.name, "bounced").inc()
            log.warning("send_bounced", channel=self._channel.name, message=message_id)

    async def thread_of_ticket(self, account: str, handle: str, number: str) -> str | None:
        """Where the ticket's conversation with this handle is, and nobody else's."""
        try:
            return await self._database.run(reading.thread_of_ticket, self._channel.name, account, handle, number)
        except StorageDown as error:
            raise NotStored(str(error)) from error

    async def move(self, token: str, place: Place) -> None:
        """A conversation goes on in private, once."""
        try:
            await self._conversations.move(self._channel.name, token, place)
        except StorageDown as error:
            raise NotStored(str(error)) from error
        except Refused as error:
            raise Unacceptable("link_over", str(error)) from error

    async def cursor(self, account: str) -> str | None:
        """Where the last run stopped reading."""
        try:
            return await self._database.run(inbox.cursor, self._channel.name, account)
        except StorageDown as error:
            raise NotStored(str(error)) from error

    async def keep_cursor(self, account: str, value: str) -> None:
        """Everything before `value` is delivered."""
        try:
            await self._database.run(inbox.keep_cursor, self._channel.name, account, value)
        except StorageDown as error:
            raise NotStored(str(error)) from error

    def listening(self, account: str) -> None:
        """The platform is heard."""
        self._states.listening(self._channel.name, account)

    def trouble(self, account: str, reason: str) -> None:
        """The platform is not heard."""
        self._states.trouble(self._channel.name, account, reason)

    def _check(self, inbound: Inbound) -> None:
        place = inbound.place
        names = (inbound.event_id, place.account, place.handle, place.thread, inbound.edit_of, inbound.reply_to)
        named = place.handle or inbound.deleted
        if not (inbound.event_id and named and all(map(_plain, (*names, inbound.choice, inbound.language)))):
            raise Unacceptable("bad_request", f"ids and choices are plain text of at most {LONGEST_ID} bytes")
        if not inbound.deleted and not inbound.text.strip() and not inbound.attachments and not inbound.choice:
            raise Unacceptable("empty", "a message needs text, a file or a choice")
        if len(inbound.text) > self._settings.conversation.longest_message:
            raise Unacceptable(
                "too_long",
                f"{len(inbound.text)} characters; the limit is {self._settings.conversation.longest_message}",
            )
        if len(inbound.attachments) > self._channel.limits.most_files:
            reason = f"{len(inbound.attachments)} files; the limit is {self._channel.limits.most_files}"
            raise Unacceptable("too_many_files", reason)
        largest = max((len(file.data) for file in inbound.attachments), default=0)
        if largest > self._channel.limits.file_bytes:
            raise Unacceptable("file_too_large", f"{largest} bytes; the limit is {self._channel.limits.file_bytes}")

    def _shown(self, said: Said) -> Shown:
        message = said.message
        plain = message.author is Author.USER
        text = self._completed(message.text) if message.author in OURS else message.text
        return Shown(
            message_id=message.id,
            event_id=message.event_id,
            author=message.author,
            author_name=message.author_name,
            text=text if plain else render(text, self._channel.limits.markup),
            choices=[Choice(title=choice["title"], payload=choice["payload"]) for choice in message.choices],
            files=[self._files.stored(file) for file in said.files],
            created_at=message.created_at,
        )


def _plain(name: str | None) -> bool:
    return not name or (clean_text(name) == name and len(name.encode()) <= LONGEST_ID)


def clean_text(text: str) -> str:
    """The text without what is not text: control characters, reordering marks, halves of characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").translate(BIDI)
    return "".join(character for character in whole if character in "\n\t" or unicodedata.category(character) != "Cc")
