"""The arithmetic of reports against slow, obvious counts."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk import spreadsheet
from bot.errors import Refused
from bot.reports import figures
from bot.reports.charts import HEIGHT, by_day, lying
from bot.reports.figures import Spread, Standing, spread
from bot.reports.period import LONGEST, Period, days_after, days_of, period
from bot.reports.tables import Found, Table, tables
from bot.store.reporting import TicketFacts, Unanswered
from bot.store.talks import Outcome, Talks
from tests.samples import NOW, later

HOUR = 3600

TICKET = TicketFacts(
    created_at=NOW,
    channel="email",
    language="en",
    category="fees",
    priority="normal",
    team="",
    over=False,
    assignee=None,
    sla="",
    promised_at=later(4 * HOUR),
    promise_kept=None,
    first_response_at=None,
    solved_at=None,
    due_at=None,
    breached_at=None,
)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 50)))
def test_a_spread_is_what_counting_through_finds(times: list[int]) -> None:
    """The median and the ninth of ten are times that happened, by rank."""
    ordered = sorted(times)
    if not ordered:
        assert spread({}) == Spread(0)
        return
    middle, ninth = (ordered[math.ceil(len(ordered) * part / 10) - 1] for part in (5, 9))
    assert spread(Counter(map(float, times))) == Spread(len(times), middle, ninth)


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, Standing.RUNNING),
        ({"first_response_at": later(4 * HOUR)}, Standing.KEPT),
        ({"first_response_at": later(4 * HOUR + 1)}, Standing.MISSED),
        ({"promised_at": later(HOUR)}, Standing.MISSED),
        ({"solved_at": later(HOUR), "over": True}, Standing.KEPT),
        ({"solved_at": later(5 * HOUR), "over": True}, Standing.MISSED),
        ({"over": True}, Standing.KEPT),
        ({"promise_kept": False, "first_response_at": later(HOUR)}, Standing.MISSED),
        ({"promise_kept": True, "promised_at": later(HOUR)}, Standing.KEPT),
    ],
)
def test_what_became_of_the_first_promise(changes: dict[str, object], standing: Standing) -> None:
    """Kept by an answer or the end in time; missed once the time is over without; until then nobody knows."""
    assert figures.promise(replace(TICKET, **changes), later(2 * HOUR)) is standing  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"sla": ""}, None),
        ({}, Standing.RUNNING),
        ({"over": True}, Standing.KEPT),
        ({"over": True, "breached_at": later(1)}, Standing.MISSED),
        ({"breached_at": later(1)}, Standing.MISSED),
        ({"due_at": later(HOUR)}, Standing.MISSED),
        ({"due_at": later(3 * HOUR)}, Standing.RUNNING),
        ({"due_at": later(HOUR), "over": True}, Standing.KEPT),
    ],
)
def test_whether_the_clocks_were_met(changes: dict[str, object], standing: Standing | None) -> None:
    """One breach is a miss, for good; kept is only what is over; without a policy there is nothing to keep."""
    ticket = replace(replace(TICKET, sla="gold"), **changes)  # type: ignore[arg-type]  # fields by name
    assert figures.policy(ticket, later(2 * HOUR)) is standing


def test_humans_are_measured_in_the_time_that_counts() -> None:
    """A calendar that is open half of the time halves every time; the bot's are those of the wall."""
    answered = replace(TICKET, first_response_at=later(2 * HOUR), solved_at=later(8 * HOUR), over=True)
    talk = Talks(NOW.date(), "email", "en", Outcome.BOT, 3, 5, 60)
    found = Found([NOW.date()], UTC, [talk], {}, [answered], ())
    times = table(found, "times", lambda _, a, b: (b - a) / 2)
    assert times.rows == [
        ("first_response", "bot", 3, 5, 5),
        ("first_response", "human", 1, HOUR, HOUR),
        ("resolution", "bot", 3, 60, 60),
        ("resolution", "human", 1, 4 * HOUR, 4 * HOUR),
    ]


def table(found: Found, name: str, between: figures.Between = figures.elapsed) -> Table:
    """One table of a report."""
    every = tables(found, lambda intent: f"about {intent}", between, NOW)
    return next(each for each in every if each.name == name)


OUTCOMES = st.sampled_from(list(Outcome))
MANY = st.builds(
    Talks,
    date=st.dates(date(2026, 3, 1), date(2026, 3, 4)),
    channel=st.sampled_from(["email", "x"]),
    language=st.sampled_from(["en", ""]),
    outcome=OUTCOMES,
    count=st.integers(1, 3),
)


@settings(max_examples=30)
@given(st.lists(MANY, max_size=12))
def test_the_tables_of_talks_add_up_to_all_of_them(talks: list[Talks]) -> None:
    """By outcome, day, channel and language alike: none is lost and none counts twice."""
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]
    found = Found(days, UTC, talks, {}, (), ())
    one_by_one = [talk for talk in talks for _ in range(talk.count)]
    assert sum(int(str(row[1])) for row in table(found, "outcomes").rows) == len(one_by_one)
    for name, key in (("days", "date"), ("channels", "channel"), ("languages", "language")):
        rows = table(found, name).rows
        assert {row[0] for row in rows} >= {getattr(talk, key) for talk in talks}
        for row in rows:
            its = [talk.outcome for talk in one_by_one if getattr(talk, key) == row[0]]
            ends = [its.count(end) for end in (Outcome.BOT, Outcome.HUMAN, Outcome.WAITING, Outcome.GIVEN_UP)]
            assert list(row[1:]) == [len(its), *ends]


