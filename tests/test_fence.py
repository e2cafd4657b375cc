"""The fence, tried in many orders: once a human has taken over, not one message of the bot leaves.

Store, Delivery and Tickets are the real ones, on SQLite. Two things are held in hand: every transaction and every send
waits in a line until it is let go, and the clock stands still until it is moved. So an example is an order of events
and nothing else, and the same one twice ends the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event, update
from sqlmodel import col, select

from bot.conversation import Content
from bot.store import outbox
from bot.store.database import Session
from bot.store.outbox import Dispatch
from bot.store.tables import Conversation, Message, MessageState
from bot.tickets import Tickets
from tests.held import HeldDatabase
from tests.stage import World
from tests.takeover import Takeover


@pytest.fixture
def world(migrated_sqlite: Path, tmp_path: Path, content: Content) -> Iterator[World]:
    """One database for all examples, each with a channel of its own, and nothing on the screen."""
    path = tmp_path / "frontdesk.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    database = HeldDatabase(f"sqlite:///{path}")
    # Power cuts are not among the events.
    event.listen(database._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield World(database, content.answers)
    structlog.reset_defaults()
    database.close()


def explore(world: World, examples: int) -> None:
    """Tries that many orders of events: the same ones each time, so that a failure is the change's.

    FRONTDESK_TEST_RANDOM tries others. A failure is not made small, which takes minutes; the blob printed replays it.
    """

    class Here(Takeover):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            phases=(Phase.generate,),
            derandomize="FRONTDESK_TEST_RANDOM" not in os.environ,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_no_bot_message_leaves_after_a_takeover(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """However takeovers, replies, sends, faults, crashes and pauses interleave: silence, order, and a true ledger.

    FRONTDESK_TEST_ORDERS tries that many orders, for a night.
    """
    explore(world, examples=int(os.environ.get("FRONTDESK_TEST_ORDERS", "300")))
    with capsys.disabled():
        print(f"\n{world.tally}")  # noqa: T201 - how much was tried is part of what the test says
    assert world.tally.takeovers > 200
    assert world.tally.in_flight > 10
    assert world.tally.withheld > 100


def test_model_notices_a_missing_fence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `claim` sends whatever is due, whoever wrote it under whatever epoch, the model finds the bot speaking."""
    fenced = outbox.claim

    def claim(session: Session, channels: list[str], now: datetime, limit: int) -> list[Dispatch]:
        epoch = select(Conversation.epoch).where(Conversation.id == Message.conversation_id).scalar_subquery()
        session.exec(update(Message).where(col(Message.state) == MessageState.QUEUED).values(epoch=epoch))
        return fenced(session, channels, now, limit)

    monkeypatch.setattr(outbox, "claim", claim)
    with pytest.raises(AssertionError, match=r"the bot spoke|waited and is sent"):
        explore(world, examples=400)


def test_model_notices_an_impatient_takeover(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where taking returns without waiting for what is being sent, the model finds the bot speaking."""

    async def silenced(_: Tickets, __: list[Conversation]) -> None:
        return

    monkeypatch.setattr(Tickets, "_silenced", silenced)
    with pytest.raises(AssertionError, match="the bot spoke"):
        explore(world, examples=400)
