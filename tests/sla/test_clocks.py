"""The rules of the clocks, one by one; all at once they are held against the reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.sla.calendar import ALWAYS
from bot.sla.clocks import Clocks, Did, Step, clocks
from bot.sla.history import steps
from bot.sla.policies import Policy
from bot.store.tables import TicketEvent

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = Policy("any", ALWAYS, 4 * HOUR, 2 * HOUR, 24 * HOUR)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def counted(*steps: tuple[float, Did], now: float, policy: Policy = POLICY) -> Clocks:
    return clocks([Step(START, Did.OPENED), *(Step(at(hours), did) for hours, did in steps)], policy, at(now))


def line(kind: str, actor: str = "Anna", id_: int = 0, **detail: object) -> TicketEvent:
    return TicketEvent(id=id_, ticket_id=1, at=START, actor=actor, kind=kind, detail=detail)


def test_first_response_runs_to_the_first_answer() -> None:
    """Taking it is none, nor is a word of the user; the second answer changes nothing."""
    found = counted((1, Did.RESUMED), (2, Did.ASKED), (3, Did.ANSWERED), (9, Did.ANSWERED), now=10).first_response
    assert (found.due_at, found.met_at, found.breached, found.used) == (at(4), at(3), False, 3 * HOUR)


def test_in_time_is_to_the_very_instant() -> None:
    """Answered when the time is up it is kept; answered later, or not at all, it is missed then."""
    assert counted((4, Did.ANSWERED), now=9).missed == []
    assert counted((4.001, Did.ANSWERED), now=9).missed == [at(4)]
    assert counted(now=4).missed == []
    assert counted(now=4.001).first_response.breached_at == at(4)


def test_next_response_counts_from_the_first_unanswered_word() -> None:
    """Not from the last; each wait has all of its time, and an earlier miss is not forgotten."""
    found = counted(
        (1, Did.ANSWERED), (2, Did.ASKED), (3, Did.ASKED), (5, Did.ANSWERED), (6, Did.ASKED), (7, Did.ASKED), now=7
    )
    assert (found.next_response.since, found.next_response.due_at) == (at(6), at(8))
    assert not found.next_response.breached
    assert found.missed == [at(4)]


def test_who_is_given_to_a_human_again_is_promised_an_answer_again() -> None:
    """Also where the policy has no next response: they were told the first one's time; a word to an agent was not."""
    plain = Policy("plain", ALWAYS, 4 * HOUR)
    again = counted((1, Did.ANSWERED), (2, Did.CALLED), now=7, policy=plain)
    assert (again.next_response.due_at, again.missed) == (at(6), [at(6)])
    asked = counted((1, Did.ANSWERED), (2, Did.ASKED), now=7, policy=plain).next_response
    assert (asked.since, asked.due_at, asked.used) == (at(2), None, 5 * HOUR)
    both = counted((1, Did.ANSWERED), (2, Did.ASKED), (3, Did.CALLED), now=7, policy=plain).next_response
    assert both.due_at == at(6)


def test_on_hold_and_pending_pause_the_solution_alone() -> None:
    """Whoever waits for an answer waits for us all the same."""
    found = counted((1, Did.ANSWERED), (2, Did.ASKED), (3, Did.PAUSED), now=5)
    assert found.resolution.paused
    assert found.resolution.used == 2 * HOUR
    assert found.resolution.due_at is None
    assert found.next_response.breached_at == at(4)


def test_a_ticket_opened_again_goes_on_where_it_was() -> None:
    """The night between solved and reopened costs nothing."""
    found = counted((10, Did.ENDED), (20, Did.CALLED), now=21)
    assert found.resolution.met_at is None
    assert found.resolution.due_at == at(34)
    assert found.next_response.since == at(20)
    assert counted((10, Did.ENDED), (20, Did.REOPENED), now=21).next_response.since is None


def test_given_back_to_the_bot_nobody_waits() -> None:
    """All clocks stand until a human is called again; the first response then goes on."""
    found = counted((1, Did.RELEASED), now=50)
    assert (found.first_response.paused, found.resolution.paused, found.missed) == (True, True, [])
    assert counted((1, Did.RELEASED), (50, Did.CALLED), now=51).first_response.due_at == at(53)


def test_a_policy_counts_from_the_beginning() -> None:
    """What became urgent after two hours is late at once where one hour is promised."""
    strict = Policy("strict", ALWAYS, HOUR)
    assert counted(now=2, policy=strict).first_response.breached_at == at(1)
    assert counted(now=2, policy=strict).resolution.due_at is None


def test_a_warning_comes_at_its_share() -> None:
    """Three quarters of the time that counts, pauses left out."""
    assert counted(now=1).first_response.warn_at == at(3)
    assert counted((6, Did.PAUSED), (16, Did.ASKED), now=17).resolution.warn_at == at(28)


def test_clocks_of_computers_that_differ_do_no_harm() -> None:
    """A line that is earlier than the one before counts as at the same time, and so does an earlier now."""
    found = counted((2, Did.ANSWERED), (1, Did.ASKED), now=0)
    assert found.next_response.since == at(2)
    assert found.first_response.used == 2 * HOUR


def test_a_ticket_without_a_history_has_no_clocks() -> None:
    """What was never opened here is not late."""
    found = clocks([], POLICY, START)
    assert [clock.since for _, clock in found.named()] == [None, None, None]
    assert found.missed == []


@pytest.mark.parametrize(
    ("lines", "means"),
    [
        (
            [line("opened", "bot"), line("message", "user"), line("note"), line("replied", message=3)],
            "OPENED ASKED ANSWERED",
        ),
        ([line("replied", message=3), line("unsent", message=3), line("replied", message=4)], "ANSWERED"),
        ([line("reopened", "bot"), line("reopened", "user"), line("reopened", "Anna")], "CALLED CALLED REOPENED"),
        (
            [line("taken"), line("assigned"), line("released"), line("note"), line("assigned")],
            "RESUMED RELEASED RESUMED",
        ),
        (
            [line("pending"), line("on_hold"), line("edited", "user"), line("solved"), line("closed")],
            "PAUSED PAUSED ASKED ENDED ENDED",
        ),
        ([line("opened", "bot"), line("merged", id_=7), line("changed")], "OPENED ENDED"),
        ([line("merged", id_=7, waiting_since="then"), line("undone", what="merged", line=7)], "RELEASED CALLED"),
        ([line("merged", id_=7, waiting_since=None), line("undone", what="merged", line=7)], "RELEASED REOPENED"),
        ([line("split_off", id_=7), line("undone", what="split_off", line=7)], "OPENED ENDED"),
        ([line("absorbed", id_=7), line("split", id_=8), line("undone", what="absorbed", line=7)], ""),
        ([line("withheld", "frontdesk"), line("changed"), line("warned", "frontdesk"), line("unheard of")], ""),
    ],
)
def test_a_timeline_is_read(lines: list[TicketEvent], means: str) -> None:
    """Each line by its kind; an answer taken back is none, and who opens a ticket again makes a difference."""
    assert [step.did.name for step in steps(lines)] == means.split()
