"""Promises as people read them: never earlier than they are kept, in their language, with the hours named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions import Escalate
from bot.conversation import Content
from bot.replies import Voice
from bot.settings import Settings
from bot.sla.calendar import ALWAYS, Calendar
from bot.sla.policies import Policies
from bot.sla.sections import CalendarSection, Duration, PolicySection
from bot.sla.telling import back, lasting, moment, when

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar("office", BERLIN, [[(540, 1020)]] * 5 + [[], []])
FRIDAY = datetime(2026, 3, 6, 16, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("minutes", "en", "zh"),
    [
        (0, "1 minute", "1分钟"),
        (15, "15 minutes", "15分钟"),
        (80, "1 hour, 20 minutes", "1小时20分钟"),
        (240, "4 hours", "4小时"),
        (1440, "1 day", "1天"),
        (1500, "1 day, 1 hour", "1天1小时"),
        (1501, "1 day, 2 hours", "1天2小时"),
        (2879, "2 days", "2天"),
    ],
)
def test_a_wait_is_told_in_units(minutes: int, en: str, zh: str) -> None:
    """In both languages; rounded up, to hours from a day on."""
    assert (lasting(timedelta(minutes=minutes), "en"), lasting(timedelta(minutes=minutes), "zh")) == (en, zh)


@given(st.integers(1, 10**7))
def test_a_wait_is_never_told_shorter_than_it_is(seconds: int) -> None:
    """Nor longer by more than its smallest unit."""
    sizes = {"day": 86400, "hour": 3600, "minute": 60}
    said = [part.split() for part in lasting(timedelta(seconds=seconds), "en").split(", ")]
    told = sum(int(count) * sizes[unit.removesuffix("s")] for count, unit in said)
    assert seconds <= told < seconds + (3600 if seconds > 86400 - 60 else 60)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "by Mon, Mar 9, 10:00 (Central European Standard Time)"),
        ("zh", "在3月9日周一 10:00 (中欧标准时间)之前"),
    ],
)
def test_over_a_night_a_time_is_told(content: Content, language: str, told: str) -> None:
    """With its day, by the clock on the wall there, which is named."""
    due = OFFICE.add(FRIDAY, timedelta(hours=2))
    assert when(content.answers, language, due, OFFICE, FRIDAY) == told
    assert when(content.answers, "en", OFFICE.add(FRIDAY, timedelta(hours=1)), OFFICE, FRIDAY) == "within 1 hour"


def test_a_time_is_never_told_earlier_than_it_is() -> None:
    """A second after nine is told as a minute after, a microsecond too; nine is nine."""
    nine = datetime(2026, 3, 9, 9, tzinfo=BERLIN)
    later = [timedelta(microseconds=number) for number in (0, 1, 1_000_000, 60_000_000)]
    said = [moment("en", nine + after, OFFICE) for after in later]
    assert [one.split(", ")[2][:5] for one in said] == ["09:00", "09:01", "09:01", "09:01"]


def test_people_are_told_when_somebody_is_back(content: Content) -> None:
    """Outside hours alone; where nobody knows, nothing is said of it, and the promise names no time."""
    saturday = FRIDAY + timedelta(days=1)
    assert "back on Mon, Mar 9, 09:00" in back(content.answers, "en", OFFICE, saturday)
    assert "3月9日周一 09:00" in back(content.answers, "zh", OFFICE, saturday)
    assert back(content.answers, "en", OFFICE, FRIDAY) == ""
    shut = Calendar("shut", BERLIN)
    assert back(content.answers, "en", shut, FRIDAY) == ""
    assert when(content.answers, "en", None, shut, FRIDAY) == "as soon as we are open again"
    assert back(content.answers, "en", ALWAYS, saturday) == ""


@pytest.fixture
def office() -> Policies:
    hours = CalendarSection.model_validate({"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-17:00"}})
    gold = PolicySection(tier=("gold",), first_response=Duration(days=0, minutes=5))
    usual = PolicySection(calendar="office", first_response=Duration(days=0, minutes=120))
    return Policies({"office": hours}, {"usual": usual, "gold": gold})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_promised_is_what_is_written_down(content: Content, office: Policies, language: str) -> None:
    """The ticket's promise ends when the user was told, on Monday at 11:00; a tier of its own is told its own."""
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    plain = (content.answers, content.policy, Settings().tickets, language, "webchat")
    voice = Voice(*plain, sla=office, at=saturday)
    [told] = voice.replies(Escalate("unsure", None))
    assert "11:00" in told.text
    assert "09:00" in told.text
    assert saturday + voice.escalation(Escalate("unsure", None)).promise == datetime(2026, 3, 9, 10, tzinfo=UTC)
    [gold] = Voice(*plain, sla=office, at=saturday, tier="gold").replies(Escalate("unsure", None))
    assert lasting(timedelta(minutes=5), language) in gold.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_desk_that_does_not_open_promises_no_time(content: Content, language: str) -> None:
    """The ticket opens all the same, and the user is told the truth."""
    far = CalendarSection.model_validate({"exceptions": {"2040-01-02": "09:00-17:00"}})
    never = Policies({"far": far}, {"usual": PolicySection(calendar="far", first_response=Duration(days=0, minutes=5))})
    voice = Voice(content.answers, content.policy, Settings().tickets, language, "webchat", sla=never)
    [told] = voice.replies(Escalate("unsure", None))
    assert {"en": "as soon as we are open", "zh": "恢复上班后尽快"}[language] in told.text
    assert voice.escalation(Escalate("unsure", None)).promise > timedelta(days=700)
