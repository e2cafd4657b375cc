"""Calendars and policies as they are written in config.yaml: which one holds, and what is refused with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import settings
from bot.config_file import ConfigFile
from bot.errors import Misconfigured
from bot.sla.policies import STANDARD, Policies

OFFICE = """
calendars:
  office:
    zone: Europe/Berlin
    hours:
      mon-thu: [09:00-12:30, 13:00-17:30]
      fri: 9:00-15:00
    holidays: {country: DE, subdivision: BE}
    closed: [2026-12-24]
    exceptions: {2026-05-01: 10:00-12:00}
"""

POLICIES = """
sla:
  policies:
    usual: {calendar: office, first_response: 4h, resolution: 2d}
    urgent: {priority: urgent, first_response: 15m, warn_at: 0.5, on_breach: [notify, raise_priority]}
    kyc: {category: kyc, calendar: office, first_response: 1h 30m}
    gold: {tier: [gold, platinum], first_response: 5m, next_response: 10m}
    gold-kyc: {tier: gold, category: kyc, first_response: 2m}
"""


def load(folder: Path, text: str) -> Policies:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    found = settings.load(ConfigFile(path))
    return Policies(found.calendars, found.sla.policies)


def problems(folder: Path, text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(Misconfigured) as raised:
        load(folder, text)
    return [(problem.where, problem.key, problem.what) for problem in raised.value.problems]


@pytest.mark.parametrize(("priority", "minutes"), [("urgent", 15), ("high", 60), ("normal", 240), ("low", 1440)])
def test_without_policies_there_is_a_promise_for_each_priority(priority: str, minutes: int) -> None:
    """Around the clock, and of the first answer alone."""
    policy = STANDARD.match(priority, "anything")
    assert (policy.name, policy.first_response) == (priority, timedelta(minutes=minutes))
    assert (policy.calendar.always, policy.next_response, policy.resolution) == (True, None, None)


@pytest.mark.parametrize(
    ("priority", "category", "tier", "name"),
    [
        ("low", "fees", "", "usual"),
        ("urgent", "fees", "", "urgent"),
        ("low", "kyc", "", "kyc"),
        ("urgent", "kyc", "", "kyc"),
        ("urgent", "fees", "gold", "gold"),
        ("low", "kyc", "gold", "gold-kyc"),
        ("low", "kyc", "platinum", "gold"),
    ],
)
def test_the_most_specific_policy_holds(tmp_path: Path, priority: str, category: str, tier: str, name: str) -> None:
    """Who names most; of as many, who names the tier, then who names the category."""
    assert load(tmp_path, OFFICE + POLICIES).match(priority, category, tier).name == name


def test_of_equals_the_first_in_the_file_holds(tmp_path: Path) -> None:
    """Two for the same priority are no error, and no matter of chance."""
    text = "sla: {policies: {b: {first_response: 1h}, a: {first_response: 2h}}}"
    assert load(tmp_path, text).match("low", "fees").name == "b"


def test_a_calendar_is_read_as_it_is_written(tmp_path: Path) -> None:
    """Periods, ranges of weekdays, holidays of a state, own closed days, exceptions; a day is the mean of its days."""
    policies = load(tmp_path, OFFICE + POLICIES)
    office = policies.calendars["office"]

    def opens(*day: int) -> timedelta:
        at = datetime(*day, tzinfo=office.zone)  # type: ignore[misc, arg-type]  # three numbers
        return office.between(at, at + timedelta(days=1))

    assert [opens(2026, 3, day) for day in range(2, 8)] == [timedelta(hours=8)] * 4 + [timedelta(hours=6), timedelta()]
    women = date(2026, 3, 8) + timedelta(days=365)
    assert opens(women.year, women.month, women.day) == timedelta()
    assert opens(2026, 12, 24) == timedelta()
    assert opens(2026, 5, 1) == timedelta(hours=2)
    assert policies.match("low", "fees").resolution == 2 * timedelta(hours=7, minutes=36)
    assert policies.match("urgent", "fees").warn_at == 0.5
    assert policies.match("low", "kyc").first_response == timedelta(minutes=90)


@pytest.mark.parametrize(
    ("hours", "line", "told"),
    [
        ("mon: [09:00-12:00, 11:30-17:00]", 5, "periods overlap: one is open still when another begins, at 11:30"),
        ("mon: 17:00-09:00", 5, "ends before it begins: past midnight, write 24:00"),
        ("mon: 09:00-09:00", 5, "ends before it begins"),
        ("mon: 09:00-24:01", 5, "ends after 24:00"),
        ("mon: 09:61-10:00", 5, "is no period: write 09:00-17:30"),
        ("mon: 900", 5, "is no period"),
        ("mon: []", 3, "no open hours at all"),
        ("monday: 09:00-17:00", 4, "'monday' is no weekday"),
        ("fri-mon: 09:00-17:00", 4, "runs backwards"),
        ("{mon-fri: 09:00-17:00, tue: 10:00-11:00}", 4, "tue is there twice"),
    ],
)
def test_hours_that_are_none_are_refused_with_their_line(tmp_path: Path, hours: str, line: int, told: str) -> None:
    """What overlaps, ends before it begins, or is on no clock."""
    text = f"calendars:\n\n  office:\n    hours:\n      {hours}\n"
    [(where, key, what)] = problems(tmp_path, text)[:1]
    assert where == f"config.yaml:{line}"
    assert key.startswith("calendars.office")
    assert told in what


@pytest.mark.parametrize(
    ("calendar", "told"),
    [
        ("{zone: Europe/Nowhere, always: true}", "'Europe/Nowhere' is no time zone"),
        ("{zone: ../../etc/passwd, always: true}", "no time zone"),
        ("{hours: {mon: 9:00-10:00}, holidays: {country: XX}}", "no holidays are known"),
        ("{hours: {mon: 9:00-10:00}, holidays: {country: DE, subdivision: QQ}}", "no holidays are known"),
        ("{always: true, hours: {mon: 9:00-10:00}}", "is open always, and has hours"),
        ("{}", "no open hours at all"),
        ("{hours: {mon: 9:00-10:00}, colour: red}", "unknown key"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(tmp_path: Path, calendar: str, told: str) -> None:
    """With the line it stands on."""
    found = problems(tmp_path, f"calendars:\n  office: {calendar}\n")
    assert found[0][0] == "config.yaml:2"
    assert told in found[0][2]


@pytest.mark.parametrize("value", ["4", "0m", "4 weeks", "-1h", "367d", "1h2d", "''", "15"])
def test_a_duration_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    """Days, hours, minutes in this order, from a minute to a year."""
    [(where, key, _)] = problems(tmp_path, f"sla:\n  policies:\n    a:\n      first_response: {value}\n")
    assert (where, key) == ("config.yaml:4", "sla.policies.a.first_response")


def test_gaps_between_policies_are_named(tmp_path: Path) -> None:
    """A calendar that is not there, and each priority for which nothing holds without a category and a tier."""
    text = """
sla:
  policies:
    a: {priority: [urgent, high], calendar: ofice, first_response: 1h}
    b: {tier: gold, first_response: 1h}
"""
    assert problems(tmp_path, text) == [
        ("config.yaml:4", "sla.policies.a.calendar", "no calendar 'ofice'"),
        ("config.yaml:3", "sla.policies", "no policy for priority normal"),
        ("config.yaml:3", "sla.policies", "no policy for priority low"),
    ]


def test_the_setting_of_before_is_named(tmp_path: Path) -> None:
    """`tickets.first_response_minutes` is no key any more, and is not passed over."""
    [(where, key, _)] = problems(tmp_path, "tickets:\n  first_response_minutes: {urgent: 1}\n")
    assert (where, key) == ("config.yaml:2", "tickets.first_response_minutes")


def test_a_calendar_that_is_not_open_for_two_years_is_still_read(tmp_path: Path) -> None:
    """What it cannot say is None."""
    text = "calendars: {fair: {exceptions: {2031-05-01: 10:00-12:00}}}"
    assert load(tmp_path, text).calendars["fair"].opens_at(datetime(2026, 1, 1, tzinfo=UTC)) is None
