"""The lists that everybody has, and those that agents keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, func, or_, select

from bot.errors import NotFound, Refused
from bot.store.filters import parse
from bot.store.list_tables import SavedView
from bot.store.rows import row_of

#: Queries by name, in the order they are shown; their titles are in bot/desk/texts/lists.json.
BUILT_IN: Mapping[str, str] = {
    "mine": "assignee:me",
    "mentions": "mentions:me",
    "waiting": "assignee:none state:waiting",
    "late": "late:soon",
    "pending": "state:pending",
    "all": "state:active",
    "solved": "state:over",
}

LONGEST_TITLE = 60

#: Of one owner.
MOST_VIEWS = 50


def views(session: Session, agent: str) -> Sequence[SavedView]:
    """The shared ones and those of `agent`, in the order they were given."""
    wanted = select(SavedView).where(or_(col(SavedView.owner) == "", col(SavedView.owner) == agent))
    return session.exec(wanted.order_by(col(SavedView.owner), col(SavedView.position), col(SavedView.id))).all()


def keep(session: Session, owner: str, title: str, query: str) -> SavedView:
    """A new view behind the others of `owner`, "" for one of all. Raises `Refused`."""
    title = _title(title)
    _check(query, owner)
    number, last = session.exec(
        select(func.count(), func.max(SavedView.position)).select_from(SavedView).where(SavedView.owner == owner)
    ).one()
    if number >= MOST_VIEWS:
        raise Refused(f"there are {number} views already; remove one first")
    view = SavedView(owner=owner, title=title, query=query, position=(last or 0) + 1)
    session.add(view)
    session.flush()
    return view


def change(session: Session, owner: str, view_id: int, title: str, query: str, position: int) -> SavedView:
    """A view of `owner` becomes that. Raises `NotFound`, also for another's, and `Refused`."""
    view = _own(session, owner, view_id)
    _check(query, owner)
    if not 0 <= position < MOST_VIEWS:
        raise Refused(f"a position is between 0 and {MOST_VIEWS - 1}")
    view.title, view.query, view.position = _title(title), query, position
    return view


def drop(session: Session, owner: str, view_id: int) -> None:
    """A view of `owner` is gone. Raises `NotFound`, also for another's."""
    session.delete(_own(session, owner, view_id))


def _own(session: Session, owner: str, view_id: int) -> SavedView:
    view = row_of(session, SavedView, view_id)
    if view is None or view.owner != owner:
        raise NotFound(f"there is no view {view_id}")
    return view


def _check(query: str, owner: str) -> None:
    if "\0" in query:
        raise Refused("a query is text")
    parse(query, owner)


def _title(title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE or not title.isprintable():
        raise Refused(f"a title has 1 to {LONGEST_TITLE} characters")
    return title
