from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.rendering import parts
from channels.errors import MayHaveArrived, Never, NotYet, TryAgain
from channels.x import X
from channels.x.budget import Budget
from tests.channels.peer import Fault
from tests.channels.x.counting import counted
from tests.channels.x.platform import Platform, Square, settings
from tests.channels.x.samples import ANN, outbound, reply

LATE = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def test_limit_is_that_of_the_place(peer: Platform) -> None:
    """A private text of 10,000 characters is one part, a public one is cut to posts that X takes."""
    channel = peer.channel()
    text = "提现通常需要十分钟。" * 900
    public = replace(ANN, public=True)
    assert len(parts(text, (), (), channel.limits_at(ANN))) == 1
    posts = [part.text for part in parts(text, (), (), channel.limits_at(public))]
    assert "".join(posts) == text
    assert max(map(counted, posts)) <= 280


def test_links_reach_whom_they_are_left_to() -> None:
    """In private always, in public with `links`: where they would be dropped the core gives none."""
    public = replace(ANN, public=True)
    channels = [X("x", settings(links=links)) for links in (False, True)]
    assert [channel.limits_at(public).links for channel in channels] == [False, True]
    assert [channel.limits_at(ANN).links for channel in channels] == [True, True]


async def test_public_reply_answers_the_post(square: Square) -> None:
    """A reply in public stands under the post it answers."""
    post = square.server.mention("1001", "@example how long?")
    sent = await square.channel().send(reply("Ten minutes.", post))
    (made,) = square.server.posts
    assert made["id"] == sent.platform_id
    assert made["referenced_tweets"] == [{"type": "replied_to", "id": post["id"]}]


@pytest.mark.parametrize("entities", [{}, {"mentions": [{"id": "1002"}]}])
async def test_who_did_not_mention_us_is_not_answered(square: Square, entities: dict[str, object]) -> None:
    """X does not let an app reply to strangers, so nothing is sent to one."""
    post = square.server.mention("1001", "how long?", entities=entities)
    with pytest.raises(Never, match="mentioned or quoted"):
        await square.channel().send(reply("Ten minutes.", post))
    assert square.server.asked == []


async def test_links_stay_where_they_are_paid_for(square: Square) -> None:
    """A public reply loses its links unless the settings want them; a direct message keeps them."""
    post = square.server.mention("1001", "@example how long?")
    text = "Ten minutes, see the page (https://example.org/fees)."
    await square.channel().send(reply(text, post))
    await square.channel(links=True).send(reply(text, post))
    await square.channel().send(outbound(text))
    assert square.server.posts[0]["text"] == "@ann Ten minutes, see the page."
    assert "https://t.co/" in square.server.posts[1]["text"]
    assert "https://t.co/" in square.server.messages[0]["text"]
    with pytest.raises(Never, match="links"):
        await square.channel().send(reply("https://example.org/fees", post))


@pytest.mark.parametrize("public", [True, False])
async def test_lost_answer_is_looked_up(square: Square, *, public: bool) -> None:
    """What X took is found by its words, though X escapes them and shortens links; what it has not, is not."""
    post = square.server.mention("1001", "@example how long?")
    text = "Ten <minutes> & more, see https://example.org/fees?a=1&b=2"
    wanted = reply(text, post) if public else outbound(text)
    channel = square.channel(links=True)
    assert await channel.find(wanted) is None
    await square.channel(links=True).send(wanted)
    found = await channel.find(wanted)
    assert found
    assert found.platform_id == (square.server.posts if public else square.server.messages)[-1]["id"]


async def test_same_words_of_another_message_are_not_taken_for_it(square: Square) -> None:
    """A greeting sent before is none sent now: not one long ago, nor one whose id is known, nor one to another post."""
    channel = square.channel()
    await channel.send(outbound())
    assert await channel.find(outbound()) is None
    later = replace(outbound(), created_at=datetime.now(UTC) + timedelta(minutes=1))
    assert await square.channel().find(later) is None
    one, two = (square.server.mention("1001", "@example hi") for _ in range(2))
    await square.channel().send(reply("Hello!", one))
    assert await square.channel().find(reply("Hello!", two)) is None


