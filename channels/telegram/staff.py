"""A group with topics where staff answer tickets: each ticket is a topic, and nothing said there is a customer's."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from telegram.constants import ReactionEmoji
from telegram.error import TelegramError

from channels.errors import Never
from channels.staff import StaffRoom
from channels.telegram.addressed import Me
from channels.telegram.client import Client, translated
from channels.telegram.parse import ANONYMOUS, described, read
from channels.telegram.settings import TelegramStaff
from channels.telegram.wire import Message
from channels.words import Place, StaffMessage

Result = TypeVar("Result")

#: Characters of a topic's name.
LONGEST_TITLE = 128
#: A command that names a bot.
CALLED = re.compile(r"(/\w+)@(\w+)")


class Group(StaffRoom):
    """The group of `settings`, as the bot with the id `account` sees it."""

    def __init__(self, settings: TelegramStaff, account: str, client: Client) -> None:
        super().__init__(settings)
        self._group = settings.group
        self._account = account
        self._client = client

    def place(self, thread: str) -> Place:
        return Place(account=self._account, handle=str(self._group), thread=thread, public=True)

    async def open(self, title: str) -> str:
        topic = await _asked(self._client.create_forum_topic(self._group, title[:LONGEST_TITLE]))
        return str(topic.message_thread_id)

    async def close(self, thread: str) -> None:
        await self._changed(self._client.close_forum_topic(self._group, int(thread)))

    async def reopen(self, thread: str) -> None:
        await self._changed(self._client.reopen_forum_topic(self._group, int(thread)))

    async def mark(self, thread: str, raw: Mapping[str, object]) -> None:
        message = raw.get("message")
        number = message.get("message_id") if isinstance(message, Mapping) else None
        if isinstance(number, int):
            await _asked(self._client.set_message_reaction(self._group, number, ReactionEmoji.THUMBS_UP))

    async def _changed(self, change: Awaitable[bool]) -> None:
        try:
            await _asked(change)
        except Never as error:
            if "not_modified" not in str(error).casefold():
                raise


async def _asked(ask: Awaitable[Result]) -> Result:
    """Raises what `Channel.send` raises."""
    try:
        return await ask
    except TelegramError as error:
        raise translated(error) from error


def is_here(raw: object, group: int) -> bool:
    """Whether the update is from the group, whatever it is."""
    update = read(raw)
    pressed = update.callback_query if update else None
    message = update and (update.message or update.edited_message or (pressed and pressed.message))
    return bool(message and message.chat.id == group)


def heard(updates: Sequence[object], me: Me) -> StaffMessage | None:
    """What a person wrote in a topic, an album as one message and without its files; None for everything else."""
    found = [update for raw in updates if (update := read(raw)) and (update.message or update.edited_message)]
    messages = [message for update in found if (message := update.message or update.edited_message)]
    if not messages or not _written(messages[0]):
        return None
    text = _text(messages, me)
    first, edited = messages[0], found[0].edited_message is not None
    name = f"{first.chat.id}:{first.message_id}"
    if text is None or first.sender is None:
        return None
    return StaffMessage(
        event_id=f"update:{found[0].update_id}" if edited else name,
        thread=str(first.message_thread_id),
        person=str(first.sender.id),
        text=text,
        edit_of=name if edited else None,
        raw={"message": {"message_id": first.message_id}},
    )


def _written(message: Message) -> bool:
    """By a person; one who hides behind the group could be anybody, so that they are no agent, but can be told so."""
    sender = message.sender
    if sender is None or not (message.is_topic_message and message.message_thread_id):
        return False
    return sender.id == ANONYMOUS or not (sender.is_bot or message.sender_chat)


def _text(messages: Sequence[Message], me: Me) -> str | None:
    """None for a command to another bot."""
    words: list[Any] = [line for each in messages for line in (each.text or each.caption, *described(each))]
    text = "\n".join(filter(None, words))
    called = CALLED.match(text)
    if called and called[2].casefold() != me.username.casefold():
        return None
    return CALLED.sub(r"\1", text, count=1) if called else text
