"""Mirrors in the database: what of a ticket's timeline is still to be posted in a staff room, and what became of it.

Only one Frontdesk at a time mirrors into a channel's room.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, delete, exists, select

from bot.store.mirror_tables import IS_FOLLOWED, Mirror, MirrorPost, StaffSaid
from bot.store.reading import Said, TicketView, show, with_files
from bot.store.tables import (
    Conversation,
    File,
    Message,
    MessageState,
    Ticket,
    TicketConversation,
    TicketEvent,
    TicketState,
)
from bot.store.ticketing import OVER

#: Tickets that are newly mirrored, and lines that are written down, in one transaction.
MOST_NEW, MOST_LINES = 5, 200

WORKED_ON = [state for state in TicketState if state not in OVER]


@dataclass(frozen=True, slots=True)
class Drafted:
    """What should stand in a room: Markdown, and ids of files."""

    text: str
    files: Sequence[int] = ()


class Writer(Protocol):
    """Puts into words what a room is shown. Pure."""

    def brief(self, view: TicketView) -> Drafted:
        """A ticket for those who see it for the first time."""

    def line(self, event: TicketEvent, said: Said | None) -> Drafted | None:
        """A line of the timeline, with the message it is about; None for one that nobody needs to see."""

    def undelivered(self, state: MessageState, error: str) -> Drafted:
        """What an agent is told of an answer that is `failed` or `unknown`."""


@dataclass(frozen=True, slots=True)
class Due:
    """A mirror where something is to be done. `over`: the ticket takes no more work, and all of it is written down."""

    ticket_id: int
    number: str
    title: str
    thread: str | None
    closed: bool
    over: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A post that may be sent now. `interrupted`: nobody knows whether its next part was sent before."""

    id: int
    text: str
    files: Sequence[File]
    answering: Mapping[str, Any]
    parts: int
    interrupted: bool
    doubtful: bool
    substitute: bool
    created_at: datetime


def follow(session: Session, channel: str, sources: Collection[str], writer: Writer, now: datetime) -> None:
    """Writes down what is to be posted: a brief of each ticket that is new to the room, and what happened since.

    `sources` are the channels whose tickets are shown; empty for all.
    """
    for ticket in session.exec(_unmirrored(channel, sources)).all():
        session.add(Mirror(ticket_id=ticket.id, channel=channel))
    for mirror in session.exec(_reopened(channel)).all():
        mirror.done = False
    session.flush()
    for mirror, ticket in session.exec(_unbriefed(channel)).all():
        view = show(session, ticket.number)
        mirror.event_id = view.events[-1].id
        _post(session, mirror, writer.brief(view), now)
    for mirror, event in session.exec(_news(channel)).all():
        mirror.event_id = event.id
        if not _is_theirs(session, channel, event):
            _post(session, mirror, writer.line(event, _about(session, event)), now)


def due(session: Session, channel: str) -> list[Due]:
    """Mirrors with something to be posted, or to be closed, oldest ticket first."""
    waiting = _is_waiting()
    over = and_(col(Ticket.state).in_(OVER), ~_has_news())
    rows = session.exec(
        select(Mirror, Ticket, waiting, over)
        .join(Ticket, col(Mirror.ticket_id) == Ticket.id)
        .where(IS_FOLLOWED, Mirror.channel == channel, or_(waiting, over))
        .order_by(col(Ticket.id))
    )
    return [
        Due(ticket.id, ticket.number, ticket.title, mirror.thread, mirror.closed, is_over, posts)
        for mirror, ticket, posts, is_over in rows
    ]


def opened(session: Session, channel: str, ticket_id: int, thread: str) -> None:
    """The ticket has a thread."""
    mirror = session.get_one(Mirror, (ticket_id, channel))
    mirror.thread, mirror.closed = thread, False


def closed(session: Session, channel: str, ticket_id: int, *, now_closed: bool) -> None:
    """The thread was closed, or opened again. Closed, it is followed no longer, unless there is news meanwhile."""
    mirror = session.get_one(Mirror, (ticket_id, channel))
    this = and_(col(Mirror.ticket_id) == ticket_id, col(Mirror.channel) == channel)
    news = session.exec(select(Mirror.ticket_id).where(this, or_(_has_news(), _is_waiting()))).first()
    mirror.closed, mirror.done = now_closed, now_closed and news is None


def lost(session: Session, channel: str, ticket_id: int) -> None:
    """The thread is no more: the ticket begins anew, with a brief."""
    mirror = session.get_one(Mirror, (ticket_id, channel))
    mirror.thread, mirror.closed, mirror.event_id = None, False, 0
    gone = delete(MirrorPost).where(col(MirrorPost.ticket_id) == ticket_id, col(MirrorPost.channel) == channel)
    session.connection().execute(gone)


def claim(session: Session, channel: str, ticket_id: int) -> Pending | None:
    """The oldest post of a mirror, marked as being sent; None where none is left."""
    post = session.exec(
        select(MirrorPost)
        .where(MirrorPost.channel == channel, MirrorPost.ticket_id == ticket_id)
        .order_by(col(MirrorPost.id))
        .limit(1)
    ).first()
    if post is None:
        return None
    interrupted, post.sending = post.sending, True
    files = session.exec(select(File).where(col(File.id).in_(post.files)).order_by(col(File.id))).all()
    return Pending(
        post.id,
        post.text,
        files,
        dict(post.answering),
        post.parts,
        interrupted,
        post.doubtful,
        post.substitute,
        post.created_at,
    )


