"""The tables. Times are UTC; ids rise in the order things became known."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, Index, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from channels.words import Author, Owner


class Moment(TypeDecorator[datetime]):
    """A point in time, stored as UTC on every database and read back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word_of(kind: type[StrEnum]) -> Enum:
    """A column that holds one of the words of `kind`, as text on every database."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda words: [word.value for word in words])


class Status(StrEnum):
    """What a conversation waits for. `WAITING`: for the user."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class MessageState(StrEnum):
    """`RECEIVED` and `HANDLED` are for what comes in, the others for what goes out; `NOTE` for what stays inside."""

    RECEIVED = "received"
    HANDLED = "handled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    #: The platform may or may not have it.
    UNKNOWN = "unknown"
    #: Never sent: a bot's reply that a human overtook, now a suggestion, or an answer that its agent took back.
    WITHHELD = "withheld"
    NOTE = "note"


class TicketState(StrEnum):
    """Where a ticket stands. `PENDING`: waiting for the user."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"


class Contact(SQLModel, table=True):
    """The person behind one or more addresses."""

    id: int = Field(default=None, primary_key=True)
    name: str = ""
    tier: str = ""
    attributes: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=Moment)


class Address(SQLModel, table=True):
    """One person's handle on one channel account. Replies go to addresses, never to persons."""

    __table_args__ = (UniqueConstraint("channel", "account", "handle"),)

    id: int = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contact.id", index=True)
    channel: str
    account: str
    handle: str
    name: str = ""
    verified_by: str = ""
    verified_at: datetime | None = Field(default=None, sa_type=Moment)


