"""Tickets, read for the desk: each with what stands beside it."""

from __future__ import annotations

from typing import Any

from bot.conversation import now
from bot.desk.parts import Parts
from bot.desk.talk import Teller
from bot.desk.texts import Words
from bot.desk.ticket import Shown, named, shown
from bot.store import agents, audit, desk
from bot.store.agent_tables import Agent
from bot.store.desk import Before

#: Messages of a ticket on a page.
PAGE = 60


class Sheets:
    """Reads one ticket at a time for an agent who opened it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def sheet(self, number: str, agent: Agent, before: Before) -> Shown:
        """The ticket with the newest messages, or those older than `before`. Raises `NotFound`.

        That the agent saw it is in the audit trail, and what names them in its notes is no news any more.
        """
        at = now()
        await self._parts.database.run(audit.ticket_viewed, agent.name, number, at, over="desk")
        content = self._parts.content
        opened = await self._parts.database.run(desk.open_for, number, agent.name, before, PAGE, at)
        teller = Teller(Words(agent.language), content.answers, named(opened.open), opened.corrected)
        return shown(opened, teller, content.policy, agent.name, at)

    async def choices(self, language: str) -> dict[str, Any]:
        """What the dialogs of a ticket offer."""
        policy = self._parts.content.policy
        categories = [
            {"name": name, "title": category.title.get(language, name)} for name, category in policy.categories.items()
        ]
        working = await self._parts.database.run(agents.all_agents)
        return {
            "categories": categories,
            "teams": list(self._parts.settings.routing.teams),
            "agents": [agent.name for agent in working],
            "translates": bool(self._parts.settings.desk.translator.url),
        }