def part_posted(session: Session, post_id: int, parts: int, *, last: bool) -> None:
    """The room has `parts` of it, and with the last one all."""
    post = session.get_one(MirrorPost, post_id)
    if last:
        session.delete(post)
    else:
        # The next part is on its way before anybody could say so again.
        post.parts, post.doubtful = parts, False


def put_back(session: Session, post_id: int, *, doubtful: bool = False) -> None:
    """It is to be sent again. `doubtful`: it may be there already."""
    post = session.get_one(MirrorPost, post_id)
    post.sending, post.doubtful = False, post.doubtful or doubtful


def replaced(session: Session, post_id: int, text: str) -> None:
    """The platform refused it: `text` stands for the rest of it."""
    post = session.get_one(MirrorPost, post_id)
    post.text, post.files, post.parts, post.answering = text, [], 0, {}
    post.sending, post.doubtful, post.substitute = False, False, True


def add_post(
    session: Session,
    mirror: Mirror,
    text: str,
    answering: Mapping[str, Any],
    now: datetime,
    files: Sequence[int] = (),
) -> None:
    """`text` is to be said in the mirror, as an answer to what has `answering` as its `StaffMessage.raw`."""
    post = MirrorPost(
        ticket_id=mirror.ticket_id,
        channel=mirror.channel,
        text=text,
        files=list(files),
        answering=dict(answering),
        created_at=now,
    )
    session.add(post)
    mirror.done = False


def _unmirrored(channel: str, sources: Collection[str]) -> Any:
    mirrored = exists().where(col(Mirror.ticket_id) == Ticket.id, col(Mirror.channel) == channel)
    wanted = select(Ticket).where(col(Ticket.state).in_(WORKED_ON), ~mirrored).order_by(col(Ticket.id)).limit(MOST_NEW)
    if not sources:
        return wanted
    theirs = exists().where(
        col(TicketConversation.ticket_id) == Ticket.id,
        col(TicketConversation.conversation_id) == Conversation.id,
        col(Conversation.channel).in_(sources),
    )
    return wanted.where(theirs)


def _reopened(channel: str) -> Any:
    is_over_no_more = and_(col(Ticket.state).in_(WORKED_ON), col(Mirror.done).is_(True))
    joined = select(Mirror).join(Ticket, col(Mirror.ticket_id) == Ticket.id)
    return joined.where(Mirror.channel == channel, is_over_no_more)


def _has_news() -> ColumnElement[bool]:
    return exists().where(col(TicketEvent.ticket_id) == Mirror.ticket_id, col(TicketEvent.id) > Mirror.event_id)


def _is_waiting() -> ColumnElement[bool]:
    return exists().where(col(MirrorPost.ticket_id) == Mirror.ticket_id, col(MirrorPost.channel) == Mirror.channel)


def _unbriefed(channel: str) -> Any:
    return (
        select(Mirror, Ticket)
        .join(Ticket, col(Mirror.ticket_id) == Ticket.id)
        .where(IS_FOLLOWED, Mirror.channel == channel, Mirror.event_id == 0)
        .order_by(col(Ticket.id))
        .limit(MOST_NEW)
    )


def _news(channel: str) -> Any:
    return (
        select(Mirror, TicketEvent)
        .join(TicketEvent, col(TicketEvent.ticket_id) == Mirror.ticket_id)
        .where(IS_FOLLOWED, Mirror.channel == channel, Mirror.event_id > 0, col(TicketEvent.id) > Mirror.event_id)
        .order_by(col(TicketEvent.id))
        .limit(MOST_LINES)
    )


def _is_theirs(session: Session, channel: str, event: TicketEvent) -> bool:
    """Whether the room knows it, because it was said there."""
    about = event.detail.get("message")
    same = col(StaffSaid.line_id) == event.id
    if about and event.kind in ("failed", "unknown"):
        same = col(StaffSaid.message_id) == about
    return session.exec(select(StaffSaid.id).where(StaffSaid.channel == channel, same).limit(1)).first() is not None


def _about(session: Session, event: TicketEvent) -> Said | None:
    message = session.get(Message, event.detail["message"]) if event.detail.get("message") else None
    return with_files(session, [message])[0] if message else None


def _post(session: Session, mirror: Mirror, drafted: Drafted | None, now: datetime) -> None:
    if drafted is None:
        return
    last = _last(session, mirror)
    if last and not drafted.files and _may_grow(last):
        # What waits together is posted together: a group takes few messages a minute.
        last.text = f"{last.text}\n\n{drafted.text}"
        return
    add_post(session, mirror, drafted.text, {}, now, drafted.files)
    session.flush()


def _may_grow(post: MirrorPost) -> bool:
    """Nothing of it can be there yet, and it is nothing but text."""
    return not (post.files or post.answering or post.substitute or post.sending or post.doubtful or post.parts)


def _last(session: Session, mirror: Mirror) -> MirrorPost | None:
    return session.exec(
        select(MirrorPost)
        .where(MirrorPost.channel == mirror.channel, MirrorPost.ticket_id == mirror.ticket_id)
        .order_by(col(MirrorPost.id).desc())
        .limit(1)
    ).first()
