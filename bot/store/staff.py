"""What was said in a staff room becomes an answer, a note, a change of hands, or a word back; each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlmodel import Session, col, select

from bot.store import handling
from bot.store.inbox import KeptFile, add_files
from bot.store.mirror_tables import Mirror, StaffSaid
from bot.store.mirroring import add_post
from bot.store.tables import Message, Ticket, TicketEvent
from bot.store.ticketing import OVER, Notice
from channels.words import StaffMessage


class Wish(StrEnum):
    """What an agent wants."""

    REPLY = "reply"
    NOTE = "note"
    TAKE = "take"
    RELEASE = "release"
    SOLVE = "solve"
    #: A command that there is none of; `Asked.text` is it.
    STRANGE = "strange"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an agent wants, with the words of it."""

    wish: Wish
    text: str = ""


class Phrases(Protocol):
    """Words for the person, in the language of each conversation, and for the room."""

    def notice(self, wish: Wish, agent: str, number: str) -> Notice:
        """What the person is told of it."""

    def told(self, name: str, **values: str) -> str:
        """A sentence for staff."""


def hear(
    session: Session,
    channel: str,
    said: StaffMessage,
    agent: str | None,
    asked: Asked,
    files: Sequence[KeptFile],
    phrases: Phrases,
    now: datetime,
) -> None:
    """Does what `agent` asked for in a mirror, once; nothing where the thread mirrors no ticket.

    `agent` is None for whoever is no agent: told so once, and never heard. Raises `Refused` where the ticket changed
    hands this moment; nothing is written then.
    """
    mirror = session.exec(select(Mirror).filter_by(channel=channel, thread=said.thread)).first()
    if mirror is None or _known(session, channel, said.event_id):
        return
    if agent is None:
        _once(session, mirror, f"stranger:{said.person}", said.raw, phrases.told("staff_stranger"), now)
    elif said.edit_of:
        original = _known(session, channel, said.edit_of)
        if original and original.message_id:
            _once(session, mirror, f"edit:{said.edit_of}", said.raw, phrases.told("staff_edited_late"), now)
    else:
        _act(session, mirror, said, agent, asked, files, phrases, now)


def _act(
    session: Session,
    mirror: Mirror,
    said: StaffMessage,
    agent: str,
    asked: Asked,
    files: Sequence[KeptFile],
    phrases: Phrases,
    now: datetime,
) -> None:
    ticket = session.get_one(Ticket, mirror.ticket_id)
    row = StaffSaid(
        channel=mirror.channel, event_id=said.event_id, ticket_id=ticket.id, raw=dict(said.raw), created_at=now
    )
    refusal = _refusal(ticket, agent, asked, phrases)
    if asked.wish is Wish.REPLY and said.left and not refusal:
        refusal = phrases.told("staff_left", files=", ".join(said.left))
    if refusal:
        add_post(session, mirror, refusal, said.raw, now)
    else:
        _done(session, ticket, agent, asked, phrases, now)
    if not refusal and asked.wish in (Wish.REPLY, Wish.NOTE):
        session.flush()
        line = session.exec(
            select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(col(TicketEvent.id).desc()).limit(1)
        ).one()
        row.line_id = line.id
        if asked.wish is Wish.REPLY:
            row.message_id, row.settled = line.detail["message"], False
            message = session.get_one(Message, row.message_id)
            add_files(session, message.id, message.conversation_id, files)
    session.add(row)


def _done(session: Session, ticket: Ticket, agent: str, asked: Asked, phrases: Phrases, now: datetime) -> None:
    notice = phrases.notice(asked.wish, agent, ticket.number)
    match asked.wish:
        case Wish.REPLY:
            handling.reply(session, ticket.number, agent, asked.text, notice, now)
        case Wish.NOTE:
            handling.note(session, ticket.number, agent, asked.text, now)
        case Wish.TAKE:
            handling.take(session, ticket.number, agent, notice, now)
        case Wish.RELEASE:
            handling.hand_back(session, ticket.number, agent, "released", notice, now)
        case Wish.SOLVE:
            handling.hand_back(session, ticket.number, agent, "solved", notice, now)


def _refusal(ticket: Ticket, agent: str, asked: Asked, phrases: Phrases) -> str | None:
    """Why it cannot be done, for the room."""
    if asked.wish is Wish.STRANGE:
        return phrases.told("staff_strange", command=asked.text)
    if asked.wish is Wish.NOTE:
        return None if asked.text else phrases.told("staff_empty")
    if ticket.state in OVER:
        return phrases.told("staff_over", ticket=ticket.number)
    if asked.wish in (Wish.REPLY, Wish.TAKE) and ticket.assignee not in (None, agent):
        return phrases.told("staff_with", ticket=ticket.number, agent=ticket.assignee or "")
    return None


def _once(session: Session, mirror: Mirror, event_id: str, raw: Mapping[str, object], text: str, now: datetime) -> None:
    if _known(session, mirror.channel, event_id):
        return
    session.add(
        StaffSaid(channel=mirror.channel, event_id=event_id, ticket_id=mirror.ticket_id, raw=dict(raw), created_at=now)
    )
    add_post(session, mirror, text, raw, now)


def _known(session: Session, channel: str, event_id: str) -> StaffSaid | None:
    return session.exec(select(StaffSaid).filter_by(channel=channel, event_id=event_id)).first()
