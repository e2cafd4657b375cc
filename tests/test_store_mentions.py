"""Whoever is named in a note finds it, once, until they have seen it."""

from __future__ import annotations

import pytest

from bot.store import handling, mentions
from bot.store.agent_tables import Agent
from bot.store.database import Database, Session
from bot.store.mentions import named
from tests.samples import NOW, escalated, later

NAMES = ["Anna", "Anna Li", "Ben", "王芳", "C3.PO (bot)"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Anna please", ["Anna"]),
        ("@anna li, and @BEN!", ["Anna Li", "Ben"]),
        ("请@王芳看一下", ["王芳"]),
        ("ask @C3.PO (bot)", ["C3.PO (bot)"]),
        ("@Ben @Ben", ["Ben"]),
        ("@Benjamin, ben@Ben.example, Ben", []),
        ("@Annabel and @", []),
    ],
)
def test_who_is_named(text: str, found: list[str]) -> None:
    """A name behind an @, in any case and script, the longest that fits; no part of a word and no mail address."""
    assert named(text, NAMES) == found


def test_nobody_can_be_named_where_nobody_works() -> None:
    """Without agents an @ is a sign like others."""
    assert named("@Anna", []) == []


def test_named_agents_find_the_note(database: Database) -> None:
    """Those who work here and did not write it; each until they have read it, and after that on demand."""
    database.transact(hire)
    number = escalated(database).number
    database.transact(handling.note, number, "Anna", "@Anna @Ben @Gone @Nobody look", later(5))
    assert [database.transact(mentions.of, name, 10) for name in ("Anna", "Gone", "Nobody")] == [[], [], []]
    (found,) = database.transact(mentions.of, "Ben", 10)
    assert (found.number, found.by, found.at, found.seen) == (number, "Anna", later(5), False)
    assert found.text == "@Anna @Ben @Gone @Nobody look"
    database.transact(mentions.see, "Ben", number, later(6))
    assert database.transact(mentions.of, "Ben", 10) == []
    (seen,) = database.transact(mentions.of, "Ben", 10, seen=True)
    assert seen.seen


def hire(session: Session) -> None:
    """Anna and Ben work here, somebody did."""
    for name in ("Anna", "Ben", "Gone"):
        removed = NOW if name == "Gone" else None
        session.add(Agent(name=name, email=f"{name}@example.com", created_at=NOW, removed_at=removed))
