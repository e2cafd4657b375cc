"""From whom a provider vouches for to a session, on each kind of database."""

from __future__ import annotations

import pytest

from bot.access.gate import Gate
from bot.access.oidc.entering import Newcomer, enter
from bot.access.oidc.errors import NotAnAgent
from bot.access.oidc.identity import Identity
from bot.conversation import now
from bot.settings import Settings
from bot.store import agents, sessions
from bot.store.agent_tables import Role
from bot.store.database import Database
from bot.store.sessions import Caller
from tests.desk.house import hire

CALLER = Caller("Firefox", "192.0.2.7")
WELCOME = Newcomer(welcome=True, language="zh")


async def test_somebody_new_is_made_an_agent_once(database: Database, settings: Settings) -> None:
    """In the language their browser asked for; the second time it is the same one."""
    gate = Gate(database, settings)
    ben = Identity("ben@example.org", "Ben", factor=True)
    for _ in range(2):
        signed = await enter(gate, ben, WELCOME, CALLER, now())
        entry = database.transact(sessions.entry_of, signed.token, CALLER, gate.lifetime, now())
        assert entry
        assert (entry.agent.name, entry.agent.role, entry.agent.language) == ("Ben", Role.AGENT, "zh")
        assert (signed.pending, entry.session.vouched) == (False, True)
    assert len(database.transact(agents.all_agents)) == 1


async def test_who_was_removed_does_not_come_back_under_another_name(database: Database, settings: Settings) -> None:
    """The provider may know them still: an admin decided, and an admin invites them again."""
    hire(database)
    database.transact(agents.remove, "Anna", "Ada", now())
    gate, anna = Gate(database, settings), Identity("anna@example.org", "Anna Lee", factor=False)
    with pytest.raises(NotAnAgent, match="removed"):
        await enter(gate, anna, WELCOME, CALLER, now())
    other = Identity("joanna@example.org", "Joanna", factor=False)
    assert not (await enter(gate, other, WELCOME, CALLER, now())).pending


async def test_nobody_new_is_made_where_they_are_not_welcome(database: Database, settings: Settings) -> None:
    """Nor does a name decide who somebody is."""
    hire(database)
    mallory = Identity("mallory@example.org", "Anna", factor=True)
    for welcome in (Newcomer(welcome=False, language="en"), WELCOME):
        with pytest.raises(NotAnAgent):
            await enter(Gate(database, settings), mallory, welcome, CALLER, now())
    assert [agent.name for agent in database.transact(agents.all_agents)] == ["Anna"]
