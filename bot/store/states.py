"""How the channels are, as the running Frontdesk last wrote it down and anybody may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.store.channel_tables import ChannelState, Cursor
from bot.store.tables import Message, MessageState

#: Messages on their way out, and those whose sending ended badly.
OUT = (MessageState.QUEUED, MessageState.SENDING, MessageState.FAILED, MessageState.UNKNOWN)

#: A channel and an account of it.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Overview:
    """One account of one channel."""

    state: ChannelState
    cursor: str | None
    #: Cursors of an account that is read in several lanes, by lane.
    lanes: dict[str, str]
    #: Messages by state: those in `OUT`.
    out: dict[MessageState, int]


def keep(session: Session, states: Sequence[ChannelState]) -> None:
    """Writes the states down, each over what was there of the same account."""
    for state in states:
        session.merge(state)


def overview(session: Session) -> list[Overview]:
    """Every account any channel has ever heard, by name."""
    states = session.exec(select(ChannelState).order_by(col(ChannelState.channel), col(ChannelState.account))).all()
    cursors, lanes = _cursors(session)
    counted = session.exec(
        select(Message.channel, Message.account, Message.state, func.count())
        .where(col(Message.state).in_(OUT))
        .group_by(Message.channel, Message.account, col(Message.state))
    )
    out: dict[Key, dict[MessageState, int]] = {}
    for channel, account, state, count in counted:
        out.setdefault((channel, account), {})[MessageState(state)] = count
    keys = [(state.channel, state.account) for state in states]
    return [
        Overview(state, cursors.get(key), lanes.get(key, {}), out.get(key, {}))
        for key, state in zip(keys, states, strict=True)
    ]


def channels(session: Session) -> Sequence[str]:
    """Every channel that was ever heard, by name."""
    return session.exec(select(ChannelState.channel).distinct().order_by(ChannelState.channel)).all()


def _cursors(session: Session) -> tuple[dict[Key, str], dict[Key, dict[str, str]]]:
    """By channel and account; of "account/lane" by lane too."""
    cursors = {(row.channel, row.account): row.value for row in session.exec(select(Cursor))}
    lanes: dict[Key, dict[str, str]] = {}
    for (channel, account), value in sorted(cursors.items()):
        owner, _, lane = account.rpartition("/")
        lanes.setdefault((channel, owner), {})[lane] = value
    return cursors, lanes


def silent(state: ChannelState, now: datetime, after: float) -> bool:
    """Whether nobody has written it down for `after` seconds: then no Frontdesk runs this channel."""
    return (now - state.written_at).total_seconds() > after
