"""What X tells, in the words of the contract. Pure: nothing is fetched, and nothing raises for an odd payload."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.words import Inbound, Place
from channels.x.text import unescaped, without_mentions

#: Characters of a payload that are kept as they came.
LONGEST_RAW = 100_000

#: An id of X says when it was given: milliseconds since this moment, in front of 22 bits.
_EPOCH_MS = 1_288_834_974_657
_TAIL = 22

_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
_OWN_LINK = re.compile(r"\s*https://t\.co/\w{1,30}\s*$", re.ASCII)

#: A payload, or a part of one.
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Media:
    """A file on X's side."""

    url: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Includes:
    """What the events of a page lean on, by id."""

    users: Mapping[str, Payload]
    media: Mapping[str, Payload]
    posts: Mapping[str, Payload]

    @classmethod
    def of(cls, page: Payload) -> Includes:
        found = _part(page, "includes")
        return cls(
            _by(found, "users", "id"),
            _by(found, "media", "media_key"),
            _by(found, "tweets", "id"),
        )


def message(event: Payload, includes: Includes, me: str) -> Inbound | None:
    """A direct message to us; None for our own, for those of a group, and for what is no message."""
    id_, sender, talk = identity(event), _id(event, "sender_id"), _text(event, "dm_conversation_id")
    if event.get("event_type") != "MessageCreate" or not id_ or sender in {"", me} or (talk and "-" not in talk):
        return None
    user = includes.users.get(sender, {})
    return Inbound(
        event_id=id_,
        place=Place(account=me, handle=sender),
        text=_words(event, _text(event, "text")),
        name=_text(user, "name"),
        verified_by="x",
        attributes=_attributes(user),
        sent_at=moment(id_),
        raw=_raw("message", event, []),
    )


def mention(post: Payload, includes: Includes, me: str) -> Inbound | None:
    """A public post that mentions us; None for our own and for what is no post. An edit is told as one."""
    id_, author = identity(post), _id(post, "author_id")
    if not id_ or author in {"", me}:
        return None
    user = includes.users.get(author, {})
    long = _part(post, "note_tweet")
    words = _words(long, _text(long, "text")) if _text(long, "text") else _words(post, _text(post, "text"))
    return Inbound(
        event_id=id_,
        place=Place(account=me, handle=author, thread=_id(post, "conversation_id"), public=True),
        text=without_mentions(words),
        name=_text(user, "name"),
        verified_by="x",
        attributes=_attributes(user),
        reply_to=answered(post) or None,
        edit_of=_first_version(post, id_),
        language=_language(post),
        sent_at=moment(id_),
        raw=_raw("post", post, [includes.posts[one] for one in _referenced(post) if one in includes.posts]),
    )


