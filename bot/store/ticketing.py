"""Which ticket a conversation belongs to, how one is found and locked, and its timeline: each change is a line of it.

The timeline is a chain: a line carries the digest of the one before, and the database changes and removes none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store.chain import link
from bot.store.outside import announce_outside
from bot.store.tables import (
    Conversation,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from channels.words import Author, Owner

#: Tickets in these states take no more work.
OVER = (TicketState.SOLVED, TicketState.CLOSED)

#: The first ticket has the number after this one, so that no customer is number 1.
FIRST_NUMBER = 1000

#: Who does what no person does.
FRONTDESK = "frontdesk"

RANK = ("low", "normal", "high", "urgent")

#: What users are told, in the language of their conversation.
Notice = Callable[[str | None], str]

# Built once: every line of every timeline asks for it.
_LAST_LINE = (
    select(TicketEvent.digest)
    .where(TicketEvent.ticket_id == bindparam("ticket"))
    .order_by(col(TicketEvent.id).desc())
    .limit(1)
)

# Built once: every message that a human answers asks for it.
_OPEN = (
    select(Ticket)
    .join(TicketConversation)
    .where(TicketConversation.conversation_id == bindparam("conversation"), col(Ticket.state).not_in(OVER))
    .order_by(col(Ticket.id).desc())
    .limit(1)
)
_SOLVED = (
    select(TicketEvent.actor)
    .where(TicketEvent.ticket_id == bindparam("ticket"), TicketEvent.kind == "solved")
    .order_by(col(TicketEvent.id).desc())
    .limit(1)
)


def ticket_of(session: Session, conversation_id: int) -> Ticket | None:
    """The newest ticket of the conversation that is not over: what is said there next is about it.

    Where a matter was split off by a message, both tickets are about the conversation: the one split off, while it is
    open, and the other again after it.
    """
    return session.exec(_OPEN, params={"conversation": conversation_id}).first()


def open_tickets(session: Session, conversation_id: int, but: Ticket | None = None) -> Sequence[Ticket]:
    """Tickets about the conversation that are not over, besides one; newest first."""
    return session.exec(
        select(Ticket)
        .join(TicketConversation)
        .where(
            TicketConversation.conversation_id == conversation_id,
            col(Ticket.state).not_in(OVER),
            col(Ticket.id) != (but.id if but else 0),
        )
        .order_by(col(Ticket.id).desc())
    ).all()


def change_owner(conversation: Conversation, owner: Owner) -> None:
    """From here on `owner` answers; whatever another wrote before is overtaken."""
    if conversation.owner is not owner:
        conversation.owner = owner
        conversation.epoch += 1


def file_under(
    session: Session, conversation_id: int, message_id: int, now: datetime, *, redacted: bool = False
) -> None:
    """A user's message reached the ticket of its conversation, `redacted` where a secret was taken out of it."""
    ticket = ticket_of(session, conversation_id)
    if ticket is None:
        raise NotFound(f"conversation {conversation_id} is with a human but has no ticket")
    _hear_user(session, ticket, "message", message_id, now)
    if redacted:
        add_event(session, ticket, FRONTDESK, "redacted", now, message=message_id)


def note_edit(session: Session, message: Message, kind: str, now: datetime) -> None:
    """Tells the ticket, where a human answers, that a user's message was changed or taken back: edited or deleted."""
    ticket = ticket_of(session, message.conversation_id)
    if ticket and session.get_one(Conversation, message.conversation_id).owner is not Owner.BOT:
        _hear_user(session, ticket, kind, message.id, now)


def note_delivery(session: Session, message: Message, kind: str, now: datetime) -> None:
    """Tells the ticket, where there is one, that a message was withheld, failed or is unknown, after how many parts.

    Word may come late: where no ticket is open any more it is told to the one that was when the message was written.
    """
    ticket = ticket_of(session, message.conversation_id) or _ticket_then(session, message)
    if ticket:
        detail = {"message": message.id, "error": message.error, "parts_sent": message.parts_sent}
        add_event(session, ticket, FRONTDESK, kind, now, **detail)


def _ticket_then(session: Session, message: Message) -> Ticket | None:
    return session.exec(
        select(Ticket)
        .join(TicketConversation)
        .where(
            TicketConversation.conversation_id == message.conversation_id,
            col(Ticket.created_at) <= message.created_at,
            col(Ticket.solved_at) >= message.created_at,
        )
        .order_by(col(Ticket.id).desc())
        .limit(1)
    ).first()


