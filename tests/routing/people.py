"""Agents for the tests of routing."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from bot.store.agent_tables import Agent, Presence
from bot.store.database import Database, Session
from bot.store.tables import Ticket
from channels.words import Place
from tests.samples import NOW, escalated, inbound


def hire(database: Database, name: str, presence: Presence = Presence.ONLINE, **more: Any) -> None:
    """An agent of the desk."""
    agent = Agent(
        name=name, email=f"{name.lower()}@example.org", presence=presence, presence_at=NOW, created_at=NOW, **more
    )
    database.transact(lambda session: session.add(agent))


def change(database: Database, name: str, **values: Any) -> None:
    """The agent is different from now on."""

    def apply(session: Session) -> None:
        agent = session.exec(select(Agent).where(Agent.name == name)).one()
        for key, value in values.items():
            setattr(agent, key, value)

    database.transact(apply)


def presence_of(database: Database, name: str) -> Presence:
    """Whether they are there."""
    return database.transact(lambda session: session.exec(select(Agent).where(Agent.name == name)).one()).presence


def wait_for_human(database: Database, who: str = "ann", **more: Any) -> str:
    """Somebody in the queue; the number of their ticket."""
    place = Place(account="bot-1", handle=who)
    return escalated(database, inbound("a human!", f"{who}-1", place), **more).number


def set_ticket(database: Database, number: str, **values: Any) -> None:
    """The ticket is different from now on."""

    def apply(session: Session) -> None:
        ticket = session.exec(select(Ticket).where(Ticket.number == number)).one()
        for key, value in values.items():
            setattr(ticket, key, value)

    database.transact(apply)


def ticket(database: Database, number: str) -> Ticket:
    """As it stands now."""
    return database.transact(lambda session: session.exec(select(Ticket).where(Ticket.number == number)).one())
