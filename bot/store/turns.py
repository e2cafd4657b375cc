"""A turn is read in one transaction and written in another; between the two nobody holds a lock.

Whoever writes says what was read: if the owner changed or the messages were handled meanwhile, nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, tuple_
from sqlmodel import Session, col, func, select, update

from bot.errors import Overtaken
from bot.store.tables import Address, Conversation, File, Message, MessageState, Status
from bot.store.ticketing import Escalation, escalate, file_under, ticket_of
from channels.base import Author, Choice, Owner, Place

# Built once: building a statement takes longer than SQLite takes to answer it.
_UNHANDLED = (
    select(Message)
    .where(Message.conversation_id == bindparam("conversation"), Message.state == MessageState.RECEIVED)
    .order_by(col(Message.id))
)
_WHOLE = (
    select(Conversation, Address)
    .join(Address, col(Conversation.address_id) == Address.id)
    .where(Conversation.id == bindparam("conversation"))
)
_MORE = (
    select(Message.id)
    .where(Message.conversation_id == bindparam("conversation"), Message.state == MessageState.RECEIVED)
    .limit(1)
)
_HANDLED = (
    update(Message)
    .where(
        # By text too: what was edited since was not answered. The id alone is what SQLite looks up.
        col(Message.id).in_(bindparam("messages", expanding=True)),
        tuple_(col(Message.id), col(Message.text)).in_(bindparam("heard", expanding=True)),
        col(Message.state) == MessageState.RECEIVED,
    )
    .values({name: bindparam(name) for name in ("state", "language", "understood", "intent", "confidence")})
    .values(finished_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
_FILES = (
    select(File.message_id, func.count())
    .where(col(File.message_id).in_(bindparam("messages", expanding=True)))
    .group_by(col(File.message_id))
)
_LOCKED = select(Conversation).where(Conversation.id == bindparam("conversation")).with_for_update()


@dataclass(frozen=True, slots=True)
class Heard:
    """An inbound message of a turn."""

    id: int
    text: str
    choice: str | None
    #: The platform's idea of the language.
    language: str | None
    files: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything unhandled in one conversation, and what is known about it."""

    conversation_id: int
    channel: str
    place: Place
    owner: Owner
    epoch: int
    language: str | None
    dialogue: dict[str, Any]
    messages: Sequence[Heard]
    #: Number of the ticket a human answers on.
    ticket: str | None
    #: Payloads of all buttons this conversation was ever shown; empty unless one was pressed now.
    offered: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot wants to say. `{ticket}` in `text` becomes the number of the ticket this turn opens or has."""

    text: str
    language: str
    choices: Sequence[Choice] = ()
    intent: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a turn ended."""

    language: str | None
    dialogue: dict[str, Any]
    replies: Sequence[Reply] = ()
    escalation: Escalation | None = None
    understood: dict[str, Any] | None = None
    intent: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What finishing wrote. `ready_at` names the next turn of the conversation, if more came meanwhile."""

    ready_at: datetime | None
    replies: int
    ticket: str | None


def ready(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[int]:
    """Conversations of `channels` whose turn may begin, longest waiting first."""
    rows = session.exec(
        select(Conversation.id)
        .where(col(Conversation.ready_at) <= now, col(Conversation.channel).in_(channels))
        .order_by(col(Conversation.ready_at))
        .limit(limit)
    )
    return list(rows)


def load(session: Session, conversation_id: int) -> Turn | None:
    """The turn of a conversation; None where nothing is unhandled."""
    messages = _until_button(session.exec(_UNHANDLED, params={"conversation": conversation_id}).all())
    if not messages:
        return None
    conversation, address = session.exec(_WHOLE, params={"conversation": conversation_id}).one()
    ticket = ticket_of(session, conversation_id) if conversation.owner is not Owner.BOT else None
    return Turn(
        conversation_id=conversation_id,
        channel=conversation.channel,
        place=place_of(conversation, address),
        owner=conversation.owner,
        epoch=conversation.epoch,
        language=conversation.language,
        dialogue=conversation.dialogue,
        messages=_heard(session, messages),
        ticket=ticket.number if ticket else None,
        offered=_offered(session, conversation_id) if any(message.choice for message in messages) else frozenset(),
    )


def finish(session: Session, turn: Turn, outcome: Outcome, now: datetime) -> Finished:
    """Marks the turn's messages handled, queues its replies and moves its ticket, all or nothing.

    Where a human answers, the messages reach the ticket and the bot says nothing, whatever `outcome` holds.
    Raises `Overtaken` where since it was loaded the owner changed, a message was edited, or another worker finished it.
    """
    conversation = session.exec(_LOCKED, params={"conversation": turn.conversation_id}).one()
    if conversation.epoch != turn.epoch:
        raise Overtaken(f"conversation {turn.conversation_id} changed hands")
    if turn.ticket and conversation.owner is not Owner.BOT:
        outcome = replace(outcome, replies=(), escalation=None)
    _mark_handled(session, turn, outcome, now)
    number = _settle_ticket(session, conversation, turn, outcome, now)
    conversation.language = outcome.language or conversation.language
    conversation.dialogue = outcome.dialogue
    conversation.status = Status.WAITING if conversation.owner is Owner.BOT else Status.OPEN
    for reply in outcome.replies:
        session.add(_queued(conversation, turn, reply, number, now))
    if not _more(session, turn.conversation_id):
        conversation.ready_at = None
    return Finished(conversation.ready_at, len(outcome.replies), number)


def place_of(conversation: Conversation, address: Address) -> Place:
    """Where the conversation is, in the channel's words."""
    return Place(account=address.account, handle=address.handle, thread=conversation.thread, public=conversation.public)


