"""The words every channel shares: what comes in, what goes out, where, and what a channel can carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from channels.vouched import Vouched


class Author(StrEnum):
    """Who speaks. `SYSTEM` is Frontdesk itself: "Anna has joined"."""

    USER = "user"
    BOT = "bot"
    AGENT = "agent"
    SYSTEM = "system"


class Owner(StrEnum):
    """Who answers a conversation now."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    NOBODY = "nobody"


class Markup(StrEnum):
    """What a channel can show. The core renders Markdown into it once."""

    PLAIN = "plain"
    HTML = "html"
    MARKDOWN = "markdown"


class Signal(StrEnum):
    """Something shown but not kept."""

    TYPING = "typing"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a channel can carry; the core splits and degrades to it, so that `send` never has to."""

    #: Length of one part, by `measure`; None where there is no limit.
    text: int | None = None
    #: How the platform counts a text: characters, unless it has its own way.
    measure: Callable[[str], int] = len
    markup: Markup = Markup.PLAIN
    #: Buttons under one part; more choices than this become a numbered list in the text.
    choices: int = 0
    #: Buttons are pressed by typing their number.
    numbered: bool = False
    #: Files the platform shows or carries; without it a file becomes its name in the text.
    files: bool = False
    #: Each file is a message of its own, behind the text: a part of its own, so that none is sent twice.
    files_apart: bool = False
    #: Bytes in one file, in either direction.
    file_bytes: int = 20_000_000
    #: Files in one message, in either direction; further ones a channel leaves where they are, and says so in the text.
    most_files: int = 10
    #: A link in a text reaches the person.
    links: bool = True
    #: `send` needs `Outbound.answering`.
    answers_raw: bool = False
    #: Sending the same `Outbound.key` twice shows it once. After a crash such a channel sends again instead of
    #: leaving the message `unknown`.
    idempotent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What else a channel does for the people on its platform; `docs/channels.md` shows it."""

    #: Heard in public as well as in private.
    public: bool = False
    #: A thread or topic is a conversation of its own.
    threads: bool = False
    #: What people change or take back is heard.
    edits: bool = False
    deletes: bool = False
    #: What was said while nobody listened is read afterwards.
    catches_up: bool = False
    #: Tickets can be mirrored into a room where staff answer them: `Channel.staff`.
    staff: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation is, and so where its replies go: an address and a thread."""

    #: Our own identity there: bot id, mailbox, site.
    account: str
    #: The person's handle on that account: chat id, user id, e-mail address, visitor id.
    handle: str
    #: Topic, thread or mail thread; "" where the platform has one conversation a person.
    thread: str = ""
    #: Strangers can read what is said here.
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A public place of ours where announcements stand, with the language they are read in there."""

    #: `handle` as the platform names it, `thread` its topic; our own account where that is the place.
    place: Place
    language: str
    #: Length of a text, by the measure of `Channel.limits_at`, that may stand under a picture in one message; under a
    #: longer one the picture goes first, by itself.
    caption: int
    #: An announcement is one message there: a longer text is refused instead of cut.
    whole: bool = False
    #: Bytes of a picture.
    picture_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file as it came in, whole and not yet trusted: `media_type` is what the sender claims."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file the core keeps. `media_type` was read off its bytes; `path` is readable by this process."""

    id: int
    name: str
    media_type: str
    size: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button. `payload` comes back in `Inbound.choice` when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One event from a platform, in the words every channel shares."""

    #: The platform's id of the event, or the client's own; a second one on the same account is the same message.
    event_id: str
    place: Place
    text: str = ""
    #: The sender's name as the platform shows it.
    name: str = ""
    #: Who vouches for the handle ("telegram", the host site's signed token); "" where nobody does.
    verified_by: str = ""
    #: What the voucher says of the person: tier, name, e-mail.
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: What the company itself signed of them; only together with `verified_by`.
    vouched: Vouched | None = None
    attachments: Sequence[Attachment] = ()
    #: Payload of the button pressed.
    choice: str | None = None
    #: Platform id of the message this one answers.
    reply_to: str | None = None
    #: Event id of the message this one replaces.
    edit_of: str | None = None
    #: The message `edit_of` was taken back; nothing replaces it. Where the platform does not say whose it was,
    #: `place.handle` is empty.
    deleted: bool = False
    #: The platform's or the browser's idea of the sender's language, as BCP 47 ("zh-CN").
    language: str | None = None
    sent_at: datetime | None = None
    #: What an agent is shown beside the text, by name: a subject, who got a copy, whose signature holds.
    beside: Mapping[str, str] = field(default_factory=dict)
    #: The text whole, where `text` leaves out what was quoted or signed below; an agent can ask for it.
    whole: str = ""
    #: The payload as it came, for what the words above cannot say.
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMessage:
    """Something written in a thread of a staff room. Whoever wrote it is no customer there."""

    #: As in `Inbound`; of an edit its own.
    event_id: str
    #: As `StaffRoom.open` named it.
    thread: str
    #: The platform's id of who wrote it.
    person: str
    text: str = ""
    attachments: Sequence[Attachment] = ()
    #: Names of files that could not be had; the message is not sent without them.
    left: Sequence[str] = ()
    #: Event id of the message this one replaces.
    edit_of: str | None = None
    #: What `Outbound.answering` and `StaffRoom.mark` must name, and no more.
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One part of one message, rendered for the channel's limits."""

    #: Below 0 for what is posted in a staff room.
    message_id: int
    #: 0 for the first part.
    part: int = 0
    place: Place
    #: In the channel's markup; for `Markup.HTML` already sanitised.
    text: str
    choices: Sequence[Choice] = ()
    files: Sequence[StoredFile] = ()
    author: Author = Author.BOT
    #: The agent's name; "" for the bot.
    author_name: str = ""
    language: str = "en"
    owner: Owner = Owner.BOT
    #: Number of the open ticket of this conversation.
    ticket: str | None = None
    intent: str | None = None
    confidence: float | None = None
    #: `Inbound.raw` of the person's newest message there, for what a reply must name; only with `Limits.answers_raw`.
    answering: Mapping[str, object] = field(default_factory=dict)
    #: In a look-up, the `Sent.platform_id` of what was sent there last: this part can only stand behind it. "" where
    #: nothing was.
    behind: str = ""
    created_at: datetime

    @property
    def key(self) -> str:
        """The same for every try at this part, different for every other."""
        return f"{self.message_id}.{self.part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The platform has it. `platform_id` is its own name for it."""

    platform_id: str = ""
    #: What did not work besides, for people: "not passed on to followers".
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The message is on disk. `fresh` is false where it was there before: a redelivery."""

    message_id: int
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of a transcript. `text` is plain for `Author.USER`, in the channel's markup otherwise."""

    message_id: int
    event_id: str | None
    author: Author
    author_name: str
    text: str
    choices: Sequence[Choice]
    files: Sequence[StoredFile]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What the person at a place has said and been shown, oldest first, and who answers there now."""

    owner: Owner = Owner.BOT
    #: Who holds the ticket, while `owner` is `AGENT`.
    agent: str = ""
    ticket: str | None = None
    messages: Sequence[Shown] = ()
