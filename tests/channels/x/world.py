"""What X has: users, messages, posts and files, as its API tells them."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.channels.peer import GUESTS

ME = {"id": "9000", "name": "Example Exchange", "username": "example"}
USERS = {
    "1001": {"id": "1001", "name": "Ann Lee", "username": "ann"},
    "1002": {"id": "1002", "name": "Bob", "username": "bob"},
    **{str(2000 + n): {"id": str(2000 + n), "name": name.title(), "username": name} for n, name in enumerate(GUESTS)},
    "9000": ME,
}
LINK = re.compile(r"https?://[^\s)]+")
EPOCH_MS = 1_288_834_974_657


class World:
    """What was written, newest last; pages turn it round."""

    def __init__(self) -> None:
        self._last_id = 0
        self._links: dict[str, str] = {}
        self.messages: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []
        self.media: dict[str, dict[str, Any]] = {}
        self.bytes: dict[str, tuple[str, bytes]] = {}

    def new_id(self) -> str:
        """Ids tell their moment, as X's do."""
        now = (int(time.time() * 1000) - EPOCH_MS) << 22
        self._last_id = max(now, self._last_id + 1)
        return str(self._last_id)

    def message(
        self, sender: str, text: str, other: str, files: Sequence[tuple[str, str, bytes]] = ()
    ) -> dict[str, Any]:
        """A direct message as X tells it."""
        id_ = self.new_id()
        event: dict[str, Any] = {
            "id": id_,
            "event_type": "MessageCreate",
            "dm_conversation_id": f"{other}-9000",
            "sender_id": sender,
            "created_at": _told(time.time()),
            "text": text,
        }
        if files:
            event["attachments"] = {"media_keys": [self._keep(*file) for file in files]}
            event["text"] = f"{text} https://t.co/{id_[-10:]}".strip()
        self.messages.append(linked(event, self.short))
        return event

    def mention(
        self, author: str, text: str, files: Sequence[tuple[str, str, bytes]] = (), **more: Any
    ) -> dict[str, Any]:
        """A public post as X tells it."""
        id_ = self.new_id()
        post: dict[str, Any] = {
            "id": id_,
            "author_id": author,
            "conversation_id": id_,
            "created_at": _told(time.time()),
            "edit_history_tweet_ids": [id_],
            "lang": "en",
            "text": text,
            "entities": {"mentions": [{"start": 0, "end": 8, **ME}]},
        } | more
        if files:
            post["attachments"] = {"media_keys": [self._keep(*file, public=True) for file in files]}
            post["text"] = f"{text} https://t.co/{id_[-10:]}"
        self.mentions.append(linked(post, self.short))
        return post

    def _keep(self, name: str, media_type: str, data: bytes, *, public: bool = False) -> str:
        key = f"3_{self.new_id()}"
        self.bytes[key] = (media_type, data)
        kept = "pbs.twimg.com/media" if public else "ton.twitter.com/1.1/ton/data/dm"
        url = f"https://{kept}/{key}/{name}"
        self.media[key] = {"media_key": key, "type": "photo", "url": url}
        return key

    def short(self, url: str) -> str:
        return self._links.setdefault(url, f"https://t.co/{len(self._links):010}")


def linked(event: dict[str, Any], short: Callable[[str], str]) -> dict[str, Any]:
    """X escapes a text, and puts a short link in place of each."""
    links = [url for url in LINK.findall(event["text"]) if not url.startswith("https://t.co/")]
    event["text"] = html.escape(event["text"], quote=False)
    for url in links:
        event["text"] = event["text"].replace(html.escape(url, quote=False), short(url))
    if links:
        entities = event.setdefault("entities", {})
        entities["urls"] = [{"url": short(url), "expanded_url": url} for url in links]
    return event


def _told(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))
