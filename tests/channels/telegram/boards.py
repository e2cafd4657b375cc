"""Channels and groups the bot may post in, or not; what it posted there is changed and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.channels.telegram.server import Posted, Server

Json = dict[str, Any]


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


@dataclass
class Chat:
    """A public place, and what the bot is there."""

    id: int
    type: str
    username: str = ""
    status: str = "administrator"
    may_post: bool = True

    def told(self) -> Json:
        """As getChat tells it."""
        name = {"username": self.username} if self.username else {}
        more = {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": GIFTS}
        return {"id": self.id, "type": self.type, "title": "Exchange", **name, **more}


GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}
#: Rights of an administrator that matter to nobody here.
RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)


class Boards:
    """Public places of one server."""

    METHODS = ("getChat", "getChatMember", "editMessageText", "editMessageCaption", "deleteMessage")

    def __init__(self, server: Server) -> None:
        self._server = server
        self.news = Chat(-1001000000001, "channel", "exchange_news")
        self.group = Chat(-1001000000002, "supergroup")

    def posting(self, chat_id: Any) -> int:
        """The chat that a post goes to; private ones are no business of ours. Raises `Refused`."""
        if isinstance(chat_id, int) and chat_id > 0:
            return chat_id
        known = self._find(chat_id)
        if known is None:
            if isinstance(chat_id, int):
                return chat_id
            raise Refused(400, "Bad Request: chat not found")
        if known.status in ("left", "kicked"):
            raise Refused(403, f"Forbidden: bot is not a member of the {known.type} chat")
        if not known.may_post:
            raise Refused(400, f"Bad Request: need administrator rights in the {known.type} chat")
        return known.id

    def kind(self, chat: int) -> str:
        """What Telegram calls it."""
        known = self._find(chat)
        return known.type if known else "private" if chat > 0 else "supergroup"

    def answer(self, method: str, given: Json) -> Any:
        """What the Bot API answers. Raises `Refused`."""
        if method in ("getChat", "getChatMember"):
            chat = self._find(given["chat_id"])
            if chat is None:
                raise Refused(400, "Bad Request: chat not found")
            return chat.told() if method == "getChat" else self._member(chat)
        return self._remove(given) if method == "deleteMessage" else self._edit(method, given)

    def _find(self, chat_id: Any) -> Chat | None:
        return next((one for one in (self.news, self.group) if chat_id in (one.id, f"@{one.username}")), None)

    def _member(self, chat: Chat) -> Json:
        member: Json = {"status": chat.status, "user": self._server.me}
        if chat.status == "administrator":
            return member | dict.fromkeys(RIGHTS, False) | {"can_post_messages": chat.may_post}
        return member | {"until_date": 0} if chat.status == "kicked" else member

    def _posted(self, given: Json, doing: str) -> Posted:
        key = (int(given["chat_id"]), int(given["message_id"]))
        found = next((one for one in self._server.posted if (one.chat, one.id) == key), None)
        if found is None:
            raise Refused(400, f"Bad Request: message to {doing} not found")
        return found

    def _remove(self, given: Json) -> bool:
        self._server.posted.remove(self._posted(given, "delete"))
        return True

    def _edit(self, method: str, given: Json) -> Json:
        posted = self._posted(given, "edit")
        caption = method == "editMessageCaption"
        if caption != bool(posted.files):
            raise Refused(400, f"Bad Request: there is no {'caption' if caption else 'text'} in the message to edit")
        text = str(given.get("caption" if caption else "text", ""))
        entities = given.get("caption_entities" if caption else "entities", [])
        if (text, entities) == (posted.text, posted.entities):
            raise Refused(400, "Bad Request: message is not modified: specified new message content is the same")
        posted.text, posted.entities = text, entities
        return self._server.told(posted)
