from __future__ import annotations

from io import StringIO

from rich.console import Console

from bot.training.evaluation import Evaluation
from bot.training.tables import MOST, show
from tests.training.answers import asked


def shown(evaluation: Evaluation, width: int = 160) -> str:
    console = Console(file=StringIO(), width=width, highlight=False)
    show(evaluation, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_figures_stand_with_their_intervals() -> None:
    """For all questions and for each language."""
    text = shown(Evaluation(model="0123456789abcdef", asked=(asked("a", "a"), asked("a", None, language="zh"))))
    assert "2 questions, model 0123456789ab" in text
    rows = [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│") and "%" in line]
    assert rows == ["all", "en", "zh"]
    assert "9.5 to 90.5" in text


def test_mistakes_stand_with_their_words() -> None:
    """Brackets are words, not colours; Chinese is folded, not cut."""
    long = "提现一直没到账" * 20
    text = shown(Evaluation(asked=(asked("a", "b", 0.7, "[red]where[/red]"), asked(None, "c", 0.9, long))), width=60)
    assert "[red]where[/red]" in text
    assert text.count("没") >= 20 - 2
    assert "…" not in text.partition("Out of scope")[2]


def test_only_the_worst_intents_are_listed() -> None:
    """The one with the fewest right first; the whole list is in the report."""
    intents = [asked(f"intent{number:02}", "x" if number == 30 else f"intent{number:02}") for number in range(31)]
    listed = shown(Evaluation(asked=tuple(intents))).partition("fewest right")[2].partition("Confusions")[0]
    assert listed.count("intent") - listed.count("intent ") == MOST
    assert listed.index("intent30") < listed.index("intent00")