def media(event: Payload, includes: Includes) -> list[Media]:
    """The files of a message or a post."""
    keys = _part(event, "attachments").get("media_keys")
    found = [includes.media.get(key) for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return [file for one in found if one and (file := _file(one))]


def identity(event: Payload) -> str:
    """The id of an event, or "" where it has none that is one."""
    return _id(event, "id")


def moment(id_: str) -> datetime | None:
    """When an id was given."""
    try:
        return datetime.fromtimestamp(((int(id_) >> _TAIL) + _EPOCH_MS) / 1000, UTC)
    except (ValueError, OverflowError):
        return None


def first_id(at: datetime) -> str:
    """The lowest id that can be given at `at`."""
    return str(max(int(at.timestamp() * 1000) - _EPOCH_MS, 0) << _TAIL)


def answered(post: Payload) -> str:
    """The id of the post this one replies to, or ""."""
    return next((id_ for id_, kind in _referenced(post).items() if kind == "replied_to"), "")


def may_answer(raw: Payload, me: str) -> bool:
    """Whether X lets an app reply to this post: only to who mentioned or quoted its account."""
    post = _part(raw, "post")
    named = {_id(one, "id") for one in _list(_part(post, "entities"), "mentions")}
    theirs = {_id(one, "id"): _id(one, "author_id") for one in _list(raw, "referenced")}
    quoted = {theirs.get(id_) for id_, kind in _referenced(post).items() if kind == "quoted"}
    return me in named | quoted


def text_of(event: Payload) -> str:
    """The whole text of what we sent, as we wrote it."""
    long = _part(event, "note_tweet")
    return _words(long, _text(long, "text")) if _text(long, "text") else _words(event, _text(event, "text"))


def _words(event: Payload, text: str) -> str:
    for link in _list(_part(event, "entities"), "urls"):
        short, whole = _text(link, "url"), _text(link, "expanded_url")
        if short and whole and "media_key" not in link:
            text = text.replace(short, whole)
    # The link that X adds for a file.
    if _part(event, "attachments").get("media_keys"):
        text = _OWN_LINK.sub("", text)
    return unescaped(text)


def _file(found: Payload) -> Media | None:
    variants = [one for one in _list(found, "variants") if _text(one, "content_type") == "video/mp4"]
    best = max(variants, key=_bit_rate, default=None)
    url = _text(best, "url") if best else _text(found, "url")
    if not url:
        return None
    name = url.partition("?")[0].rpartition("/")[2][-100:] or "file"
    return Media(url, name, "video/mp4" if best else "")


def _bit_rate(variant: Payload) -> int:
    rate = variant.get("bit_rate")
    return rate if isinstance(rate, int) else 0


def _attributes(user: Payload) -> dict[str, str]:
    name = _text(user, "username")
    return {"username": name} if name else {}


def _first_version(post: Payload, id_: str) -> str | None:
    versions = post.get("edit_history_tweet_ids")
    first = versions[0] if isinstance(versions, list) and versions else id_
    return first if isinstance(first, str) and _ID.fullmatch(first) and first != id_ else None


def _language(post: Payload) -> str | None:
    """X marks texts without words as "qme" and the like, and those it cannot tell as "und"."""
    found = _text(post, "lang")
    return {"in": "id", "iw": "he"}.get(found, found) if _LANGUAGE.fullmatch(found) else None


def _referenced(post: Payload) -> dict[str, str]:
    return {id_: _text(one, "type") for one in _list(post, "referenced_tweets") if (id_ := _id(one, "id"))}


def _raw(kind: str, event: Payload, referenced: Sequence[Payload]) -> dict[str, object]:
    """The payload, with what it refers to as context; of one too large what a reply must name."""
    whole: dict[str, object] = {kind: event, "referenced": list(referenced)}
    if _can_be_kept(whole):
        return whole
    kept = ("id", "author_id", "sender_id", "conversation_id", "dm_conversation_id")
    small: dict[str, object] = {key: id_ for key in kept if (id_ := _text(event, key)[:50])}
    mentions = [{"id": _id(one, "id")} for one in _list(_part(event, "entities"), "mentions")[:100]]
    return {kind: small | {"entities": {"mentions": mentions}}}


def _can_be_kept(whole: Payload) -> bool:
    try:
        return len(json.dumps(whole, allow_nan=False)) <= LONGEST_RAW
    except ValueError:  # NaN, which Python reads and no database takes
        return False


def _by(found: Payload, kind: str, key: str) -> dict[str, Payload]:
    return {name: one for one in _list(found, kind) if (name := _text(one, key))}


def _part(found: Payload, key: str) -> Payload:
    part = found.get(key)
    return part if isinstance(part, dict) else {}


def _list(found: Payload, key: str) -> list[Payload]:
    parts = found.get(key)
    return [one for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []


def _text(found: Payload, key: str) -> str:
    text = found.get(key)
    return text if isinstance(text, str) else ""


def _id(found: Payload, key: str) -> str:
    text = _text(found, key)
    return text if _ID.fullmatch(text) else ""
