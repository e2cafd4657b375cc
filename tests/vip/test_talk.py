"""Tiers and calls in talks with the bot, from the first message to the booked slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.callbacks.calls import Calls
from bot.sla.calendar import Calendar
from bot.store import handling, ticketing
from bot.store.call_tables import CallBack, CallState
from bot.store.database import Session
from bot.store.tables import Conversation, Message, Ticket
from channels.words import Author, Limits, Owner, Place
from tests.samples import NOW, notice, rows, take, timeline
from tests.sending import Clock
from tests.vip.talk import CALL_BACKS, Talk, payloads, settings_with


def kinds(talk: Talk) -> list[str]:
    return [kind for _, kind in timeline(talk.database)]


def owner(talk: Talk) -> Owner:
    return rows(talk.database, Conversation)[0].owner


async def test_perks_are_told_with_a_greeting_and_an_escalation(talk: Talk) -> None:
    """In the user's language, and only to who has them."""
    [greeting] = await talk.say("hi")
    assert greeting.text.endswith("\n\nGold goes first.")
    [told] = await talk.say("人工")
    assert "黄金会员优先。" in told.text
    talk.place, talk.volume = Place(account="bot-1", handle="bob"), None
    [greeting] = await talk.say("hi")
    assert "Gold" not in greeting.text


async def test_perks_are_never_told_in_public(talk: Talk) -> None:
    """Nor is a call offered there, or a number asked for."""
    talk.place = Place(account="bot-1", handle="ann", public=True)
    [greeting] = await talk.say("hi")
    assert "Gold" not in greeting.text
    [answer, told] = await talk.say("call me")
    assert "Gold" not in told.text
    assert not told.choices
    assert "number" not in answer.text.split("phone line")[0]


async def test_the_tier_raises_the_priority_and_goes_with_the_ticket(talk: Talk) -> None:
    """By its steps; where it does not count on the channel, nothing changes."""
    await talk.say("my withdrawal hangs")
    await talk.say("agent")
    talk.settings = talk.settings.model_copy(
        update={"tiers": {"gold": talk.settings.tiers["gold"].model_copy(update={"channels": ("x",)})}}
    )
    talk.__post_init__()
    talk.place = Place(account="bot-1", handle="bob")
    await talk.say("my withdrawal hangs")
    await talk.say("agent")
    found = [(ticket.priority, ticket.tier) for ticket in rows(talk.database, Ticket)]
    assert found == [("urgent", "gold"), ("high", "")]


async def test_whoever_may_be_called_books_a_slot(talk: Talk) -> None:
    """Number, account and problem first, then slots in words, then the call with everything on it."""
    [number] = await talk.say("call me")
    assert "phone number" in number.text
    [account] = await talk.say("it is 0049 30 901820, mornings")
    assert "UID" in account.text
    [problem] = await talk.say("my uid is 4711")
    assert "What happened" in problem.text
    told, slots = await talk.say("coins are gone")
    assert "FD-1001" in told.text
    assert "+49 30 901820" in slots.text
    assert "Germany (Berlin) Time" in slots.text
    assert [choice["title"] for choice in slots.choices][:2] == [
        "Mon, Mar 2 10:00 GMT+01:00",
        "Mon, Mar 2 10:30 GMT+01:00",
    ]
    [booked] = await talk.press(slots, 1)
    assert "Mon, Mar 2 10:30 GMT+01:00" in booked.text
    assert booked.author is Author.SYSTEM
    [call] = rows(talk.database, CallBack)
    assert (call.number, call.account, call.problem) == ("+4930901820", "4711", "coins are gone")
    assert (call.slot_at, call.zone, call.state) == (NOW + timedelta(minutes=30), "Europe/Berlin", CallState.SCHEDULED)
    assert kinds(talk) == ["opened", "call_booked", "message"]
    assert rows(talk.database, Ticket)[0].reason == "call"


async def test_slots_are_told_in_the_users_language_and_zone(talk: Talk) -> None:
    """The number says where the user is, if it is one place; the calendar's zone is told otherwise."""
    await talk.say("给我打电话")
    await talk.say("+86 138 0013 8000")
    await talk.say("my uid is 4711")
    _, slots = await talk.say("币不见了")
    assert "中国（上海）时间" in slots.text
    assert slots.choices[0]["title"] == "3月2日周一 17:00 GMT+08:00"


