"""From an update to the words every channel shares: pure, and never surprised."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from channels.telegram.addressed import GROUPS, Me, said
from channels.telegram.wire import Keyboard, Message, Pressed, Update, User
from channels.words import Inbound, Place

#: Characters of an update that are kept as they came.
LONGEST_RAW = 100_000
LONGEST_LANGUAGE = 35
#: What Telegram shows as the writer where an administrator of a group hides behind it.
ANONYMOUS = 1087968824
#: Kinds of messages that have no words of the person's.
BARE = ("story", "game", "paid_media", "checklist", "giveaway")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message, still at Telegram. `size` in bytes, 0 where it is not told."""

    id: str
    name: str
    media_type: str
    size: int


def parse(raw: object, me: Me) -> Inbound | None:
    """What a person said or pressed; None for everything else, and in a group for what is not meant for us."""
    update = read(raw)
    if update and update.callback_query:
        return _pressed(update.update_id, update.callback_query, me, _kept(raw))
    message = update and (update.message or update.edited_message)
    if not update or not message or not message.sender or not _person(message, message.sender):
        return None
    if update.edited_message and message.location and message.location.live_period:
        return None
    text = said(message, me)
    words = "\n".join(filter(None, [text, *described(message)]))
    if text is None or not (words.strip() or _files(message)):
        return None
    return _inbound(update, message, message.sender, words, me, _kept(raw))


def read(raw: object) -> Update | None:
    """The update, typed; None for one without the form that Telegram promises."""
    try:
        return Update.model_validate(raw)
    except ValidationError:
        return None


def files(raw: object) -> Sequence[File]:
    """The files of an update; of a picture the largest size."""
    update = read(raw)
    message = update and (update.message or update.edited_message)
    return _files(message) if message else ()


def merged(parts: Sequence[Inbound]) -> Inbound:
    """An album as one message: the words of all its parts, named after the first."""
    first = parts[0]
    words = "\n".join(part.text for part in parts if part.text)
    raw = {**first.raw, "album": [part.raw for part in parts[1:]]} if len(parts) > 1 else first.raw
    return Inbound(
        event_id=first.event_id,
        place=first.place,
        text=words,
        name=first.name,
        verified_by=first.verified_by,
        attributes=first.attributes,
        choice=first.choice,
        reply_to=first.reply_to,
        edit_of=first.edit_of,
        language=first.language,
        sent_at=first.sent_at,
        raw=raw,
    )


def album(raw: object) -> tuple[int, str] | None:
    """What the parts of an album have in common; None for a message of its own."""
    update = read(raw)
    message = update.message if update else None
    return (message.chat.id, message.media_group_id) if message and message.media_group_id else None


def _person(message: Message, sender: User) -> bool:
    """Another bot is never answered: two of them would never stop."""
    hidden = sender.id == ANONYMOUS and message.chat.type in GROUPS
    return message.chat.type in ("private", *GROUPS) and (hidden or not sender.is_bot)


def _inbound(update: Update, message: Message, sender: User, text: str, me: Me, raw: Mapping[str, Any]) -> Inbound:
    name = f"{message.chat.id}:{message.message_id}"
    edited = update.edited_message is not None
    answered = message.reply_to_message
    return Inbound(
        event_id=f"update:{update.update_id}" if edited else name,
        place=place(message, sender, me),
        text=text,
        name=_name(sender),
        verified_by="telegram",
        attributes={"username": sender.username} if sender.username else {},
        reply_to=f"{message.chat.id}:{answered.message_id}" if answered else None,
        edit_of=name if edited else None,
        language=_language(sender),
        sent_at=_moment(message.edit_date if edited and message.edit_date else message.date),
        raw=raw,
    )


def _pressed(number: int, pressed: Pressed, me: Me, raw: Mapping[str, Any]) -> Inbound | None:
    message, data = pressed.message, pressed.data
    if message is None or not data or pressed.sender.is_bot or message.chat.type not in ("private", *GROUPS):
        return None
    return Inbound(
        event_id=f"update:{number}",
        place=place(message, pressed.sender, me),
        text=_title(message.reply_markup, data),
        name=_name(pressed.sender),
        verified_by="telegram",
        attributes={"username": pressed.sender.username} if pressed.sender.username else {},
        choice=data,
        reply_to=f"{message.chat.id}:{message.message_id}",
        language=_language(pressed.sender),
        raw=raw,
    )


def place(message: Message, sender: User, me: Me) -> Place:
    """In a group each person has a conversation of their own, one a topic."""
    group = message.chat.type in GROUPS
    topic = message.message_thread_id if message.is_topic_message else None
    return Place(
        account=me.account,
        handle=f"{message.chat.id}:{sender.id}" if group else str(message.chat.id),
        thread=str(topic) if topic else "",
        public=group,
    )


def _title(keyboard: Keyboard | None, data: str) -> str:
    buttons = [button for row in keyboard.inline_keyboard for button in row] if keyboard else []
    return next((button.text for button in buttons if button.callback_data == data), "")


def _name(sender: User) -> str:
    return f"{sender.first_name} {sender.last_name}".strip() or sender.username


def _language(sender: User) -> str | None:
    return (sender.language_code or "")[:LONGEST_LANGUAGE] or None


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def described(message: Message) -> list[str]:
    """What is neither text nor file, in words."""
    words = []
    if message.location:
        where, here = message.location, message.venue
        words += [f"📍 {here.title}, {here.address}"] if here else []
        words.append(f"📍 https://www.openstreetmap.org/?mlat={where.latitude:.6f}&mlon={where.longitude:.6f}")
    if message.contact:
        who = message.contact
        words.append(" ".join(filter(None, ["👤", who.first_name, who.last_name, who.phone_number])))
    if message.dice:
        words.append(f"{message.dice.emoji} {message.dice.value}")
    if message.sticker:
        words.append(message.sticker.emoji or "🖼")
    if message.poll:
        words += [f"📊 {message.poll.question}", *(f"• {option.text}" for option in message.poll.options)]
    return words + [f"❓ {kind}" for kind in BARE if getattr(message, kind) is not None]


def _files(message: Message) -> list[File]:
    found = []
    if message.photo:
        largest = message.photo[-1]
        found.append(File(largest.file_id, "photo.jpg", "image/jpeg", largest.file_size))
    kinds = [
        # An animation is told a second time as a document, for programs that know none.
        (message.animation or message.document, "file", "application/octet-stream"),
        (message.audio, "audio.mp3", "audio/mpeg"),
        (message.video, "video.mp4", "video/mp4"),
        (message.video_note, "video.mp4", "video/mp4"),
        (message.voice, "voice.ogg", "audio/ogg"),
    ]
    for remote, name, media_type in kinds:
        if remote:
            kind = remote.mime_type or media_type
            found.append(File(remote.file_id, remote.file_name or name, kind, remote.file_size))
    return found


def _kept(raw: object) -> dict[str, Any]:
    """The update as it came; of an enormous one only the names of things."""
    known = dict(raw) if isinstance(raw, Mapping) else {}
    if len(json.dumps(known, default=str)) <= LONGEST_RAW:
        return known
    update = read(raw)
    message = update and (update.message or update.edited_message)
    names = {"message_id": message.message_id, "chat": {"id": message.chat.id}} if message else {}
    return {"update_id": update.update_id if update else 0, "message": names, "shortened": True}
