"""Canned replies: what agents say often, by name and language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from bot.errors import NotFound, Refused
from bot.store.desk_tables import CannedReply
from bot.store.rows import row_of
from bot.store.tables import Address, Contact, Conversation, TicketConversation
from bot.store.ticketing import find

#: Characters of a name and of a text, and replies altogether.
LONGEST_NAME, LONGEST_TEXT, MOST = 80, 10_000, 1_000


def found(session: Session, asked: str, language: str, limit: int) -> Sequence[CannedReply]:
    """Those in `language` with every word of `asked` in the name or the text, by name."""
    if "\0" in asked + language:
        # PostgreSQL refuses to be asked for it.
        return []
    wanted = select(CannedReply).where(CannedReply.language == language)
    for word in asked.split():
        wanted = wanted.where(
            or_(
                col(CannedReply.name).icontains(word, autoescape=True),
                col(CannedReply.text).icontains(word, autoescape=True),
            )
        )
    return session.exec(wanted.order_by(col(CannedReply.name)).limit(limit)).all()


def all_replies(session: Session) -> Sequence[CannedReply]:
    """Every canned reply, by name and language."""
    return session.exec(select(CannedReply).order_by(col(CannedReply.name), col(CannedReply.language))).all()


def keep(session: Session, name: str, language: str, text: str, agent: str, now: datetime) -> None:
    """The reply of that name and language says this from now on. Raises `Refused`."""
    name, text = " ".join(name.split()), text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(f"a name has 1 to {LONGEST_NAME} characters")
    if not text or len(text) > LONGEST_TEXT or "\0" in text:
        raise Refused(f"a text has 1 to {LONGEST_TEXT} characters, none of them NUL")
    kept = session.exec(select(CannedReply).where(CannedReply.name == name, CannedReply.language == language)).first()
    if kept is None and len(all_replies(session)) >= MOST:
        raise Refused(f"there are {MOST} canned replies already; remove one first")
    reply = kept or CannedReply(name=name, language=language, text=text, written_by=agent, updated_at=now)
    reply.text, reply.written_by, reply.updated_at = text, agent, now
    session.add(reply)


def drop(session: Session, reply_id: int) -> None:
    """The reply is gone. Raises `NotFound`."""
    reply = row_of(session, CannedReply, reply_id)
    if reply is None:
        raise NotFound(f"there is no canned reply {reply_id}")
    session.delete(reply)


def contact_name(session: Session, number: str) -> str:
    """What the ticket's user is called; "" where nobody knows. Raises `NotFound`."""
    ticket = find(session, number)
    return (
        session.exec(
            select(Contact.name)
            .join(Address, col(Address.contact_id) == Contact.id)
            .join(Conversation, col(Conversation.address_id) == Address.id)
            .join(TicketConversation, col(TicketConversation.conversation_id) == Conversation.id)
            .where(TicketConversation.ticket_id == ticket.id)
            .limit(1)
        ).first()
        or ""
    )
