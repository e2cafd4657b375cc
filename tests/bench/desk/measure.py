"""What a desk asks the database for, timed on a full database and on one with a hundredth of it, taking turns."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from statistics import median

from rich.table import Table

from bot.store.database import Database, Session
from bot.store.filters import parse
from bot.store.lists import counts, list_page
from bot.store.opening import open_ticket
from bot.store.searching import search_page
from bot.store.ticketing import FIRST_NUMBER
from bot.store.views import BUILT_IN
from tests.bench.desk.rows import NOW, RARE, Size, agent_of

#: Tickets on a page of a list or search.
PAGE = 25

#: Times each is asked.
TIMES = 101

#: What is promised: milliseconds at the median, and how much longer with a hundred times the data.
LONGEST_MS = 100.0
LARGEST_RATIO = 1.5

#: Below this the ratio of two medians says nothing: a page costs as much as waking up.
LEAST_MS = 1.0

Ask = Callable[[Session], object]

#: These read up to a bound, and with less data there is less: with more it takes longer until that is reached.
FITS_LITTLE = "search: with a filter that fits little"
COUNTED = "list: how many in each"
BOUNDED = (FITS_LITTLE, COUNTED)

#: What is searched for, by what it is an example of.
SEARCHES: Mapping[str, str] = {
    "an English word": "withdrawal",
    "two Chinese characters": "提现",
    "one Chinese character": "账",
    "a very common word": "the",
    "several words": "identity photo unclear",
    "a phrase": '"pending for"',
    "a sentence in Chinese": "谷歌验证码一直提示错误",
    "a rare word": RARE,
    "what nobody wrote": "xylophone",
    "with a filter": "withdrawal state:active",
    FITS_LITTLE.removeprefix("search: "): "withdrawal state:active priority:urgent assignee:none",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One question, in milliseconds at the median on both."""

    name: str
    full: float
    hundredth: float

    @property
    def ratio(self) -> float:
        """How much longer it takes with all the data."""
        return max(self.full, LEAST_MS) / max(self.hundredth, LEAST_MS)

    @property
    def kept(self) -> bool:
        """Whether it is as was promised; what is read up to a bound need only be quick."""
        return self.full < LONGEST_MS and (self.ratio <= LARGEST_RATIO or self.name in BOUNDED)


def questions(size: Size, random: Random) -> dict[str, Ask]:
    """One of each kind, about tickets drawn anew."""
    agent = agent_of(random.randrange(1, size.agents + 1))
    number = f"FD-{FIRST_NUMBER + random.randrange(1, size.tickets)}"
    long = f"FD-{FIRST_NUMBER + 1}"
    views = {name: parse(query, agent) for name, query in BUILT_IN.items()}
    asked: dict[str, Ask] = {
        f"list: {name}": partial(list_page, wanted=view, after=None, limit=PAGE, now=NOW)
        for name, view in views.items()
    }
    asked[COUNTED] = partial(counts, wanted=views, now=NOW)
    for name, text in {**SEARCHES, "a number": number, "the beginning of a number": number[:-1]}.items():
        asked[f"search: {name}"] = partial(search_page, wanted=parse(text, agent), after=None, limit=PAGE, now=NOW)
    asked["open: any ticket"] = partial(open_ticket, number=number)
    asked["open: a very long one"] = partial(open_ticket, number=long)
    return asked


def measured(full: tuple[Size, Database], hundredth: tuple[Size, Database]) -> list[Line]:
    """Each question `TIMES` times on both, in turn: the machine's pace changes."""
    took: defaultdict[str, list[list[float]]] = defaultdict(lambda: [[], []])
    random = Random(5)  # noqa: S311 - nothing secret
    for _ in range(TIMES):
        for place, (size, database) in enumerate((full, hundredth)):
            for name, ask in questions(size, random).items():
                began = time.perf_counter()
                database.transact(ask)
                took[name][place].append(1_000 * (time.perf_counter() - began))
    return [Line(name, median(all_), median(some)) for name, (all_, some) in took.items()]


def table(found: list[Line]) -> Table:
    """The figures, with what is not as promised in red."""
    shown = Table("asked", "ms", "with a hundredth", "ratio", box=None)
    for line in found:
        style = "" if line.kept else "red"
        shown.add_row(line.name, f"{line.full:.2f}", f"{line.hundredth:.2f}", f"{line.ratio:.2f}", style=style)
    return shown