async def test_look_up_goes_back_through_pages(peer: Platform) -> None:
    """What was sent is found behind what was said since, and where that is too much nobody can tell."""
    wanted = outbound("the one")
    await peer.channel().send(wanted)
    for number in range(7):
        await peer.say("ann", f"said {number}")
    assert await peer.channel().find(wanted)
    for number in range(20):
        await peer.say("ann", f"more {number}")
    with pytest.raises(MayHaveArrived):
        await peer.channel().find(wanted)


async def test_failing_look_up_cannot_tell(peer: Platform) -> None:
    """While X is out of reach nobody knows what it has."""
    await peer.outage(on=True)
    with pytest.raises(MayHaveArrived):
        await peer.channel().find(outbound())
    await peer.outage(on=False)


def budget(**limits: object) -> Budget:
    """One whose earlier runs are known to have sent nothing."""
    found = Budget(settings(**limits))
    found.load(None)
    return found


def test_budget_of_posts_lasts_a_day() -> None:
    """After the day's posts the next waits until midnight, private messages do not, and the next day begins anew."""
    today = budget(daily_posts=2)
    post, message = today.cost(public=True, link=False), today.cost(public=False, link=False)
    today.spend(post, LATE)
    today.spend(post, LATE)
    with pytest.raises(NotYet, match="daily_posts") as raised:
        today.spend(post, LATE)
    assert raised.value.after == 3600
    today.spend(message, LATE)
    today.spend(post, LATE + timedelta(hours=1))


def test_budget_of_cents_counts_what_each_costs() -> None:
    """A post with a link takes more of it than one without, and what was not sent is given back."""
    today = budget(daily_cents="23", post_cents="1.5", link_post_cents="20", dm_cents="1")
    link = today.cost(public=True, link=True)
    today.spend(link, LATE)
    today.spend(today.cost(public=True, link=False), LATE)
    today.spend(today.cost(public=False, link=False), LATE)
    with pytest.raises(NotYet, match="daily_cents"):
        today.spend(today.cost(public=False, link=False), LATE)
    today.give_back(link)
    today.spend(link, LATE)
    assert today.cents == Decimal("22.5")


def test_budget_outlives_a_restart() -> None:
    """What an earlier run spent counts, and nothing is spent before that is known."""
    first = budget(daily_posts=1)
    first.spend(first.cost(public=True, link=False), LATE)
    second = Budget(settings(daily_posts=1))
    with pytest.raises(TryAgain, match="not known"):
        second.spend(second.cost(public=True, link=False), LATE)
    second.load(first.state())
    with pytest.raises(NotYet, match="daily_posts"):
        second.spend(second.cost(public=True, link=False), LATE)


@pytest.mark.parametrize(
    "state", ["", "{", "[]", "{}", '{"day": 1, "posts": "x", "cents": []}', json.dumps({"day": ""})]
)
def test_state_nobody_can_read_counts_as_nothing(state: str) -> None:
    """A budget whose state is damaged begins its day anew."""
    today = Budget(settings(daily_posts=1))
    today.load(state)
    today.spend(today.cost(public=True, link=False), LATE)


async def test_refused_post_costs_nothing(square: Square) -> None:
    """What X did not take is not counted, and what it took is."""
    channel = square.channel(daily_posts=1)
    channel._budget.load(None)
    post = square.server.mention("1001", "@example how long?")
    square.faults["ann"] = [Fault.BROKEN, Fault.GONE]
    for reaction in (TryAgain, Never):
        with pytest.raises(reaction):
            await channel.send(reply("Ten minutes.", post))
    await channel.send(reply("Ten minutes.", post))
    with pytest.raises(NotYet, match="daily_posts"):
        await channel.send(reply("Ten minutes more.", post))