def _until_button(messages: Sequence[Message]) -> Sequence[Message]:
    """The first turn of a burst: a button pressed is a turn of its own, what was written before or after it another."""
    button = next((place for place, message in enumerate(messages) if message.choice), len(messages))
    return messages[: button or 1]


def _heard(session: Session, messages: Sequence[Message]) -> tuple[Heard, ...]:
    counted = session.exec(_FILES, params={"messages": [message.id for message in messages]}).all()
    files: dict[int, int] = dict(counted)
    return tuple(
        Heard(message.id, message.text, message.choice, message.language, files.get(message.id, 0))
        for message in messages
    )


def _offered(session: Session, conversation_id: int) -> frozenset[str]:
    rows = session.exec(
        select(Message.choices).where(Message.conversation_id == conversation_id, Message.author != Author.USER)
    )
    return frozenset(choice["payload"] for choices in rows for choice in choices)


def _mark_handled(session: Session, turn: Turn, outcome: Outcome, now: datetime) -> None:
    ids = [message.id for message in turn.messages]
    done = session.exec(
        _HANDLED,
        params={
            "messages": ids,
            "heard": [(message.id, message.text) for message in turn.messages],
            "state": MessageState.HANDLED,
            "language": outcome.language,
            "understood": outcome.understood,
            "intent": outcome.intent,
            "confidence": outcome.confidence,
            "now": now,
        },
    )
    if done.rowcount != len(ids):
        raise Overtaken(f"messages of conversation {turn.conversation_id} are handled or edited")


def _settle_ticket(
    session: Session, conversation: Conversation, turn: Turn, outcome: Outcome, now: datetime
) -> str | None:
    if outcome.escalation:
        return escalate(session, conversation, outcome.escalation, now).number
    if conversation.owner is not Owner.BOT:
        for message in turn.messages:
            file_under(session, conversation.id, message.id, now)
    return turn.ticket


def _queued(conversation: Conversation, turn: Turn, reply: Reply, ticket: str | None, now: datetime) -> Message:
    return Message(
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=conversation.account,
        author=Author.BOT,
        state=MessageState.QUEUED,
        text=reply.text.replace("{ticket}", ticket or ""),
        language=reply.language,
        choices=[{"title": choice.title, "payload": choice.payload} for choice in reply.choices],
        intent=reply.intent,
        confidence=reply.confidence,
        answers_id=turn.messages[-1].id,
        epoch=conversation.epoch,
        due_at=now,
        created_at=now,
    )


def _more(session: Session, conversation_id: int) -> bool:
    return session.exec(_MORE, params={"conversation": conversation_id}).first() is not None
