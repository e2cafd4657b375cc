"""One part becomes one request, so that none is ever half sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import LinkPreviewOptions, Message, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, RetryAfter

from channels.errors import ChannelError, Never, NotYet, TryAgain
from channels.telegram.client import Client, seconds, translated
from channels.telegram.keyboard import keyboard
from channels.telegram.markup import shown
from channels.telegram.pace import Pace
from channels.words import Outbound, Place, Sent, StoredFile

#: Seconds worth waiting here; for longer pauses the core tries again.
SHORT_WAIT = 0.3
#: Bytes of a picture that is shown; a larger one is sent as a file.
LARGEST_PICTURE = 10_000_000
#: What the errors of Telegram say where a file is fine but may not be sent this way.
OTHERWISE = ("photo_", "image_process", "voice_messages_forbidden", "wrong file", "wrong type")

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


#: A way to send a file, and what it calls the file.
Way = tuple[Callable[..., Awaitable[Message]], str]


class Sending:
    """Sends parts with `client`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pace = Pace()
        #: Groups that became supergroups, with their new ids.
        self._moved: dict[int, int] = {}

    async def send(self, outbound: Outbound) -> Sent:
        """Raises `TryAgain`, `Never` or `MayHaveArrived`."""
        try:
            chat = int(outbound.place.handle.partition(":")[0])
        except ValueError as error:
            raise Never(f"{outbound.place.handle!r} is no chat") from error
        try:
            message = await self._here(self._moved.get(chat, chat), outbound)
        except ChannelError:
            raise
        except Exception as error:
            # Anything else than an error of Telegram's comes from reading its answer: it may have the message.
            raise translated(error) from error
        return Sent(platform_id=f"{message.chat_id}:{message.message_id}")

    def where(self, place: Place) -> dict[str, Any]:
        """Chat and topic of a place. Raises `ValueError`."""
        chat = int(place.handle.partition(":")[0])
        topic = int(place.thread) if place.thread else None
        return {"chat_id": self._moved.get(chat, chat), "message_thread_id": topic}

    async def _here(self, chat: int, outbound: Outbound) -> Message:
        await self._turn(chat, outbound.key)
        try:
            return await self._sent(chat, outbound)
        except RetryAfter as error:
            self._pace.hold(chat, seconds(error))
            raise
        except ChatMigrated as error:
            self._moved[chat] = error.new_chat_id
            return await self._sent(error.new_chat_id, outbound)

    async def _turn(self, chat: int, key: str) -> None:
        wait = self._pace.wait(chat, key)
        while 0 < wait <= SHORT_WAIT:
            await asyncio.sleep(wait)
            wait = self._pace.wait(chat, key)
        if wait > 0:
            raise NotYet("as much as Telegram takes was sent to this chat", wait)

    async def _sent(self, chat: int, outbound: Outbound) -> Message:
        target: dict[str, Any] = {
            "chat_id": chat,
            "message_thread_id": int(outbound.place.thread) if outbound.place.thread else None,
            "reply_parameters": _reply(outbound),
            "reply_markup": keyboard(outbound.choices),
        }
        if outbound.files:
            return await self.file(outbound.files[0], target)
        text, entities = shown(outbound.text)
        return await self._client.send_message(text=text, entities=entities, link_preview_options=NO_PREVIEW, **target)

    async def file(self, file: StoredFile, target: Mapping[str, Any]) -> Message:
        """Sends it to `target`, as what it is. Raises `TelegramError`, or `TryAgain` where it cannot be read."""
        try:
            data = await asyncio.to_thread(file.path.read_bytes)
        except OSError as error:
            raise TryAgain(f"the file cannot be read: {type(error).__name__}") from error
        send, field = self._way(file)
        try:
            return await send(**{field: data}, filename=file.name, **target)
        except BadRequest as error:
            # Refused whole: odd measures, or a person who wants no voice notes.
            if field == "document" or not str(error).casefold().startswith(OTHERWISE):
                raise
        return await self._client.send_document(document=data, filename=file.name, **target)

    def _way(self, file: StoredFile) -> Way:
        client = self._client
        match file.media_type.partition(";")[0]:
            case "image/jpeg" | "image/png" | "image/webp" if file.size <= LARGEST_PICTURE:
                return client.send_photo, "photo"
            case "image/gif":
                return client.send_animation, "animation"
            case "audio/ogg":
                return client.send_voice, "voice"
            case "audio/mpeg" | "audio/mp4":
                return client.send_audio, "audio"
            case "video/mp4":
                return client.send_video, "video"
            case _:
                return client.send_document, "document"


def _reply(outbound: Outbound) -> ReplyParameters | None:
    """In a group an answer names what it answers; where that is gone it stands alone."""
    if not outbound.place.public:
        return None
    answering = outbound.answering
    update = answering.get("message") or answering.get("edited_message")
    pressed = answering.get("callback_query")
    message = update or (pressed.get("message") if isinstance(pressed, Mapping) else None)
    number = message.get("message_id") if isinstance(message, Mapping) else None
    return ReplyParameters(number, allow_sending_without_reply=True) if isinstance(number, int) else None
