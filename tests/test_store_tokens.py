"""Agents' keys: readable once, stored as a digest, ended at once."""

from __future__ import annotations

import pytest

from bot.errors import NotFound
from bot.store import tokens
from bot.store.agent_tables import Token
from bot.store.database import Database
from tests.samples import NOW, later, rows


def test_token_opens_for_its_agent(database: Database) -> None:
    """A token names its agent; anything else names nobody."""
    anna, ben = (database.transact(tokens.create, agent, NOW) for agent in ("Anna", "Ben"))
    assert anna != ben
    assert database.transact(tokens.agent_of, anna) == "Anna"
    assert database.transact(tokens.agent_of, ben) == "Ben"
    for wrong in ("", anna[:-1], anna.upper(), "fd_", "' OR 1=1"):
        assert database.transact(tokens.agent_of, wrong) is None


def test_only_a_digest_is_stored(database: Database) -> None:
    """Neither the token nor any part of it worth having is in the database."""
    token = database.transact(tokens.create, "Anna", NOW)
    (row,) = rows(database, Token)
    assert len(row.digest) == 64
    assert token.removeprefix("fd_") not in repr(row.model_dump())


def test_revoked_token_opens_nothing(database: Database) -> None:
    """Revoking ends a token at once and for good, and leaves the agent's other tokens alone."""
    first, second = (database.transact(tokens.create, "Anna", NOW) for _ in range(2))
    assert database.transact(tokens.revoke, 1, later(5)) == "Anna"
    assert database.transact(tokens.revoke, 1, later(9)) == "Anna"
    assert database.transact(tokens.agent_of, first) is None
    assert database.transact(tokens.agent_of, second) == "Anna"
    assert [row.revoked_at for row in database.transact(tokens.all_tokens)] == [later(5), None]


def test_unknown_token_cannot_be_revoked(database: Database) -> None:
    """Revoking what is not there says so."""
    with pytest.raises(NotFound):
        database.transact(tokens.revoke, 7, NOW)