def test_what_the_bot_could_not_answer_is_grouped_with_examples() -> None:
    """The commonest first, three examples of each, a secret that came through taken out."""
    unanswered = [Unanswered(f"FD-{number}", "unsure", "fee", "how much") for number in range(4)]
    unanswered += [Unanswered("FD-9", "unhelpful", "", "my password is Hunter2!x")]
    (fee, nothing) = table(Found([], UTC, (), {}, (), unanswered), "unanswered").rows
    assert fee[:4] == ("fee", 4, 4, 0)
    assert [example.number for example in fee[4]] == ["FD-0", "FD-1", "FD-2"]  # type: ignore[union-attr]  # examples
    assert nothing[:4] == ("", 1, 0, 1)
    assert "Hunter2" not in nothing[4][0].said  # type: ignore[index, union-attr]  # examples


def test_agents_are_listed_by_name() -> None:
    """Whatever they solved; a ticket without anybody is nobody's."""
    tickets = [replace(TICKET, assignee=name, solved_at=later(1)) for name in ("bo", "Anna", "bo")] + [TICKET]
    rows = table(Found([], UTC, (), {}, tickets, ()), "agents").rows
    assert [row[:3] for row in rows] == [("Anna", 1, 1), ("bo", 2, 2)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Shanghai", "Pacific/Apia", "UTC"])
def test_days_leave_no_gap_and_overlap_nowhere(zone: str) -> None:
    """Each begins where the one before ends, at midnight of the zone, also where the clocks change."""
    where = ZoneInfo(zone)
    days = days_of(Period(date(2026, 3, 1), date(2026, 11, 30)), where)
    assert all(before.ends == after.starts for before, after in pairwise(days))
    assert [day.starts.astimezone(where).date() for day in days] == [day.date for day in days]
    assert {day.starts.tzinfo for day in days} == {UTC}


def test_the_days_of_a_period_and_those_behind_it() -> None:
    """The last so many days include today; answers count for a week, as far as it has come."""
    today = date(2026, 3, 10)
    assert period("30", "", "", today) == Period(date(2026, 2, 9), today)
    assert period("", "", "", today) == Period(date(2026, 3, 4), today)
    assert period("7", "2026-03-01", "2026-03-02", today) == Period(date(2026, 3, 1), date(2026, 3, 2))
    assert len(days_after(Period(today, date(2026, 3, 7)), UTC, today)) == 3
    assert len(days_after(Period(today, date(2026, 1, 7)), UTC, today)) == 7
    assert days_after(Period(today, date(2026, 4, 7)), UTC, today) == []


BAD = [
    ("x", "", ""),
    ("0", "", ""),
    ("-5", "", ""),
    ("99999999999", "", ""),
    (str(LONGEST + 1), "", ""),
    ("", "2026-03-02", "2026-03-01"),
    ("", "2026-02-30", ""),
    ("", "0001-01-01", "0001-01-02"),
    ("", "9999-12-31", "9999-12-31"),
    ("", "<script>", ""),
]


@pytest.mark.parametrize(("days", "first", "last"), BAD)
def test_what_is_no_period_is_refused(days: str, first: str, last: str) -> None:
    """With a sentence that says how one is written, whatever came."""
    with pytest.raises(Refused, match="a period"):
        period(days, first, last, date(2026, 3, 10))


ROWS = st.lists(st.lists(st.integers(0, 10_000), min_size=2, max_size=2), max_size=40)


@settings(max_examples=30)
@given(ROWS)
def test_bars_stand_inside_their_chart_and_are_as_long_as_they_count(rows: list[list[int]]) -> None:
    """Standing and lying: nothing sticks out, parts follow each other, and lengths are in proportion."""
    for chart, long in ((by_day(rows), "height"), (lying(rows), "width")):
        assert sum(bar.value for bar in chart.bars) == sum(map(sum, rows))
        lengths = {round(getattr(bar, long) / bar.value, 6) for bar in chart.bars if bar.value > 100}
        assert max(lengths, default=0) - min(lengths, default=0) < 0.001
        for bar in chart.bars:
            assert -1e-6 <= bar.x <= bar.x + bar.width <= 100 + 1e-6
            assert -1e-6 <= bar.y <= bar.y + bar.height <= chart.height + 1e-6
    assert all(bar.y + bar.height <= HEIGHT + 1e-6 for bar in by_day(rows).bars)


@settings(max_examples=30)
@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_no_cell_of_an_export_is_a_formula(rows: list[list[str]]) -> None:
    """What a spreadsheet would run stands behind an apostrophe; the rest is as it was."""
    back = list(csv.reader(io.StringIO(spreadsheet.table(rows), newline="")))
    for row, came in zip(rows, back, strict=True):
        for cell, found in zip(row, came, strict=True):
            assert found in (cell, f"'{cell}")
            assert found.strip()[:1] not in tuple("=+-@")


def test_numbers_stay_numbers() -> None:
    """Also one below zero, which begins as a formula does; and nothing stays nothing."""
    assert spreadsheet.table([[-3, 0.5, None, "-3", "\t=1", "＝1"]]) == "-3,0.5,,'-3,'\t=1,'＝1\r\n"


def test_a_chart_of_nothing_is_empty() -> None:
    """No row, or rows of nothing, divide nothing by nothing."""
    assert by_day([]).bars == lying([]).bars == by_day([[0, 0]]).bars == lying([[0, 0]]).bars == []


def test_times_do_not_depend_on_the_machine() -> None:
    """Days are those of the zone that is asked for."""
    late = replace(TICKET, created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    found = Found([date(2026, 3, 1), date(2026, 3, 2)], ZoneInfo("Asia/Shanghai"), (), {}, [late], ())
    assert [row[1] for row in table(found, "opened").rows] == [0, 1]
