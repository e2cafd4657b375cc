"""What Discord says, in the words every channel shares. Pure: nothing is asked, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import discord

from channels.discord.bounds import bounded
from channels.discord.rooms import Room
from channels.words import Inbound, Place

#: Types of messages that a person wrote: a plain one and a reply. The others tell of joins, pins, calls, boosts.
WRITTEN = frozenset({0, 19})
#: Types of interactions.
COMMAND, PRESS = 2, 3
#: `flags` of a message only one person sees.
EPHEMERAL = 1 << 6
MENTION = re.compile(r"<@!?(\d{1,20})>")
EMOJI = re.compile(r"<a?(:\w{2,32}:)\d{1,20}>")
SNOWFLAKE = re.compile(r"\d{1,20}")


def parse(event: str, payload: Mapping[str, Any], account: str, room: Room) -> Inbound | None:
    """The event as a message, without its files; None for what nobody said."""
    try:
        match event:
            case "MESSAGE_CREATE":
                return _written(payload, account, room)
            case "MESSAGE_UPDATE":
                return _edited(payload, account, room)
            case "INTERACTION_CREATE":
                return _interaction(payload, account, room)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return None


def taken_back(message: str, account: str) -> Inbound:
    """A message that is no more; Discord does not say whose it was."""
    place = Place(account=account, handle="")
    return Inbound(event_id=f"{message}.deleted", place=place, edit_of=message, deleted=True)


def addressed(payload: Mapping[str, Any], account: str, room: Room) -> bool:
    """Whether a message is meant for us: said in our own room, naming us, or answering us."""
    author = _mapping(payload.get("author"))
    answered = _mapping(_mapping(payload.get("referenced_message")).get("author"))
    named = any(_mapping(each).get("id") == account for each in _sequence(payload.get("mentions")))
    return author.get("id") == room.person or named or answered.get("id") == account


def snowflake(value: object) -> int:
    """0 for what is no id."""
    return int(value) if isinstance(value, str) and SNOWFLAKE.fullmatch(value) else 0


def files(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The attachments of a message and of the ones it forwards."""
    found = [*_sequence(payload.get("attachments"))]
    for forwarded in _forwarded(payload):
        found += _sequence(forwarded.get("attachments"))
    return [each for each in found if isinstance(each, dict)]


def _written(payload: Mapping[str, Any], account: str, room: Room) -> Inbound | None:
    author = payload["author"]
    if payload.get("type", 0) not in WRITTEN or payload.get("webhook_id") or author.get("bot") or author.get("system"):
        return None
    text = _text(payload, account)
    if not snowflake(payload["id"]) or not snowflake(author["id"]) or not (text.strip() or files(payload)):
        return None
    return Inbound(
        event_id=payload["id"],
        place=_place(author["id"], account, room),
        text=text,
        name=_name(author, payload.get("member")),
        verified_by="discord",
        attributes={"username": str(author.get("username") or "")},
        reply_to=_answered(payload),
        sent_at=discord.utils.snowflake_time(int(payload["id"])),
        raw=bounded(payload),
    )


def _edited(payload: Mapping[str, Any], account: str, room: Room) -> Inbound | None:
    """None for a change nobody made, as when a link's preview is ready."""
    at = payload.get("edited_timestamp")
    if not at or not _mapping(payload.get("author")) or "content" not in payload:
        return None
    written = _written(payload, account, room)
    if written is None:
        return None
    return Inbound(
        event_id=f"{written.event_id}.{str(at)[:40]}",
        place=written.place,
        text=written.text or "\n".join(f"📎 {str(each.get('filename'))[:200]}" for each in files(payload)),
        name=written.name,
        verified_by=written.verified_by,
        attributes=written.attributes,
        edit_of=written.event_id,
        reply_to=written.reply_to,
        sent_at=datetime.fromisoformat(at),
        raw=written.raw,
    )


def _interaction(payload: Mapping[str, Any], account: str, room: Room) -> Inbound | None:
    member = _mapping(payload.get("member"))
    user = member.get("user") or payload["user"]
    data = payload["data"]
    if payload["type"] == PRESS:
        text, choice = _title(payload, data["custom_id"]), data["custom_id"].partition(":")[2]
    elif payload["type"] == COMMAND:
        text, choice = _command(payload, data)
    else:
        return None
    return Inbound(
        event_id=payload["id"],
        place=_place(user["id"], account, room),
        text=text,
        name=_name(user, member),
        verified_by="discord",
        attributes={"username": str(user.get("username") or "")},
        choice=choice or None,
        language=str(payload.get("locale") or "") or None,
        sent_at=discord.utils.snowflake_time(int(payload["id"])),
        # Whoever has the token speaks with our voice for a quarter of an hour.
        raw=bounded({key: value for key, value in payload.items() if key != "token"}),
    )


def _command(payload: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str, str]:
    said = " ".join(str(option.get("value", "")) for option in _sequence(data.get("options")))
    match data["name"]:
        case "human":
            return said or "/human", "human"
        case "ticket" if not said:
            return ("我的工单进度如何？" if str(payload.get("locale")).startswith("zh") else "ticket status"), ""
        case _:
            return said, ""


def _place(person: str, account: str, room: Room) -> Place:
    return Place(account=account, handle=person, thread=room.thread, public=room.public)


def _text(payload: Mapping[str, Any], account: str) -> str:
    names = {each["id"]: _name(each, each.get("member")) for each in _sequence(payload.get("mentions"))}
    said = [str(payload.get("content") or "")]
    said += [f"> {forwarded.get('content')}" for forwarded in _forwarded(payload) if forwarded.get("content")]
    said += [f":{each.get('name')}:" for each in _sequence(payload.get("sticker_items"))]
    said += _poll(_mapping(payload.get("poll")))
    text = MENTION.sub(lambda found: _called(found[1], account, names), "\n".join(filter(None, said)))
    return EMOJI.sub(r"\1", text).strip() if text != said[0] else EMOJI.sub(r"\1", text)


def _poll(poll: Mapping[str, Any]) -> list[str]:
    """Its question and what one may vote for."""
    if not poll:
        return []
    answers = [_mapping(_mapping(each).get("poll_media")) for each in _sequence(poll.get("answers"))]
    return [f"📊 {_mapping(poll.get('question')).get('text', '')}", *(f"• {each.get('text', '')}" for each in answers)]


def _called(person: str, account: str, names: Mapping[str, str]) -> str:
    """We know that we are meant; of others the name is what a reader can use."""
    return "" if person == account else f"@{names.get(person, person)}"


def _forwarded(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    snapshots = _sequence(payload.get("message_snapshots"))
    return [_mapping(_mapping(each).get("message")) for each in snapshots]


def _answered(payload: Mapping[str, Any]) -> str | None:
    """The message this one answers; forwarding refers to one as well."""
    reference = _mapping(payload.get("message_reference"))
    found = str(reference.get("message_id") or "")
    return found if reference.get("type", 0) == 0 and snowflake(found) else None


def _title(payload: Mapping[str, Any], custom_id: str) -> str:
    """What stands on the button that was pressed."""
    for row in _sequence(_mapping(payload.get("message")).get("components")):
        for button in _sequence(_mapping(row).get("components")):
            if _mapping(button).get("custom_id") == custom_id:
                return str(button.get("label") or "")
    return ""


def _name(user: Mapping[str, Any], member: object) -> str:
    return str(_mapping(member).get("nick") or user.get("global_name") or user.get("username") or "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