def add_event(session: Session, ticket: Ticket, actor: str, kind: str, now: datetime, **detail: Any) -> TicketEvent:
    """A line of the timeline; its id is there after a flush. `detail` holds what JSON does: no times.

    Among the lines of one ticket a later one never becomes visible before an earlier one.
    """
    ticket.updated_at = ticket.look_at = now
    # Locks the ticket, also where the time is the same, before the line gets its id and its place in the chain:
    # whoever reads on from the last id seen would else pass one over.
    flag_modified(ticket, "updated_at")
    session.flush()
    previous = session.exec(_LAST_LINE, params={"ticket": ticket.id}).first() or ""
    # As it is read back: what the digest covers is what anybody can check.
    kept: dict[str, Any] = json.loads(json.dumps(detail))
    digest = link(previous, now, actor, kind, kept, ticket.id)
    line = TicketEvent(
        ticket_id=ticket.id, at=now, actor=actor, kind=kind, detail=kept, previous=previous, digest=digest
    )
    session.add(line)
    announce_outside(session, ticket, line)
    return line


def find(session: Session, number: str) -> Ticket:
    """The ticket people call `number`, in any case. Raises `NotFound`."""
    wanted = number.strip().upper()
    # What no ticket is called is not asked for: a database may refuse the characters themselves.
    named = wanted.isascii() and wanted.isprintable()
    ticket = session.exec(select(Ticket).where(Ticket.number == wanted)).first() if named else None
    if ticket is None:
        raise NotFound(f"there is no ticket {wanted!a}" if not named else f"there is no ticket {wanted}")
    return ticket


def going_on(session: Session, ticket: Ticket) -> Ticket:
    """The ticket that goes on in place of one that was merged, itself where it was not."""
    while ticket.merged_into_id:
        ticket = session.get_one(Ticket, ticket.merged_into_id)
    return ticket


def refuse_over(session: Session, ticket: Ticket) -> None:
    """Raises `Refused` where the ticket takes no more work, with where it went on or who solved it."""
    if ticket.merged_into_id:
        raise Refused(f"{ticket.number} went on as {session.get_one(Ticket, ticket.merged_into_id).number}")
    if ticket.state in OVER:
        who = session.exec(_SOLVED, params={"ticket": ticket.id}).first()
        raise Refused(f"{ticket.number} is already {ticket.state.value}" + (f", by {who}" if who else ""))


def conversations(session: Session, ticket: Ticket) -> Sequence[Conversation]:
    """What the ticket is about, locked for a change."""
    return session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(TicketConversation.ticket_id == ticket.id)
        .order_by(col(Conversation.id))
        .with_for_update(of=Conversation)
    ).all()


def say(session: Session, conversation: Conversation, author: Author, name: str, text: str, now: datetime) -> Message:
    """Queues something that is not the bot's: an agent's answer, or Frontdesk telling who answers now."""
    message = Message(
        conversation_id=conversation.id,
        channel=conversation.channel,
        account=conversation.account,
        author=author,
        author_name=name,
        state=MessageState.QUEUED,
        text=text,
        language=conversation.language,
        epoch=conversation.epoch,
        due_at=now,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def _hear_user(session: Session, ticket: Ticket, kind: str, message_id: int, now: datetime) -> None:
    """It is our turn, also where the ticket was put on hold: nobody must miss what the user adds."""
    if ticket.state in (TicketState.PENDING, TicketState.ON_HOLD):
        ticket.state = TicketState.OPEN
    ticket.waiting_since = ticket.waiting_since or now
    add_event(session, ticket, "user", kind, now, message=message_id)


def locked(session: Session, number: str) -> tuple[Ticket, Sequence[Conversation]]:
    """The ticket and its conversations, locked for a change. Raises `NotFound`."""
    ticket = find(session, number)
    lock(session, [ticket.id])
    # Again: one may have been carried on in private until the lock was had.
    return ticket, conversations(session, ticket)


def lock(session: Session, ids: Sequence[int]) -> None:
    """Locks tickets with all their conversations, and reads them as they are by then; `ids` rise."""
    session.flush()
    # Conversations first, the tickets second, as turns and sends do: in the other order two would wait for each other.
    session.exec(
        select(Conversation)
        .join(TicketConversation)
        .where(col(TicketConversation.ticket_id).in_(ids))
        .order_by(col(Conversation.id))
        .with_for_update(of=Conversation)
    ).all()
    for id_ in ids:
        session.get_one(Ticket, id_, with_for_update=True, populate_existing=True)
