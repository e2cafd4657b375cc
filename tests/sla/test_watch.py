"""The loop beside the desk, and the command that explains what it did."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

import bot.sla.watch
from bot.__main__ import app
from bot.conversation import Content
from bot.errors import StorageDown
from bot.sla.policies import STANDARD
from bot.sla.watch import REST, Watch
from bot.store import handling
from bot.store.database import Database
from bot.store.tables import Message, Ticket
from channels.words import Place
from tests.samples import escalated, inbound, later, notice, rows, timeline, until


async def test_users_are_told_a_new_time_in_their_language(sqlite: Database, content: Content) -> None:
    """Before the promise breaks, once, kindly."""
    escalated(sqlite)
    watch = Watch(sqlite, STANDARD, content.answers)
    for minutes in (1, 180, 181, 200):
        await watch.look(later(60 * minutes))
    [said] = [one for one in rows(sqlite, Message) if one.author.value == "system"]
    assert "taking longer than we told you" in said.text
    assert "within 4 hours" in said.text
    assert [kind for _, kind in timeline(sqlite)] == ["opened", "warned", "promise_renewed"]


async def test_one_fault_does_not_keep_the_others_waiting(sqlite: Database, content: Content) -> None:
    """The ticket whose clocks cannot be counted rests; the next one is looked at."""
    broken = escalated(sqlite)
    whole = escalated(sqlite, inbound("help", event="e2", place=Place(account="bot-1", handle="bob")))

    def spoil(session: Session) -> None:
        session.get_one(Ticket, broken.id).priority = "unheard of"

    sqlite.transact(spoil)
    assert await Watch(sqlite, STANDARD, content.answers).look(later(1)) == 2
    found = {one.number: one for one in rows(sqlite, Ticket)}
    assert found[broken.number].look_at == later(1) + REST
    assert found[whole.number].sla == "normal"


async def test_a_database_that_is_away_ends_nothing(
    sqlite: Database, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop goes on, and finds what is due when the database is back."""
    escalated(sqlite)
    run, away = sqlite.run, [True] * 3

    async def sometimes(*args: object, **kwargs: object) -> object:
        if away:
            away.pop()
            raise StorageDown("away")
        return await run(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite, "run", sometimes)
    monkeypatch.setattr(bot.sla.watch, "LOOK", 0.01)
    monkeypatch.setattr("bot.store.database.PAUSE", 0.01)
    task = asyncio.create_task(Watch(sqlite, STANDARD, content.answers).run())
    await until(lambda: rows(sqlite, Ticket)[0].sla == "normal")
    task.cancel()
    await asyncio.wait([task])
    assert not away


@pytest.mark.usefixtures("desk")
@pytest.mark.usefixtures("wide")
def test_an_operator_sees_why(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history as it was counted, each clock with what was used, and what was done: after an answer in time."""
    number = escalated(sqlite).number
    sqlite.transact(handling.reply, number, "Anna", "Hello", notice, later(1800))
    sqlite.transact(handling.note, number, "Anna", "by phone", later(1900))
    monkeypatch.setenv("FRONTDESK__DATABASE__URL", sqlite.url)
    shown = CliRunner().invoke(app, ["sla", "explain", number.lower()])
    assert shown.exit_code == 0, shown.output
    lines = [line.split() for line in shown.output.splitlines()]
    assert lines[0] == f"{number} normal, withdrawal: policy normal, calendar always".split()
    assert ["2026-03-02", "09:30:00+0000", "Anna", "replied", "answered", "yes"] in lines
    assert ["2026-03-02", "09:31:40+0000", "Anna", "note", "yes"] in lines
    [first] = [line for line in lines if line[0] == "first_response"]
    assert first[1:4] == ["4:00:00", "0:30:00", "met"]
    assert "2026-03-02 13:00:00+0000" in " ".join(first)


@pytest.mark.usefixtures("desk")
def test_a_ticket_that_is_none_is_not_explained() -> None:
    """In words, with status 1."""
    shown = CliRunner().invoke(app, ["sla", "explain", "FD-9999"])
    assert (shown.exit_code, type(shown.exception)) == (1, SystemExit)
    assert "there is no ticket FD-9999" in shown.output
