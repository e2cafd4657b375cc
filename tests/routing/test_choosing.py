"""Who gets which ticket: the order, the limits, and that nobody who could be served is left."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.routing.choosing import Assignment, OnDuty, Waiting, able, candidates, choose, in_order
from bot.store.agent_tables import Presence
from tests.samples import NOW, later

WAIT = timedelta(minutes=5)
NAMES = ("Anna", "Ben", "Chen", "Dora")
TEAMS = ("payments", "security")
LANGUAGES = ("en", "zh", "xx")
SKILLS = ("p2p", "legal")


def ticket(number: int = 1, waited: float = 60, **more: object) -> Waiting:
    """One that waits for `waited` seconds."""
    return Waiting(number=f"FD-{number}", since=later(-waited), **more)  # type: ignore[arg-type]  # its fields


def sets(of: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(of))


TICKETS = st.lists(
    st.builds(
        Waiting,
        number=st.integers(1, 999).map("FD-{}".format),
        since=st.integers(-60, 1200).map(lambda seconds: later(-seconds)),
        rank=st.integers(0, 2),
        urgency=st.integers(0, 3),
        team=st.sampled_from(("", *TEAMS, "gone")),
        language=st.sampled_from(LANGUAGES),
        skills=sets(SKILLS),
        dedicated=sets(NAMES).map(tuple),
        passed=sets(NAMES),
    ),
    unique_by=lambda found: found.number,
    max_size=12,
)
DESK = st.lists(
    st.builds(
        OnDuty,
        name=st.sampled_from(NAMES),
        presence=st.sampled_from(Presence),
        capacity=st.integers(0, 3),
        load=st.integers(0, 4),
        given_at=st.none() | st.integers(0, 600).map(lambda seconds: later(-seconds)),
        teams=sets(TEAMS),
        skills=sets(SKILLS),
        languages=sets(("en", "zh", "klingon")),
    ),
    unique_by=lambda found: found.name,
    max_size=4,
)


def after(desk: list[OnDuty], chosen: list[Assignment]) -> list[OnDuty]:
    """The desk once everybody has what they were given."""
    given = Counter(assignment.agent for assignment in chosen)
    return [
        OnDuty(
            agent.name,
            agent.presence,
            agent.capacity,
            agent.load + given[agent.name],
            agent.given_at,
            agent.teams,
            agent.skills,
            agent.languages,
        )
        for agent in desk
    ]


@settings(max_examples=100, deadline=None)
@given(TICKETS, DESK)
def test_nobody_gets_more_than_they_have_room_for(tickets: list[Waiting], desk: list[OnDuty]) -> None:
    """Only who is online is given anything, never beyond their capacity, and no ticket goes to two."""
    chosen = choose(tickets, desk, NOW, WAIT)
    assert len({assignment.number for assignment in chosen}) == len(chosen)
    given = Counter(assignment.agent for assignment in chosen)
    for agent in desk:
        if given[agent.name]:
            assert agent.presence is Presence.ONLINE
            assert agent.load + given[agent.name] <= agent.capacity


@settings(max_examples=100, deadline=None)
@given(TICKETS, DESK)
def test_nobody_who_could_be_served_is_left(tickets: list[Waiting], desk: list[OnDuty]) -> None:
    """Of the tickets left none has anybody who could take it: all who may are full or not there."""
    chosen = choose(tickets, desk, NOW, WAIT)
    served = {assignment.number for assignment in chosen}
    left = [found for found in tickets if found.number not in served]
    assert [found.number for found in left if candidates(found, after(desk, chosen), NOW, WAIT)] == []


@settings(max_examples=100, deadline=None)
@given(TICKETS, DESK)
def test_order_is_kept(tickets: list[Waiting], desk: list[OnDuty]) -> None:
    """Tickets are served in order, and none later in it decides what an earlier one gets."""
    chosen = choose(tickets, desk, NOW, WAIT)
    ordered = in_order(tickets)
    numbers = [found.number for found in ordered]
    assert [numbers.index(assignment.number) for assignment in chosen] == sorted(
        numbers.index(assignment.number) for assignment in chosen
    )
    first = choose(ordered[: len(ordered) // 2], desk, NOW, WAIT)
    assert chosen[: len(first)] == first


@settings(max_examples=60, deadline=None)
@given(TICKETS, DESK)
def test_whoever_gets_it_can_answer_it(tickets: list[Waiting], desk: list[OnDuty]) -> None:
    """An agent is one of the ticket's own, or has team, language and skills as far as anybody at the desk has."""
    found = {one.number: one for one in tickets}
    for assignment in choose(tickets, desk, NOW, WAIT):
        wanted = found[assignment.number]
        assert assignment.agent in (*wanted.dedicated, *(agent.name for agent in able(wanted, desk)))


