"""The part of the Bot API's types that is read. Everything else in an update is left alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class Wire(BaseModel):
    """Unknown fields are somebody else's."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class User(Wire):
    """Who writes. A deleted account has an empty first name."""

    id: Number
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str | None = None


class Chat(Wire):
    """Where it is written: private, group, supergroup or channel."""

    id: Number
    type: str = ""


class Entity(Wire):
    """A stretch of a text; `offset` and `length` count UTF-16 units."""

    type: str
    offset: int
    length: int
    user: User | None = None


class Remote(Wire):
    """A file that stays at Telegram until it is fetched."""

    file_id: str
    file_size: int = 0
    file_name: str = ""
    mime_type: str = ""


class Sticker(Remote):
    """A picture that stands for an emoji."""

    emoji: str = ""


class Location(Wire):
    """A point on the map; with `live_period` it moves."""

    latitude: float
    longitude: float
    live_period: int | None = None


class Venue(Wire):
    """A location with a name."""

    title: str = ""
    address: str = ""


class Contact(Wire):
    """Somebody's visiting card."""

    phone_number: str = ""
    first_name: str = ""
    last_name: str = ""


class Dice(Wire):
    """A throw."""

    emoji: str = ""
    value: int = 0


class Option(Wire):
    """What one may vote for."""

    text: str = ""


class Poll(Wire):
    """A question to everybody."""

    question: str = ""
    options: list[Option] = []


class Button(Wire):
    """A button under a message of ours."""

    text: str = ""
    callback_data: str | None = None


class Keyboard(Wire):
    """The rows of buttons under a message of ours."""

    inline_keyboard: list[list[Button]] = []


class Message(Wire):
    """A message; one that is too old to be seen has only an id and a chat."""

    message_id: Number
    chat: Chat
    date: Number = 0
    edit_date: Number | None = None
    sender: User | None = Field(default=None, alias="from")
    sender_chat: Chat | None = None
    message_thread_id: Number | None = None
    is_topic_message: bool = False
    media_group_id: str | None = None
    reply_to_message: Message | None = None
    text: str = ""
    caption: str = ""
    entities: list[Entity] = []
    caption_entities: list[Entity] = []
    photo: list[Remote] = []
    animation: Remote | None = None
    document: Remote | None = None
    audio: Remote | None = None
    video: Remote | None = None
    video_note: Remote | None = None
    voice: Remote | None = None
    sticker: Sticker | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    dice: Dice | None = None
    poll: Poll | None = None
    #: What is shown by its kind alone.
    story: object = None
    game: object = None
    paid_media: object = None
    checklist: object = None
    giveaway: object = None
    reply_markup: Keyboard | None = None


class Pressed(Wire):
    """Somebody pressed a button."""

    id: str
    sender: User = Field(alias="from")
    message: Message | None = None
    data: str | None = None


class Update(Wire):
    """One event. Of the three at most one is there; all are missing in a kind that is not asked for."""

    update_id: Number
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Pressed | None = None