async def test_a_number_that_is_none_is_asked_for_once_more(talk: Talk) -> None:
    """After that the talk goes on without a call, to a human as ever."""
    await talk.say("call me")
    [again] = await talk.say("my number is 12")
    assert "not a number we could call" in again.text
    [account] = await talk.say("still 12")
    assert "UID" in account.text
    await talk.say("my uid is 4711")
    [told] = await talk.say("coins are gone")
    assert not any(payload.startswith("call_at:") for payload in payloads(told))
    [ticket] = rows(talk.database, Ticket)
    assert (ticket.reason, ticket.facts) == ("human", {"account_id": "4711", "problem": "coins are gone"})


async def test_the_second_number_counts(talk: Talk) -> None:
    """A slip is no reason to go without a call; what is asked next is what was asked next before."""
    await talk.say("call me")
    await talk.say("12")
    [account] = await talk.say("+49 30 901820")
    assert "UID" in account.text


async def test_skipping_the_number_leaves_the_call_out(talk: Talk) -> None:
    """Nobody must give one."""
    [number] = await talk.say("call me")
    await talk.press(number)
    await talk.say("my uid is 4711")
    await talk.say("coins are gone")
    assert rows(talk.database, Ticket)[0].reason == "human"


async def test_whoever_may_not_be_called_is_told_what_there_is(talk: Talk) -> None:
    """The approved answer, and a human in writing, as without call-backs."""
    talk.volume = None
    answer, told = await talk.say("call me")
    assert "can't make phone calls" in answer.text
    assert not told.choices
    assert rows(talk.database, Ticket)[0].reason == "policy"


async def test_what_is_understood_counts_as_the_phrase_does(talk: Talk) -> None:
    """By intent, of whatever words."""
    [number] = await talk.say("I would like to hear a voice")
    assert "phone number" in number.text


async def test_an_urgent_case_is_offered_a_call_and_loses_no_time(talk: Talk) -> None:
    """The ticket is in the queue at once; only who presses the button is asked anything, and the ticket stays there."""
    talk.volume = None
    _, told = await talk.say("somebody is in my account")
    assert (owner(talk), payloads(told)) == (Owner.QUEUE, ["call_me"])
    [number] = await talk.press(told)
    assert "phone number" in number.text
    assert (owner(talk), rows(talk.database, Ticket)[0].state.value) == (Owner.BOT, "new")
    await talk.say("+49 30 901820")
    await talk.say("my uid is 4711")
    _, slots = await talk.say("coins are gone")
    await talk.press(slots)
    [ticket] = rows(talk.database, Ticket)
    assert (ticket.priority, ticket.category, ticket.facts["problem"]) == ("urgent", "security", "coins are gone")
    assert (owner(talk), len(rows(talk.database, CallBack))) == (Owner.QUEUE, 1)


async def test_whoever_waits_can_ask_for_a_call_in_words(talk: Talk) -> None:
    """What else they write is the human's."""
    await talk.say("somebody is in my account")
    assert await talk.say("hurry up") == []
    [number] = await talk.say("call me")
    assert "phone number" in number.text


async def test_whoever_waits_without_being_allowed_gets_no_call(talk: Talk) -> None:
    """The words reach the ticket like all others."""
    talk.volume = None
    await talk.say("agent")
    assert await talk.say("call me") == []
    assert kinds(talk) == ["opened", "message"]


async def test_another_slot_moves_the_call(talk: Talk) -> None:
    """There is one call a ticket; the same slot pressed again changes nothing."""
    _, slots = await talk.collected()
    await talk.press(slots, 0)
    await talk.press(slots, 0)
    await talk.press(slots, 2)
    [call] = rows(talk.database, CallBack)
    assert (call.slot_at, call.seat) == (NOW + timedelta(hours=1), 0)
    assert [kind for kind in kinds(talk) if kind != "message"] == ["opened", "call_booked", "call_moved"]


