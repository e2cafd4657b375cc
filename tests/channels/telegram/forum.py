"""A group with topics, as the Bot API lets an administrator run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

GROUP = -1002000000001


@dataclass
class Topic:
    """`closed`: only administrators write in it."""

    id: int
    name: str
    closed: bool = False


class Unknown(Exception):
    """A request that the Bot API refuses with this description."""


class Forum:
    """The group `GROUP`. `number` makes ids."""

    def __init__(self, number: Callable[[], int]) -> None:
        self._number = number
        self.topics: dict[int, Topic] = {}
        #: Emoji of ours, by message.
        self.reactions: dict[int, str] = {}
        self.chat: Json = {"id": GROUP, "type": "supergroup", "title": "Desk", "is_forum": True}
        self.member: Json = {"status": "administrator", "can_manage_topics": True}

    def answer(self, method: str, given: Json) -> Any:
        """What the Bot API answers; None for a method that is no business of a forum's. Raises `Unknown`."""
        methods: dict[str, Callable[[Json], Any]] = {
            "getChat": lambda _: self.chat,
            "getChatMember": lambda _: self.member,
            "createForumTopic": self._create,
            "closeForumTopic": lambda asked: self._change(asked, closed=True),
            "reopenForumTopic": lambda asked: self._change(asked, closed=False),
            "setMessageReaction": self._react,
        }
        return methods[method](given) if method in methods else None

    def checked(self, chat: int, topic: int | None) -> None:
        """Raises `Unknown` for a message to a topic that is no more."""
        if chat == GROUP and topic not in {None, *self.topics}:
            raise Unknown("Bad Request: message thread not found")

    def _react(self, given: Json) -> bool:
        self.reactions[given["message_id"]] = given["reaction"][0]["emoji"]
        return True

    def _create(self, given: Json) -> Json:
        if not self.member.get("can_manage_topics"):
            raise Unknown("Bad Request: not enough rights to create a topic")
        if not 1 <= len(str(given["name"])) <= 128:
            raise Unknown("Bad Request: TOPIC_TITLE_EMPTY")
        made = Topic(self._number(), given["name"])
        self.topics[made.id] = made
        return {"message_thread_id": made.id, "name": made.name, "icon_color": 7322096}

    def _change(self, given: Json, *, closed: bool) -> bool:
        topic = self.topics.get(given["message_thread_id"])
        if topic is None:
            raise Unknown("Bad Request: TOPIC_ID_INVALID")
        if topic.closed == closed:
            raise Unknown("Bad Request: TOPIC_NOT_MODIFIED")
        topic.closed = closed
        return True
