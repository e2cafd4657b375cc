"""A report in the words of one lead: cells as text, charts with their names, CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.answers import Answers
from bot.desk.quantities import day, duration, language_name, number, percent
from bot.desk.spreadsheet import MARK
from bot.desk.spreadsheet import table as lines
from bot.desk.texts import Words
from bot.policy import Policy
from bot.reports.charts import Chart, by_day, lying
from bot.reports.tables import Cell, Column, Example, Table

#: Bars of a lying chart; the table beneath has the others.
MOST_BARS = 12

#: What stands for a value that there is none of.
NONE = "–"

MINUTE = 60

#: How numbers are told, by the kind of their column; a column of another kind has none.
NUMBERS: Mapping[str, Callable[[float, str], str]] = {
    "count": number,
    "mean": number,
    "share": percent,
    "duration": duration,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with its words: names of the rows, and of the series with what they are called as a class."""

    chart: Chart
    names: Sequence[str]
    short: Sequence[str]
    series: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as a page shows it; the cells of `examples` stay what they are."""

    name: str
    header: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str | Sequence[Example]]]
    drawn: Drawn | None


class Reporter:
    """Puts tables into the words of one lead."""

    def __init__(self, words: Words, answers: Answers, policy: Policy) -> None:
        self._words = words
        self._language = words.language
        self._answers = answers
        self._policy = policy

    def sheet(self, table: Table) -> Sheet:
        """The table to be shown."""
        header = [(self._words(f"leads.column_{each.name}"), each.kind in NUMBERS) for each in table.columns]
        rows = [[self._shown(*each) for each in zip(table.columns, row, strict=True)] for row in table.rows]
        return Sheet(table.name, header, rows, self._drawn(table) if table.chart and table.rows else None)

    def csv(self, table: Table) -> Iterator[str]:
        """The table as a file, line by line."""
        header = [self._words(f"leads.column_{each.name}") for each in table.columns]
        named = [
            self._words("leads.in_minutes", column=said) if each.kind == "duration" else said
            for said, each in zip(header, table.columns, strict=True)
        ]
        yield MARK + lines([named])
        for row in table.rows:
            yield lines([[self._plain(*each) for each in zip(table.columns, row, strict=True)]])

    def name(self, kind: str, value: str) -> str:
        """What a channel, a language, a category or an intent is called."""
        if kind == "language":
            return language_name(value, self._language) if value else self._words("leads.no_language")
        if kind == "category":
            category = self._policy.categories.get(value)
            return category.title.get(self._language, value) if category else value
        if kind == "intent":
            known = value in self._answers.intents()
            said = self._answers.title(value, self._language) if known else value.replace("_", " ")
            return said or self._words("leads.no_intent")
        return self._words(f"leads.word_{value}") if kind == "word" else value

    def _shown(self, column: Column, value: Cell) -> str | Sequence[Example]:
        if isinstance(value, str):
            return self.name(column.kind, value)
        if value is None:
            return NONE
        if isinstance(value, date):
            return day(value, self._language)
        if isinstance(value, int | float):
            return NUMBERS[column.kind](value, self._language)
        return value

    def _plain(self, column: Column, value: Cell) -> str | float | None:
        if isinstance(value, str):
            return self.name(column.kind, value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, float) or (isinstance(value, int) and column.kind == "duration"):
            return round(value / MINUTE if column.kind == "duration" else value, 4)
        if isinstance(value, int) or value is None:
            return value
        return " | ".join(f"{example.number}: {example.said}" for example in value)

    def _drawn(self, table: Table) -> Drawn:
        places = [[column.name for column in table.columns].index(name) for name in table.series]
        rows = table.rows if table.chart == "days" else table.rows[:MOST_BARS]
        values = [[_whole(row[place]) for place in places] for row in rows]
        names = [str(self._shown(table.columns[0], row[0])) for row in rows]
        short = [day(row[0], self._language, short=True) for row in rows if isinstance(row[0], date)]
        series = [(name, self._words(f"leads.column_{name}")) for name in table.series]
        return Drawn(by_day(values) if table.chart == "days" else lying(values), names, short or names, series)


def _whole(value: Cell) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no count")
    return value
