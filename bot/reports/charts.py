"""Where the bars of a chart stand. Across, a chart counts in per cents, so that it fits any page; down, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Pixels of the bars' part of a chart by day, and of what is under it.
HEIGHT, FOOT = 180, 22

#: Pixels of a bar that lies, and from one to the next; its name stands above it.
THICK, STEP = 16, 44

#: Dates under a chart at most; more would run into each other on a phone.
MOST_LABELS = 4

#: Parts of what a bar has that stay free beside it.
GAP = 0.2


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar: `row` and `series` say of what, `value` how much."""

    row: int
    series: int
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a place, `anchor` as SVG calls it; of a scale `value` is what to write."""

    x: float
    y: float
    value: int
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a template draws. `labels` hold the number of the row that is named there."""

    height: int
    bars: Sequence[Bar]
    scale: Sequence[Mark]
    labels: Sequence[Mark]


def by_day(rows: Sequence[Sequence[int]]) -> Chart:
    """A standing bar a row, its parts one on the other, the first at the foot."""
    top = _round_up(max(map(sum, rows), default=0))
    each = 100 / max(len(rows), 1)
    bars = []
    for place, values in enumerate(rows):
        y = float(HEIGHT)
        for series, value in enumerate(values):
            height = value / top * HEIGHT
            y -= height
            if value:
                bars.append(Bar(place, series, value, each * (place + GAP / 2), y, each * (1 - GAP), height))
    scale = [Mark(0, HEIGHT - value / top * HEIGHT, value) for value in ((top, top // 2) if top > 1 else (top,))]
    return Chart(HEIGHT + FOOT, bars, scale, _dates(len(rows), each))


def lying(rows: Sequence[Sequence[int]]) -> Chart:
    """A lying bar a row, its parts one behind the other; the longest is as wide as the chart."""
    most = max(map(sum, rows), default=0) or 1
    bars, labels = [], []
    for place, values in enumerate(rows):
        x, y = 0.0, float(place * STEP + STEP - THICK - 6)
        labels.append(Mark(0, y - 6, place))
        for series, value in enumerate(values):
            width = value / most * 100
            if value:
                bars.append(Bar(place, series, value, x, y, width, THICK))
            x += width
    return Chart(max(len(rows), 1) * STEP, bars, (), labels)


def _round_up(most: int) -> int:
    """The next of 1, 2, 4, 10, 20, 40, 100 ...: each but 1 is even, so that its half is a whole number too."""
    step = 1
    while True:
        for factor in (1, 2, 4):
            if factor * step >= most:
                return factor * step
        step *= 10


def _dates(count: int, each: float) -> list[Mark]:
    """Evenly spread, the first and the last among them."""
    shown = min(count, MOST_LABELS)
    places = [round(number * (count - 1) / max(shown - 1, 1)) for number in range(shown)]
    return [Mark(each * (place + 0.5), HEIGHT + FOOT - 6, place, _anchor(place, count)) for place in places]


def _anchor(place: int, count: int) -> str:
    if count > 1 and place in (0, count - 1):
        return "start" if place == 0 else "end"
    return "middle"
