from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest
from aiohttp import web

import channels.x.media
import channels.x.reading
from bot.store.tables import MessageState
from channels.errors import NotStored, Unacceptable
from channels.words import Inbound, Place, Received, StaffMessage
from tests.channels.house import House
from tests.channels.peer import Fault
from tests.channels.x.platform import Platform, Square
from tests.channels.x.samples import Build, answers, cursor
from tests.channels.x.server import Server, broken, busy
from tests.samples import until

MESSAGES = "GET /2/dm_events"
MENTIONS = "GET /2/users/9000/mentions"


def moments(server: Server, asked: str) -> list[float]:
    """When it was asked for."""
    return [moment for what, moment in server.asked if what == asked]


@pytest.mark.parametrize(("asked", "other"), [(MESSAGES, MENTIONS), (MENTIONS, MESSAGES)])
async def test_reading_rests_until_the_window_begins(peer: Platform, built: Build, asked: str, other: str) -> None:
    """After a 429 one kind is not asked for until its window begins anew, while the other goes on."""
    peer.server.instead = {asked: answers(busy(1))}
    async with built(peer).open():
        await until(lambda: len(moments(peer.server, asked)) >= 2)
    first, second = moments(peer.server, asked)[:2]
    assert second - first >= 0.9
    assert len([moment for moment in moments(peer.server, other) if first < moment < second]) >= 3


async def test_last_request_of_a_window_is_known(peer: Platform, built: Build) -> None:
    """Where X says that nothing is left, it is not asked until the window begins anew."""
    peer.server.headers = dict(busy(1).headers)
    del peer.server.headers["Content-Type"]
    async with built(peer).open():
        await until(lambda: len(moments(peer.server, MESSAGES)) >= 2)
    first, second = moments(peer.server, MESSAGES)[:2]
    assert second - first >= 0.9


async def test_pauses_grow(peer: Platform, built: Build) -> None:
    """Where X names no pause, ours is a second and then two."""
    peer.server.instead = {MESSAGES: answers(busy(None), broken())}
    async with built(peer).open():
        await until(lambda: len(moments(peer.server, MESSAGES)) >= 3)
    first, second, third = moments(peer.server, MESSAGES)[:3]
    assert second - first >= 0.9
    assert third - second >= 1.9


async def test_long_way_back_goes_on_after_a_pause(peer: Platform, built: Build) -> None:
    """A window that ends in the middle of many pages does not begin them anew."""
    house = built(peer)
    said = [f"message {number}" for number in range(14)]
    for text in said:
        await peer.say("ann", text)
    tokens = third_is_busy(peer.server)
    async with house.open():
        await house.hears(*said)
    assert tokens[:3] == ["", "5", "10"]
    assert "5" not in tokens[3:]


def third_is_busy(server: Server) -> list[str]:
    """The third page is not to be had at once; which pages were asked for."""
    tokens: list[str] = []

    async def page(request: web.Request) -> web.StreamResponse:
        tokens.append(request.query.get("pagination_token", ""))
        return busy(1) if len(tokens) == 3 else await server._messages(request)

    server.instead = {MESSAGES: deque([page] * 100)}
    return tokens


async def test_first_start_leaves_what_is_old(peer: Platform, built: Build) -> None:
    """What was said long before the first start is not answered, what was said just before it is."""
    old = peer.server.message("1001", "last week", "1001")
    old["id"] = str(int(old["id"]) - (7 * 24 * 3_600_000 << 22))
    await peer.say("ann", "just now")
    house = built(peer)
    async with house.open():
        await house.hears("just now")
        await peer.say("ann", "now")
        await house.hears("just now", "now")


async def test_kinds_have_their_own_cursors(square: Square, built: Build) -> None:
    """A mention read does not pass over messages before it."""
    house = built(square)
    async with house.open():
        said = square.server.message("1002", "in private", "1002")
        mentioned = await square.say("ann", "in public")
        await until(lambda: len(house.heard()) == 2)
        await until(lambda: (cursor(house, "dm"), cursor(house, "mentions")) == (said["id"], mentioned))


