"""Who is there: what agents chose, and what silence makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.errors import NotFound
from bot.store import presence
from bot.store.agent_tables import Agent, Presence
from bot.store.attendance_tables import Attendance
from bot.store.database import Database, Session
from bot.store.presence import Patience
from tests.routing.people import change, hire, presence_of
from tests.samples import NOW, later, rows

PATIENCE = Patience(away=timedelta(minutes=5), gone=timedelta(minutes=15), back=timedelta(minutes=10))


def seen(database: Database, seconds: float = 0) -> None:
    """Anna does something."""
    database.transact(presence.seen, "Anna", later(seconds))


def chose(database: Database, chosen: Presence, seconds: float = 0) -> None:
    """Anna says whether she is there."""
    database.transact(presence.set_presence, "Anna", chosen, later(seconds))


def after(database: Database, minutes: float) -> Presence:
    """What the sweep at that moment leaves Anna as."""
    database.transact(presence.sweep, PATIENCE, later(60 * minutes))
    return presence_of(database, "Anna")


def changed_at(session: Session) -> object:
    return session.exec(select(Agent.presence_at)).one()


def test_silence_makes_away_then_offline(database: Database) -> None:
    """Five minutes without a sign make away, fifteen offline; not a moment sooner."""
    hire(database, "Anna", Presence.OFFLINE)
    chose(database, Presence.ONLINE)
    assert [after(database, minutes) for minutes in (4.9, 5, 14.9, 15)] == [
        Presence.ONLINE,
        Presence.AWAY,
        Presence.AWAY,
        Presence.OFFLINE,
    ]
    assert database.transact(changed_at) == later(15 * 60)


def test_a_sign_brings_back_what_was_chosen(database: Database) -> None:
    """Who fell silent is online again with the next sign; who chose to be away or gone stays so."""
    hire(database, "Anna")
    for chosen in Presence:
        chose(database, chosen)
        after(database, 20)
        assert presence_of(database, "Anna") is Presence.OFFLINE
        seen(database, 21 * 60)
        assert presence_of(database, "Anna") is chosen


def test_first_sign_makes_online(database: Database) -> None:
    """Who never chose is there with the first thing they do."""
    hire(database, "Anna", Presence.OFFLINE)
    seen(database)
    assert presence_of(database, "Anna") is Presence.ONLINE


def test_signs_keep_somebody_there(database: Database) -> None:
    """While signs come, nobody is away, and since when they are there does not change."""
    hire(database, "Anna", Presence.OFFLINE)
    for minute in range(0, 13, 4):
        seen(database, 60 * minute)
        assert after(database, minute) is Presence.ONLINE
    assert database.transact(changed_at) == NOW


def test_signs_close_together_are_written_once(database: Database) -> None:
    """A page that reports every second costs no write every second."""
    hire(database, "Anna")
    for seconds in (0, 5, 14, 16):
        seen(database, seconds)
    assert [row.seen_at for row in rows(database, Attendance)] == [later(16)]


def test_online_without_a_sign_ends_too(database: Database) -> None:
    """Somebody set online by hand in the database is not there for ever."""
    hire(database, "Anna")
    assert after(database, 20) is Presence.OFFLINE


def test_clock_put_back_keeps_nobody_there(database: Database) -> None:
    """A sign from an hour ahead counts from now on: five minutes later its agent is away."""
    hire(database, "Anna", Presence.OFFLINE)
    seen(database, 3600)
    assert after(database, 0) is Presence.ONLINE
    assert after(database, 5) is Presence.AWAY


def test_nobody_is_no_agent(database: Database) -> None:
    """A name without an account, and one whose account is gone, have no presence."""
    hire(database, "Anna")
    change(database, "Anna", removed_at=NOW)
    for name in ("Anna", "Nobody", "a\u202eb"):
        with pytest.raises(NotFound, match="there is no agent"):
            database.transact(presence.seen, name, NOW)
        with pytest.raises(NotFound, match="there is no agent"):
            database.transact(presence.set_presence, name, Presence.ONLINE, NOW)
