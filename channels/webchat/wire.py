"""Messages as the widget reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sse_starlette import ServerSentEvent

from channels.webchat.streams import Item, Wait
from channels.words import Author, Choice, Outbound, Owner, Shown, Signal, StoredFile, Transcript

Link = Callable[[StoredFile], str]
Json = dict[str, Any]


def shown(message: Shown, link: Link) -> Json:
    text = "text" if message.author is Author.USER else "html"
    return {
        "id": message.message_id,
        "part": 0,
        "event_id": message.event_id,
        "author": message.author,
        "name": message.author_name,
        text: message.text,
        "choices": _choices(message.choices),
        "files": _files(message.files, link),
        "at": message.created_at.isoformat(),
    }


def said(outbound: Outbound, link: Link) -> Json:
    return {
        "id": outbound.message_id,
        "part": outbound.part,
        "event_id": None,
        "author": outbound.author,
        "name": outbound.author_name,
        "html": outbound.text,
        "choices": _choices(outbound.choices),
        "files": _files(outbound.files, link),
        "at": outbound.created_at.isoformat(),
    }


def transcript(transcript: Transcript, recent: Iterable[Outbound], link: Link) -> Json:
    """`recent` are messages already sent, of which the transcript may not know yet."""
    known = {message.message_id for message in transcript.messages}
    return {
        "owner": transcript.owner,
        "agent": transcript.agent,
        "ticket": transcript.ticket,
        "messages": [shown(message, link) for message in transcript.messages]
        + [said(outbound, link) for outbound in recent if outbound.message_id not in known],
    }


def event(item: Item, link: Link) -> ServerSentEvent:
    """An item of a stream. Only what the core says tells who answers now; a visitor's own message changes nothing."""
    if isinstance(item, Signal):
        return sse("signal", {"signal": item})
    if isinstance(item, Wait):
        return sse("waiting", {"wait": item.text})
    if isinstance(item, Shown):
        return sse("message", shown(item, link))
    agent = item.author_name if item.owner is Owner.AGENT else ""
    return sse("message", said(item, link) | {"owner": item.owner, "ticket": item.ticket, "agent": agent})


def sse(name: str, data: Json) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=json.dumps(data), sep="\n")


def _choices(choices: Sequence[Choice]) -> list[Json]:
    return [{"title": choice.title, "payload": choice.payload} for choice in choices]


def _files(files: Sequence[StoredFile], link: Link) -> list[Json]:
    return [
        {"id": file.id, "name": file.name, "media_type": file.media_type, "size": file.size, "url": link(file)}
        for file in files
    ]