def test_tier_comes_before_priority_and_priority_before_waiting() -> None:
    """A VIP's trifle goes first, then what is urgent, then who waits longest."""
    vip, urgent = ticket(1, waited=1, rank=1, urgency=0), ticket(2, waited=2, urgency=3)
    old, new = ticket(3, waited=500), ticket(4, waited=3)
    assert in_order([new, old, urgent, vip]) == [vip, urgent, old, new]


def test_least_loaded_then_longest_idle() -> None:
    """Of those who can, who has least gets it; of equals, who was given nothing for longest."""
    busy, fresh, idle = OnDuty("Anna", load=2), OnDuty("Ben", given_at=later(-5)), OnDuty("Chen", given_at=later(-900))
    chosen = choose([ticket(1), ticket(2), ticket(3)], [busy, fresh, idle], NOW, WAIT)
    assert [assignment.agent for assignment in chosen] == ["Chen", "Ben", "Ben"]


def test_dedicated_agent_gets_it() -> None:
    """Where one is named and has room, they get it whatever they have already, and whatever team it is in."""
    own = OnDuty("Anna", load=7)
    (chosen,) = choose([ticket(team="payments", dedicated=("Anna",))], [own, OnDuty("Ben")], NOW, WAIT)
    assert chosen.agent == "Anna"


def test_full_dedicated_agent_is_waited_for_a_while() -> None:
    """Who is at work but full is waited for so long and no longer; who is not there is not waited for."""
    full, ben = OnDuty("Anna", capacity=1, load=1), OnDuty("Ben")
    assert choose([ticket(waited=299, dedicated=("Anna",))], [full, ben], NOW, WAIT) == []
    assert [one.agent for one in choose([ticket(waited=300, dedicated=("Anna",))], [full, ben], NOW, WAIT)] == ["Ben"]
    gone = OnDuty("Anna", Presence.OFFLINE)
    assert [one.agent for one in choose([ticket(waited=1, dedicated=("Anna",))], [gone, ben], NOW, WAIT)] == ["Ben"]


def test_clock_put_back_makes_nobody_wait() -> None:
    """A ticket from a moment that has not come yet is not held for a dedicated agent without room."""
    full = OnDuty("Anna", capacity=1, load=1)
    chosen = choose([ticket(waited=-3600, dedicated=("Anna",))], [full, OnDuty("Ben")], NOW, WAIT)
    assert [one.agent for one in chosen] == ["Ben"]


def test_capacity_of_nothing_is_nobody() -> None:
    """An agent who takes no tickets gets none, and a ticket that only they could answer is not kept for them."""
    lead = OnDuty("Anna", capacity=0, skills=frozenset({"legal"}))
    assert choose([ticket()], [lead], NOW, WAIT) == []
    (chosen,) = choose([ticket(skills=frozenset({"legal"}))], [lead, OnDuty("Ben")], NOW, WAIT)
    assert chosen.agent == "Ben"


def test_language_that_nobody_speaks_is_answered_all_the_same() -> None:
    """Where no agent of the team has the language, any of the team may; where one has it, only they."""
    english = OnDuty("Anna", teams=frozenset({"payments"}), languages=frozenset({"en"}))
    strange = OnDuty("Ben", languages=frozenset({"klingon"}))
    wanted = ticket(team="payments", language="zh")
    assert [agent.name for agent in able(wanted, [english, strange])] == ["Anna"]
    chinese = OnDuty("Chen", Presence.OFFLINE, teams=frozenset({"payments"}), languages=frozenset({"zh"}))
    assert [agent.name for agent in able(wanted, [english, strange, chinese])] == ["Chen"]


def test_team_of_nobody_is_everybodys() -> None:
    """A ticket of a team that no agent is in waits for no such agent."""
    assert [one.agent for one in choose([ticket(team="gone")], [OnDuty("Anna")], NOW, WAIT)] == ["Anna"]


def test_who_did_not_answer_comes_last() -> None:
    """It goes to another, however busy; back to the same only where there is nobody else."""
    had, busy = OnDuty("Anna"), OnDuty("Ben", load=5)
    wanted = ticket(passed=frozenset({"Anna"}))
    assert [one.agent for one in choose([wanted], [had, busy], NOW, WAIT)] == ["Ben"]
    assert [one.agent for one in choose([wanted], [had], NOW, WAIT)] == ["Anna"]
