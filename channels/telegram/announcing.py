"""What everybody in a channel or group reads: posted, changed, taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from telegram.error import BadRequest, ChatMigrated, Forbidden

from channels.errors import ChannelError, Never
from channels.telegram.client import Client, told, translated
from channels.telegram.markup import shown
from channels.telegram.sending import NO_PREVIEW, Sending
from channels.telegram.settings import TelegramSettings
from channels.words import Board, Outbound, Place, Sent

#: Characters under a picture.
LONGEST_CAPTION = 1_024
#: What the Bot API says where there is nothing left to do.
UNCHANGED, GONE = "message is not modified", ("message to delete not found", "message_id_invalid")
RIGHT = "make the bot an administrator there that may post messages, or correct announce"


class Announcing:
    """Announces with `client`."""

    def __init__(self, client: Client, settings: TelegramSettings, sending: Sending) -> None:
        self._client, self._settings, self._sending = client, settings, sending

    def boards(self) -> Sequence[Board]:
        """Those of the settings."""
        return [
            Board(place=self._place(one.place), language=one.language, caption=LONGEST_CAPTION)
            for one in self._settings.announce
        ]

    async def announce(self, outbound: Outbound) -> Sent:
        """Raises `TryAgain`, `Never` or `MayHaveArrived`."""
        place = outbound.place
        text, entities = shown(outbound.text)
        target: dict[str, Any] = {
            "chat_id": chat_of(place),
            "message_thread_id": int(place.thread) if place.thread else None,
        }
        with _told(place):
            if outbound.files:
                caption = {"caption": text, "caption_entities": entities} if text else {}
                message = await self._sending.file(outbound.files[0], {**target, **caption})
            else:
                message = await self._client.send_message(
                    text=text, entities=entities, link_preview_options=NO_PREVIEW, **target
                )
        return Sent(platform_id=f"{message.chat_id}:{message.message_id}")

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        """Raises as `announce` does."""
        text, entities = shown(outbound.text)
        target = _target(platform_id)
        with _told(outbound.place, UNCHANGED):
            if outbound.files:
                await self._client.edit_message_caption(caption=text, caption_entities=entities, **target)
            else:
                await self._client.edit_message_text(
                    text=text, entities=entities, link_preview_options=NO_PREVIEW, **target
                )

    async def withdraw(self, place: Place, platform_id: str) -> None:
        """Raises as `announce` does."""
        with _told(place, *GONE):
            await self._client.delete_message(**_target(platform_id))

    def _place(self, written: str) -> Place:
        chat, _, topic = written.partition(":")
        return Place(account=self._settings.account, handle=chat, thread=topic, public=True)


def chat_of(place: Place) -> str | int:
    """The chat, as the Bot API wants it."""
    return place.handle if place.handle.startswith("@") else int(place.handle)


def _target(platform_id: str) -> dict[str, Any]:
    chat, _, message = platform_id.partition(":")
    return {"chat_id": int(chat), "message_id": int(message)}


@contextmanager
def _told(place: Place, *done: str) -> Iterator[None]:
    """Says in the contract's words what went wrong; an error that begins with one of `done` is none."""
    try:
        yield
    except ChannelError:
        raise
    except ChatMigrated as error:
        raise Never(
            f"the group has become a supergroup: write {error.new_chat_id} in announce instead of {place.handle}"
        ) from error
    except (BadRequest, Forbidden) as error:
        reason = told(error)
        if any(word in reason.casefold() for word in done):
            return
        raise Never(_remedied(reason)) from error
    except Exception as error:
        # Anything else than an error of Telegram's comes from reading its answer: it may have the message.
        raise translated(error) from error


def _remedied(reason: str) -> str:
    said = reason.casefold()
    if "can't be deleted" in said:
        return f"{reason}: after 48 hours only an administrator with the right to delete messages can"
    if any(word in said for word in ("rights", "chat not found", "not a member", "kicked", "need administrator")):
        return f"{reason}: {RIGHT}"
    return reason
