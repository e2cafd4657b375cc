"""Agents' keys: readable once, stored as a digest, ended at once."""

from __future__ import annotations

import pytest

from bot.errors import NotFound, Refused
from bot.store import agents, tokens
from bot.store.agent_tables import Role, Token
from bot.store.database import Database
from bot.store.tokens import Key
from tests.samples import NOW, later, rows


def test_token_opens_for_its_agent(database: Database) -> None:
    """A token names its agent; anything else names nobody."""
    anna, ben = (database.transact(tokens.create, agent, NOW) for agent in ("Anna", "Ben"))
    assert anna != ben
    assert database.transact(tokens.key_of, anna) == Key("Anna", [], None)
    assert database.transact(tokens.key_of, ben) == Key("Ben", [], None)
    for wrong in ("", anna[:-1], anna.upper(), "fd_", "' OR 1=1"):
        assert database.transact(tokens.key_of, wrong) is None


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
    assert database.transact(tokens.key_of, first) is None
    assert database.transact(tokens.key_of, second) == Key("Anna", [], None)
    assert [row.revoked_at for row in database.transact(tokens.all_tokens)] == [later(5), None]


def test_unknown_token_cannot_be_revoked(database: Database) -> None:
    """Revoking what is not there says so."""
    with pytest.raises(NotFound):
        database.transact(tokens.revoke, 7, NOW)


def test_a_removed_agents_tokens_end(database: Database) -> None:
    """All of them, at once, and nobody makes another in that name."""
    database.transact(agents.add, "Anna", "anna@example.org", Role.LEAD, NOW)
    token = database.transact(tokens.create, "Anna", NOW, ["tickets:read"])
    assert database.transact(tokens.key_of, token) == Key("Anna", ["tickets:read"], Role.LEAD)
    database.transact(agents.remove, "Anna", "Olga", later(5))
    assert database.transact(tokens.key_of, token) is None
    with pytest.raises(Refused, match="Anna was removed"):
        database.transact(tokens.create, "Anna", later(6))


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
def test_an_id_that_none_can_have_is_not_there(database: Database, number: int) -> None:
    """It is no error of the database's."""
    with pytest.raises(NotFound):
        database.transact(tokens.revoke, number, NOW)
