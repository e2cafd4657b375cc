"""Whether a message is meant for us, and what it says without the call."""

from __future__ import annotations

from dataclasses import dataclass

from channels.telegram.commands import meant
from channels.telegram.wire import Entity, Message

GROUPS = ("group", "supergroup")


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are there: the bot's id, and its name without the @. `groups` is whether we answer in them."""

    account: str
    username: str
    groups: bool = True


def said(message: Message, me: Me) -> str | None:
    """The words, without our name among them and with a command in plain words; None where they are for others."""
    text = message.text or message.caption
    marks = message.entities if message.text else message.caption_entities
    group = message.chat.type in GROUPS
    if group and not me.groups:
        return None
    command = _command(text, marks)
    if command:
        name, target, rest = command
        if target and target.casefold() != me.username.casefold():
            return None if group else text
        language = message.sender.language_code if message.sender else None
        words = meant(name, rest, language)
        if words is not None:
            return words
        return text if target or not group else None
    calls = [stretch for mark in marks if (stretch := _call(text, mark, me))]
    if group and not calls and not _answers(message, me):
        return None
    return _without(text, calls)


def _answers(message: Message, me: Me) -> bool:
    """Whether it replies to something of ours. The head of a topic is what every message in it seems to answer."""
    answered = message.reply_to_message
    if answered is None or answered.sender is None:
        return False
    head = message.is_topic_message and answered.message_id == message.message_thread_id
    return not head and str(answered.sender.id) == me.account


def _command(text: str, marks: list[Entity]) -> tuple[str, str, str] | None:
    """Name, whom it is for, and what follows, where the message begins with a command."""
    mark = next((mark for mark in marks if mark.type == "bot_command" and mark.offset == 0), None)
    if mark is None:
        return None
    call = _stretch(text, mark)
    name, _, target = call.removeprefix("/").partition("@")
    return name.casefold(), target, text[len(call) :].strip()


def _call(text: str, mark: Entity, me: Me) -> str:
    """Our name as it stands there; "" where the mark is something else."""
    stretch = _stretch(text, mark)
    if mark.type == "mention" and me.username and stretch.casefold() == f"@{me.username}".casefold():
        return stretch
    return stretch if mark.type == "text_mention" and mark.user and str(mark.user.id) == me.account else ""


def _stretch(text: str, mark: Entity) -> str:
    wide = text.encode("utf-16-le", "surrogatepass")
    begin, end = 2 * max(mark.offset, 0), 2 * max(mark.offset + mark.length, 0)
    return wide[begin:end].decode("utf-16-le", "replace")


def _without(text: str, calls: list[str]) -> str:
    """A message that says nothing but our name keeps it."""
    rest = text
    for call in calls:
        before, _, after = rest.partition(call)
        rest = f"{before.rstrip(' ')} {after.lstrip(' ,:，：')}" if before.strip() else after.lstrip(" ,:，：")
    return rest.strip() or text