async def test_two_choose_the_same_slot(talk: Talk, standing: Clock) -> None:
    """The second is offered what is left; a slot that has passed is gone as well."""
    _, slots = await talk.collected()
    bob = replace(talk, place=Place(account="bot-1", handle="bob"))
    _, same = await bob.collected()
    assert payloads(same) == payloads(slots)
    await talk.press(slots, 1)
    [taken] = await bob.press(same, 1)
    assert "no longer free" in taken.text
    assert payloads(slots)[1] not in payloads(taken)
    standing.at = NOW + timedelta(hours=1)
    [late] = await bob.press(taken, 0)
    assert "no longer free" in late.text
    assert len(rows(talk.database, CallBack)) == 1


async def test_the_user_calls_it_off(talk: Talk) -> None:
    """With the button under the booked call; the slot is free again, and there is nothing to call off any more."""
    _, slots = await talk.collected()
    [booked] = await talk.press(slots)
    [off] = await talk.press(booked)
    assert "not call you" in off.text
    [call] = rows(talk.database, CallBack)
    assert (call.state, call.seat) == (CallState.CANCELLED, None)
    [again] = await talk.press(booked)
    assert "not available any more" in again.text


async def test_a_slot_can_be_chosen_while_an_agent_answers(talk: Talk) -> None:
    """Frontdesk confirms it; the bot says nothing."""
    _, slots = await talk.collected()
    take(talk.database, "FD-1001")
    [booked] = await talk.press(slots)
    assert (booked.author, owner(talk)) == (Author.SYSTEM, Owner.AGENT)


async def test_a_number_typed_chooses_where_buttons_are_numbers(talk: Talk) -> None:
    """While the ticket waits; to an agent a number is a number."""
    talk = replace(talk, limits=Limits(numbered=True))
    for person, booked in (("ann", 1), ("bob", 1)):
        talk.place = Place(account="bot-1", handle=person)
        await talk.collected()
        if person == "bob":
            take(talk.database, "FD-1002")
        assert len(await talk.say("2")) == (person == "ann")
        assert len(rows(talk.database, CallBack)) == booked


async def test_a_slot_of_a_ticket_that_is_over_books_nothing(talk: Talk) -> None:
    """The button has expired."""
    _, slots = await talk.collected()
    talk.database.transact(handling.hand_back, "FD-1001", "Anna", "solved", notice, NOW)
    [expired] = await talk.press(slots)
    assert "not available any more" in expired.text
    assert rows(talk.database, CallBack) == []


async def test_without_free_slots_it_goes_on_in_writing(talk: Talk, tmp_path: Path) -> None:
    """Said plainly, without a button."""
    shut = replace(
        talk,
        calendar=Calendar("shut", ZoneInfo("UTC")),
        settings=settings_with(tmp_path, call_backs={**CALL_BACKS, "offered": 8}),
    )
    _, told = await shut.collected()
    assert "no free time" in told.text
    assert not told.choices


async def test_a_broken_promise_can_offer_a_call_to_anybody(talk: Talk, calls: Calls) -> None:
    """Once, to who waits in private; whoever takes it up is asked for a number."""
    talk.volume = None
    await talk.say("agent")

    def offer(session: Session) -> bool:
        return calls.offer(session, ticketing.find(session, "FD-1001"), NOW)

    assert talk.database.transact(offer) is True
    assert talk.database.transact(offer) is False
    offered = rows(talk.database, Message)[-1]
    assert payloads(offered) == ["call_me"]
    [number] = await talk.press(offered)
    assert "phone number" in number.text


@pytest.mark.parametrize("who", ["agent", "public", "solved"])
async def test_no_call_is_offered_where_none_can_be_taken_up(talk: Talk, calls: Calls, who: str) -> None:
    """An agent answers, strangers read along, or the ticket is over."""
    talk.place = replace(talk.place, public=who == "public")
    await talk.say("agent")
    if who == "agent":
        take(talk.database, "FD-1001")
    if who == "solved":
        talk.database.transact(handling.hand_back, "FD-1001", "Anna", "solved", notice, NOW)
    assert not talk.database.transact(lambda session: calls.offer(session, ticketing.find(session, "FD-1001"), NOW))
