"""An evaluation at a terminal: the figures, and what is worth reading first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.training.asked import Asked
from bot.training.comparison import Worse
from bot.training.evaluation import Evaluation, answered, confusions
from bot.training.figures import Figures, Share

#: Rows of what is worth reading.
MOST = 15
#: Questions shown of each confusion.
EXAMPLES = 3


def show(evaluation: Evaluation, console: Console) -> None:
    """Figures by language, the intents with the fewest right, and the mistakes most worth reading."""
    _summary(evaluation, console)
    _intents(evaluation, console)
    _confusions(evaluation, console)
    _answered(evaluation, console)


def show_worse(found: Sequence[Worse], console: Console) -> None:
    """What a new model does worse than the live one, with the questions it lost."""
    if not found:
        console.print("The new model is nowhere worse than the live one.")
        return
    table = Table("worse at", "live", "new", "of", "lost", title="Worse than the live model")
    for one in found:
        lost = Text("\n".join(f"{asked.text} → {asked.guess or 'refused'}" for asked in one.lost[:EXAMPLES]))
        table.add_row(one.what, str(one.live), str(one.new), str(one.asked), lost)
    console.print(table)


def percent(share: float) -> str:
    # No line ends before the sign.
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def _summary(evaluation: Evaluation, console: Console) -> None:
    count = len(evaluation.asked)
    title = f"{count:,} question{'' if count == 1 else 's'}, model {evaluation.model[:12]}"
    table = Table("", "asked", "right", "wrong", "refused", "best guess", "outside refused", "ECE", title=title)
    rows = [("all", evaluation.overall), *evaluation.languages.items()]
    for name, found in rows:
        table.add_row(name, f"{found.right.of + found.out_of_scope_refused.of:,}", *_row(found))
    console.print(table)


def _row(found: Figures) -> list[str]:
    shares = (found.right, found.wrong, found.refused, found.accuracy, found.out_of_scope_refused)
    return [*map(_with_interval, shares), f"{found.calibration_error:.3f}"]


def _with_interval(share: Share) -> str:
    low, high = share.interval
    return f"{percent(share.value)}\n{100 * low:.1f} to {100 * high:.1f}" if share.of else ""


def _intents(evaluation: Evaluation, console: Console) -> None:
    table = Table("intent", "asked", "right", "wrong", "refused", title="Intents with the fewest right")
    worst = sorted(evaluation.intents.items(), key=lambda item: (item[1].right.value, -item[1].wrong.count))
    for intent, found in worst[:MOST]:
        table.add_row(intent, *(str(number) for number in (found.right.of, *_counts(found))))
    console.print(table)


def _counts(found: Figures) -> tuple[int, int, int]:
    return found.right.count, found.wrong.count, found.refused.count


def _confusions(evaluation: Evaluation, console: Console) -> None:
    table = _reading("Confusions worth reading", "expected", "said", "times")
    for one in confusions(evaluation.asked)[:MOST]:
        table.add_row(one.expected, one.said, str(len(one.questions)), _texts(one.questions[:EXAMPLES]))
    console.print(table)


def _answered(evaluation: Evaluation, console: Console) -> None:
    table = _reading("Out of scope, and answered", "said")
    for one in answered(evaluation.asked)[:MOST]:
        table.add_row(one.guess, _texts([one]))
    console.print(table)


def _reading(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, show_lines=True)
    # Chinese has no blanks to break at.
    table.add_column("asked", overflow="fold")
    return table


def _texts(questions: Sequence[Asked]) -> Text:
    # Not markup, whatever people write.
    return Text("\n".join(f"{one.confidence:.2f}  {one.text}" for one in questions))