async def test_what_is_not_stored_is_not_passed_over(peer: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is out of reach the cursor stays, and afterwards everything is delivered in order."""
    monkeypatch.setattr(channels.x.reading, "FIRST_PAUSE", 0.05)
    host = Forgetful(fails=3)
    task = asyncio.create_task(peer.channel(mentions=False).run(host))
    first, second = await peer.say("ann", "one"), await peer.say("ann", "two")
    await until(lambda: host.cursors.get("9000/dm") == second)
    task.cancel()
    await asyncio.wait([task])
    assert host.log == ["failed", "failed", "failed", "one", first, "two", second]


class Forgetful:
    """A host whose database is out of reach for the first deliveries."""

    brand = "Example"
    languages = ("en",)
    secret = b"key"

    def __init__(self, fails: int) -> None:
        self._fails = fails
        self.log: list[str] = []
        self.cursors: dict[str, str] = {}

    async def deliver(self, inbound: Inbound) -> Received:
        if self._fails:
            self._fails -= 1
            self.log.append("failed")
            raise NotStored("the database is out of reach")
        self.log.append(inbound.text)
        return Received(message_id=1, fresh=True)

    async def transcript(self, *_: Any) -> Any:
        raise NotImplementedError

    async def file(self, *_: Any) -> Any:
        raise NotImplementedError

    async def bounced(self, *_: Any) -> Any:
        raise NotImplementedError

    async def thread_of_ticket(self, *_: Any) -> Any:
        raise NotImplementedError

    async def move(self, token: str, place: Place) -> None:
        raise NotImplementedError

    async def cursor(self, account: str) -> str | None:
        return self.cursors.get(account)

    async def staff_said(self, said: StaffMessage) -> None:
        """There is no staff room."""
        raise Unacceptable("bad_request", said.thread)

    async def keep_cursor(self, account: str, value: str) -> None:
        self.log.append(value)
        self.cursors[account] = value

    def listening(self, account: str) -> None:
        return

    def trouble(self, account: str, reason: str) -> None:
        return


async def test_login_is_tried_until_it_works(peer: Platform, built: Build) -> None:
    """An outage at the start is waited out, and told."""
    house = built(peer)
    await peer.outage(on=True)
    async with house.open():
        await until(lambda: hearing(house) == {"9000": "trouble"})
        await peer.outage(on=False)
        await peer.say("ann", "hello")
        await house.hears("hello")
        await until(lambda: hearing(house) == {"9000": "listening"})


async def test_account_is_heard_while_each_lane_is(peer: Platform, built: Build) -> None:
    """One row an account: a lane that is not heard is named, and the other one does not speak for it."""
    house = built(peer)
    peer.server.instead = {MENTIONS: answers(*(broken() for _ in range(1000)))}
    async with house.open():
        await until(lambda: hearing(house) == {"9000": "trouble"})
        before = len(moments(peer.server, MESSAGES))
        await until(lambda: len(moments(peer.server, MESSAGES)) > before + 1)
        assert hearing(house) == {"9000": "trouble"}
        peer.server.instead.clear()
        await until(lambda: hearing(house) == {"9000": "listening"})
    [state] = house.states._known.values()
    assert (state.error or "").startswith("mentions: X answers 5")


def hearing(house: House) -> dict[str, str]:
    """How each account is."""
    return {account: state.hearing.value for (_, account), state in house.states._known.items()}


async def test_day_is_over_for_everybody(square: Square, built: Build) -> None:
    """What an earlier run spent counts after a restart, and what waits for the next day says why."""
    house = built(square)
    monkey = square.channel
    square.channel = lambda **_: monkey(daily_posts=1)  # type: ignore[method-assign]
    async with house.open():
        await square.say("ann", "hello")
        await house.hears("hello")
        await house.answer("ann", "Hello!")
        await house.has(MessageState.SENT)
    async with house.open():
        await square.say("bob", "hi")
        await house.hears("hello", "hi")
        await house.answer("bob", "Hi!")
        await until(lambda: "daily_posts" in (house.said()[1].error or ""))
    assert len(square.server.posts) == 1
    due = house.said()[1].due_at
    assert due
    assert house.said()[1].state is MessageState.QUEUED


async def test_lost_answer_of_a_public_reply_is_found(square: Square, built: Build) -> None:
    """A reply whose answer got lost stands there once and is known by its id."""
    house = built(square)
    async with house.open():
        await square.say("ann", "hello")
        await house.hears("hello")
        square.faults["ann"] = [Fault.SILENT]
        await house.answer("ann", "Hello <you> & all!")
        await house.has(MessageState.SENT)
    assert [post["id"] for post in square.server.posts] == [house.said()[0].platform_id]
