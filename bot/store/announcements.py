"""Announcements: what was said to everybody, and how it is at each place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.errors import NotFound
from bot.store.announcement_tables import Announcement, Post, PostState
from bot.store.inbox import KeptFile
from bot.store.rows import row_of
from channels.words import Place, Sent

#: States in which something is still to be posted.
UNFINISHED = (PostState.QUEUED, PostState.SENDING, PostState.FAILED)
#: States in which nobody knows whether the platform has the next part.
DOUBTFUL = (PostState.SENDING, PostState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Target:
    """A place an announcement is for, and what it says there."""

    channel: str
    place: Place
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """An announcement with its places, in the order they are served."""

    announcement: Announcement
    posts: Sequence[Post]


def create(
    session: Session, targets: Sequence[Target], picture: KeptFile | None, created_by: str, now: datetime
) -> int:
    """Writes an announcement down before anything of it is posted; its id."""
    announcement = Announcement(
        texts={target.language: target.text for target in targets},
        picture=asdict(picture) if picture else None,
        created_by=created_by,
        created_at=now,
    )
    session.add(announcement)
    session.flush()
    for target in targets:
        session.add(_post(announcement.id, target, now))
    return announcement.id


def view(session: Session, announcement_id: int) -> View:
    """Raises `NotFound`."""
    announcement = row_of(session, Announcement, announcement_id)
    if announcement is None:
        raise NotFound(f"there is no announcement {announcement_id}: `frontdesk announce list` names them")
    posts = session.exec(select(Post).where(Post.announcement_id == announcement_id).order_by(col(Post.id))).all()
    return View(announcement, posts)


def newest(session: Session, limit: int) -> list[View]:
    """The newest `limit` announcements, newest first."""
    found = session.exec(select(Announcement.id).order_by(col(Announcement.id).desc()).limit(limit)).all()
    return [view(session, id_) for id_ in found]


def unfinished_twin(session: Session, texts: Mapping[str, str]) -> int | None:
    """The newest announcement of the same words that is not at all its places yet."""
    waiting = select(Post.announcement_id).where(col(Post.state).in_(UNFINISHED))
    found = select(Announcement).where(col(Announcement.id).in_(waiting)).order_by(col(Announcement.id).desc())
    return next((one.id for one in session.exec(found) if one.texts == dict(texts)), None)


def reopen(session: Session, announcement_id: int, now: datetime) -> None:
    """What failed is tried anew, and what waits is due."""
    for post in view(session, announcement_id).posts:
        if post.state in (PostState.QUEUED, PostState.FAILED):
            post.state, post.attempts, post.due_at, post.updated_at = PostState.QUEUED, 0, None, now


def begin(session: Session, post_id: int, now: datetime) -> Post:
    """The next part is about to leave."""
    post = session.get_one(Post, post_id)
    post.state, post.attempts, post.updated_at = PostState.SENDING, post.attempts + 1, now
    return post


def part_sent(session: Session, post_id: int, part: int, sent: Sent, now: datetime, *, last: bool) -> Post:
    """The platform has `part`, and with the last one all of it. Saying it twice changes nothing."""
    post = session.get_one(Post, post_id)
    post.platform_ids = [*post.platform_ids[:part], sent.platform_id]
    post.error = sent.note or None
    post.updated_at = now
    if last:
        post.state = PostState.SENT
    return post


def settle(
    session: Session, post_id: int, state: PostState, error: str | None, now: datetime, due_at: datetime | None = None
) -> Post:
    """The post is in this state, with the reason."""
    post = session.get_one(Post, post_id)
    post.state, post.error, post.due_at, post.updated_at = state, error, due_at, now
    return post


def reword(session: Session, announcement_id: int, texts: Mapping[str, str], now: datetime) -> None:
    """The announcement says `texts`, and so does whatever of it no platform has a part of yet."""
    found = view(session, announcement_id)
    found.announcement.texts = {**found.announcement.texts, **texts}
    for post in found.posts:
        if not post.platform_ids and post.state in UNFINISHED and post.language in texts:
            post.text, post.updated_at = texts[post.language], now


def corrected(session: Session, post_id: int, text: str, parts: int, now: datetime) -> Post:
    """`text` stands there, in its first `parts` messages; the others are gone."""
    post = session.get_one(Post, post_id)
    post.text, post.platform_ids, post.error, post.updated_at = text, post.platform_ids[:parts], None, now
    return post


def _post(announcement_id: int, target: Target, now: datetime) -> Post:
    return Post(
        announcement_id=announcement_id,
        channel=target.channel,
        account=target.place.account,
        handle=target.place.handle,
        thread=target.place.thread,
        language=target.language,
        text=target.text,
        updated_at=now,
    )