class Conversation(SQLModel, table=True):
    """One thread with one address."""

    __table_args__ = (
        UniqueConstraint("address_id", "thread"),
        Index(
            "conversation_ready",
            "ready_at",
            sqlite_where=text("ready_at IS NOT NULL"),
            postgresql_where=text("ready_at IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    address_id: int = Field(foreign_key="address.id")
    channel: str
    account: str
    thread: str = ""
    public: bool = False
    owner: Owner = Field(default=Owner.BOT, sa_type=word_of(Owner))
    #: Rises by one at every change of owner; a bot's reply written under an older one is never sent.
    epoch: int = 0
    status: Status = Field(default=Status.OPEN, sa_type=word_of(Status))
    language: str | None = None
    #: What the bot remembers between turns (`bot.dialogue.Dialogue`).
    dialogue: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=Moment)
    #: When the next turn may begin; None where nothing is unhandled.
    ready_at: datetime | None = Field(default=None, sa_type=Moment)


#: The states the loops look for: few rows among many, so the index holds only them.
UNFINISHED = text("state IN ('received', 'queued', 'sending')")
#: The same in a query. Without these very words SQLite reads every message there ever was.
IS_UNFINISHED = text("message.state IN ('received', 'queued', 'sending')")
#: What was said, and reached somebody or may have: a message comes into the index of reports once it is finished.
SAID = text("state IN ('handled', 'sent', 'delivered', 'read', 'unknown')")
IS_SAID = text("message.state IN ('handled', 'sent', 'delivered', 'read', 'unknown')")


class Message(SQLModel, table=True):
    """Something said: in, out, or a note between agents. This table is the inbox and the outbox."""

    __table_args__ = (
        UniqueConstraint("channel", "account", "event_id"),
        Index("message_of_conversation", "conversation_id", "id"),
        Index(
            "message_unfinished",
            "state",
            "conversation_id",
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        ),
        Index(
            "message_said",
            *("created_at", "conversation_id", "author", "intent", "finished_at", "state", "id"),
            sqlite_where=SAID,
            postgresql_where=SAID,
        ),
    )

    id: int = Field(default=None, primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id")
    channel: str
    account: str
    author: Author = Field(sa_type=word_of(Author))
    author_name: str = ""
    #: The platform's id of what came in; null for what goes out.
    event_id: str | None = None
    state: MessageState = Field(sa_type=word_of(MessageState))
    #: As sent; Markdown for what goes out.
    text: str = ""
    language: str | None = None
    #: Payload of the button pressed, as it came; whether it was ever offered is asked at the turn.
    choice: str | None = None
    #: Buttons under it: a list of {title, payload}.
    choices: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    #: What Rasa made of it: {ranking: [[intent, confidence]...], entities: [...]}.
    understood: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    intent: str | None = None
    confidence: float | None = None
    reply_to: str | None = None
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    #: For a reply: the last message of the turn it answers.
    answers_id: int | None = Field(default=None, foreign_key="message.id")
    #: For a reply: the epoch it was written under.
    epoch: int = 0
    #: Parts the platform has, of those the channel's limits cut it into.
    parts_sent: int = 0
    attempts: int = 0
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    error: str | None = None
    platform_id: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)


class Revision(SQLModel, table=True):
    """What a message said before an edit."""

    __table_args__ = (UniqueConstraint("channel", "account", "event_id"),)

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    channel: str
    account: str
    event_id: str
    text: str
    raw: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=Moment)


class File(SQLModel, table=True):
    """A file of a message; its bytes lie under their sha256 in the files folder."""

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    conversation_id: int = Field(foreign_key="conversation.id")
    name: str
    media_type: str
    #: Bytes.
    size: int
    sha256: str


class Ticket(SQLModel, table=True):
    """A promise that a human will look at it."""

    __table_args__ = (
        Index("ticket_of_state", "state", "priority", "id"),
        Index("ticket_created", "created_at", "id"),
        Index("ticket_of_assignee", "assignee", "state"),
        # How long the last tickets of a team and a priority waited.
        Index("ticket_answered", "team", "priority", "first_response_at"),
        Index("ticket_solved_at", "solved_at"),
        Index(
            "ticket_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    #: What people quote: FD-1042.
    number: str = Field(unique=True)
    title: str
    category: str
    priority: str
    state: TicketState = Field(default=TicketState.NEW, sa_type=word_of(TicketState))
    assignee: str | None = None
    language: str = "en"
    #: Why the bot gave up or was told to: human, unsure, unhelpful, down, fault, policy.
    reason: str
    #: Facts collected, by name.
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    #: Intents the bot had answered before.
    tried: list[str] = Field(default_factory=list, sa_type=JSON)
    #: The contact's tier, where it counts on the ticket's channel.
    tier: str = ""
    #: Whose queue it waits in; empty for everybody's.
    team: str = ""
    tags: list[str] = Field(default_factory=list, sa_type=JSON)
    #: The ticket that goes on in place of this one. No foreign key: SQLite cannot add one to a table that is there.
    merged_into_id: int | None = None
    #: When the user was told a human would answer by.
    promised_at: datetime = Field(sa_type=Moment)
    #: What the user was told first, and whether it was kept; None until that is known.
    first_promised_at: datetime | None = Field(default=None, sa_type=Moment)
    promise_kept: bool | None = None
    #: Since when the user has been waiting for us; None where it is not our turn.
    waiting_since: datetime | None = Field(default=None, sa_type=Moment)
    #: The SLA policy that holds for it, by name.
    sla: str = ""
    #: Its three clocks; None for one that does not run.
    first_response_due_at: datetime | None = Field(default=None, sa_type=Moment)
    next_response_due_at: datetime | None = Field(default=None, sa_type=Moment)
    resolution_due_at: datetime | None = Field(default=None, sa_type=Moment)
    #: The soonest of them.
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    #: When the first of them was missed.
    breached_at: datetime | None = Field(default=None, sa_type=Moment)
    #: When its clocks are to be looked at: at once after each line of the timeline.
    look_at: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    first_response_at: datetime | None = Field(default=None, sa_type=Moment)
    solved_at: datetime | None = Field(default=None, sa_type=Moment)


class TicketConversation(SQLModel, table=True):
    """Which conversations a ticket is about."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id", primary_key=True, index=True)


class TicketEvent(SQLModel, table=True):
    """One line of a ticket's timeline. Only ever added: the database refuses every change."""

    __table_args__ = (Index("line_of_ticket", "ticket_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    at: datetime = Field(sa_type=Moment)
    #: An agent's name, "bot", "user" or "frontdesk".
    actor: str
    #: opened, escalated, message, edited, deleted, taken, replied, note, solved, released, withheld, failed, unknown,
    #: moved, redacted; changed, assigned, on_hold, pending, reopened, closed, unsent, retried, merged, absorbed, split,
    #: split_off, undone, linked, unlinked, corrected; rated, links_revoked.
    kind: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    #: The digest of the ticket's line before, and this one's own over it; sha256, hex.
    previous: str = ""
    digest: str = ""
