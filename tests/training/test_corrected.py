"""What agents correct becomes examples that Rasa reads as they were meant: each once, without secrets and markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.errors import NotFound
from bot.policy import bare
from bot.store import corrections, ticketing
from bot.store.corrections import Corrected
from bot.store.database import Database
from bot.store.tables import TicketEvent
from bot.training.corrected import LONGEST, as_yaml, example_of, examples_of
from bot.training.examples import examples
from channels.words import Place
from tests.samples import NOW, answer, arrive, escalation, inbound, later, rows


def corrected(text: str, intent: str = "fees") -> Corrected:
    """An agent says what it means."""
    return Corrected(1, text, "en", None, intent, "Anna", NOW)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("  what are\n the fees? ", "what are the fees?"),
        ("- fees", "fees"),
        ("[BTC](coin) and {x}", "(BTC)(coin) and (x)"),
        ("my password is hunter2 what are the fees", "my password is what are the fees"),
        ("手续费多少", "手续费多少"),
        ("👍", ""),
        ("fees " * LONGEST, ""),
    ],
)
def test_a_message_as_an_example(text: str, example: str) -> None:
    """One line, in words; no secret, no markup; nothing of what says nothing or too much."""
    assert example_of(text) == example


def test_each_text_once() -> None:
    """What differs in marks and case alone is one; what is known, or has two meanings, is none."""
    found = examples_of(
        [
            corrected("What are the fees?"),
            corrected("what are the FEES"),
            corrected("help me", "human"),
            corrected("Help me!", "fees"),
            corrected("known already"),
            corrected("agent", "human"),
        ],
        {bare("Known already!")},
    )
    assert found == {"fees": ["What are the fees?"], "human": ["agent"]}


def test_rasa_reads_what_was_meant(tmp_path: Path) -> None:
    """Whatever a user wrote, the file has one example for it, of that intent, without entities."""
    texts = ["fee: 5 # each", "'quoted' \"twice\"", "| > & * ! x", "手续费：多少？", "{a}[b](c)"]
    path = tmp_path / "corrected.yml"
    path.write_text(as_yaml(examples_of(map(corrected, texts), set())), encoding="utf-8")
    read = examples(path)
    assert [example.text for example in read] == [example_of(text) for text in texts]
    assert all(example.marked == example.text and example.intent == "fees" for example in read)


def test_a_correction_is_kept_once(database: Database) -> None:
    """The last word of an agent counts, beside what the bot had understood; each change is a line."""
    number = misread(database)
    for agent, intent in (("Anna", "fees"), ("Ben", "deposit_how"), ("Ben", "deposit_how")):
        database.transact(corrections.correct, number, agent, 1, intent, later(5))
    (found,) = database.transact(corrections.all_corrections)
    assert (found.text, found.intent_before, found.intent, found.agent) == ("a human!", "human", "deposit_how", "Ben")
    lines = [line.detail for line in rows(database, TicketEvent) if line.kind == "corrected"]
    assert lines == [
        {"message": 1, "from": "human", "to": "fees"},
        {"message": 1, "from": "fees", "to": "deposit_how"},
    ]
    database.transact(corrections.correct, number, "Ben", 1, "human", later(6))
    assert database.transact(corrections.all_corrections) == []


@pytest.mark.parametrize("message_id", [2, 3, 0, 10**12], ids=["the bot's", "of another ticket", "none", "too large"])
def test_only_what_the_user_said_is_corrected(database: Database, message_id: int) -> None:
    """A message of the bot, of somebody else's ticket, or of nobody is not found."""
    number = misread(database)
    arrive(database, inbound("other", "e9", Place(account="bot-1", handle="bob")))
    with pytest.raises(NotFound):
        database.transact(corrections.correct, number, "Anna", message_id, "fees", NOW)


def test_corrections_are_exported_once(desk: Path) -> None:
    """The command writes a file that the training data takes, tells how many, and never writes over one."""
    database = Database(f"sqlite:///{desk / 'var/frontdesk.db'}")
    database.migrate()
    database.transact(corrections.correct, misread(database), "Anna", 1, "trading_fees", NOW)
    database.close()
    to = desk / "intents/data/corrected.yml"
    run = CliRunner()
    done = run.invoke(app, ["corrections", "export", "--to", str(to)])
    assert done.exit_code == 0, done.output
    assert "1 corrections, 1 new examples of 1 intents." in done.stderr
    assert [(example.intent, example.text) for example in examples(to)] == [("trading_fees", "a human!")]
    again = run.invoke(app, ["corrections", "export", "--to", str(to)])
    assert "1 corrections, 0 new examples" in again.stderr
    assert "a human!" in run.invoke(app, ["corrections", "list"]).stdout


def misread(database: Database) -> str:
    """A ticket whose message was taken for `human`."""
    conversation_id = answer(database, inbound("a human!"), "Yes", escalation=escalation(), intent="human")
    ticket = database.transact(ticketing.ticket_of, conversation_id)
    assert ticket
    return ticket.number
