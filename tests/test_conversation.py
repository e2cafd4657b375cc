"""Whole talks through the real parts, with the example's own content, on a Rasa that says what the test wants heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import App, load_content
from bot.settings import Settings
from channels.memory import Memory
from channels.words import Inbound, Outbound, Place
from tests.samples import until

ROOT = Path(__file__).parent.parent

#: What the Rasa of these tests has learnt: a text, its ranking, its entities. T1 is an address that it doubts.
LEARNT: dict[str, tuple[list[tuple[str, float]], list[tuple[str, str]]]] = {
    "how long does a withdrawal take?": ([("withdrawal_time", 0.9), ("withdrawal_limit", 0.08)], []),
    "提现要多久": ([("withdrawal_time", 0.8)], []),
    "withdrawal": ([("withdrawal_time", 0.45), ("withdrawal_limit", 0.4)], []),
    "my BTC deposit is missing": ([("deposit_missing", 0.9)], [("coin", "BTC")]),
    "over TRC20": ([("deposit_how", 0.3)], [("network", "TRC20")]),
    "hi": ([("greet", 0.95)], []),
    "that helped": ([("affirm", 0.95)], []),
    "please speak Chinese": ([("switch_language", 0.9)], [("language", "zh")]),
    "strangers logged in, coins are gone": ([("account_hacked", 0.9)], []),
    "coins gone to T1": ([("account_hacked", 0.4)], [("address", "T1")]),
    "what is the weather": ([("greet", 0.05), ("withdrawal_time", 0.04)], []),
}


class Talk:
    """One person on the memory channel."""

    def __init__(self, app: App, channel: Memory) -> None:
        self.app = app
        self.channel = channel
        self._events = count()

    async def say(
        self,
        text: str,
        replies: int = 1,
        *,
        choice: str | None = None,
        handle: str = "ann",
        public: bool = False,
    ) -> list[Outbound]:
        """Says something and waits for `replies`."""
        before = len(self.channel.sent)
        place = Place(account="test", handle=handle, public=public)
        inbound = Inbound(event_id=str(next(self._events)), place=place, text=text, choice=choice)
        await self.app.hosts["memory"].deliver(inbound)
        async with asyncio.timeout(10):
            return (await self.channel.until(before + replies))[before:]


async def parse(request: web.Request) -> web.Response:
    """Rasa's own answer, for what it has learnt."""
    ranking, entities = LEARNT[(await request.json())["text"]]
    guesses = [{"name": name, "confidence": confidence} for name, confidence in ranking]
    found = [
        {"entity": name, "value": value, "start": 0, "end": 1, "check": "checksum" if value == "T1" else None}
        for name, value in entities
    ]
    return web.json_response({"intent": guesses[0], "intent_ranking": guesses, "entities": found})


@pytest_asyncio.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    """A running Frontdesk on SQLite."""
    rasa = web.Application()
    rasa.router.add_post("/model/parse", parse)
    async with TestServer(rasa) as server:
        settings = Settings.model_validate(
            {
                "brand": {"name": "Acme"},
                "database": {"url": f"sqlite:///{tmp_path}/frontdesk.db"},
                "understanding": {"url": str(server.make_url("/"))},
                "conversation": {"quiet_seconds": 0},
                "folders": {"responses": ROOT / "responses", "intents": ROOT / "intents", "var": tmp_path},
            }
        )
        channel = Memory()
        app = App(settings, load_content(settings), {"memory": channel}, None)
        stop = asyncio.Event()
        running = asyncio.create_task(app.run(stop))
        yield Talk(app, channel)
        stop.set()
        await running


def payloads(reply: Outbound) -> list[str]:
    return [choice.payload for choice in reply.choices]


async def test_who_was_helped_has_it_solved(talk: Talk) -> None:
    """The platform is told so; an answer alone says nothing."""
    await talk.say("how long does a withdrawal take?")
    await talk.say("that helped")
    await until(lambda: talk.channel.settlings)
    assert talk.channel.settlings == [(Place(account="test", handle="ann"), True)]


async def test_each_message_is_answered_in_its_language(talk: Talk) -> None:
    """With the brand filled in, and two ways on below."""
    [english] = await talk.say("how long does a withdrawal take?")
    [chinese] = await talk.say("提现要多久")
    assert (english.intent, english.language) == ("withdrawal_time", "en")
    assert (chinese.intent, chinese.language) == ("withdrawal_time", "zh")
    assert payloads(english) == ["didnt_help", "human"]
    assert english.confidence == 0.9


async def test_who_sends_a_secret_is_warned_and_answered(talk: Talk) -> None:
    """In their language, and what else the message says is understood as if the secret were not there."""
    card = "4111 1111 1111 1111"
    warning, answer = await talk.say(f"how long does a withdrawal take?\n{card}", 2)
    assert "never send" in warning.text
    assert answer.intent == "withdrawal_time"
    warning, question = await talk.say(card, 2)
    assert "never send" in warning.text
    assert "help" in question.text
    said = await talk.app.hosts["memory"].transcript(Place(account="test", handle="ann"))
    assert not any("1111" in message.text for message in said.messages)


async def test_who_sends_a_secret_to_a_human_is_warned(talk: Talk) -> None:
    """By Frontdesk itself, for each such message; the bot stays silent, and the ticket tells of what is gone."""
    card = "4111 1111 1111 1111"
    for person, take in (("ann", False), ("bob", True)):
        [told] = await talk.say("agent", handle=person)
        if take:
            before = len(talk.channel.sent)
            await talk.app.tickets.take(told.ticket or "", "Anna")
            await talk.channel.until(before + 1)
        for text in (f"it is {card}", card):
            [warning] = await talk.say(text, handle=person)
            assert (warning.author, "never send" in warning.text) == ("system", True)
        view = await talk.app.tickets.show(told.ticket or "")
        found = [event for event in view.events if event.kind == "redacted"]
        texts = {said.message.id: said.message.text for said in view.said}
        assert ["🔒" in texts[event.detail["message"]] for event in found] == [True, True]
        assert "4111" not in "".join(texts.values())


async def test_a_secret_told_to_a_human_in_chinese_is_warned_of_in_chinese(talk: Talk) -> None:
    """The language is the conversation's, where the message says nothing else."""
    await talk.say("人工")
    [warning] = await talk.say("4111 1111 1111 1111")
    assert "请不要发送" in warning.text


async def test_a_choice_that_was_offered_is_answered_and_one_that_was_not_is_not(talk: Talk) -> None:
    """A forged payload is told that there is no such option."""
    [question] = await talk.say("withdrawal")
    assert payloads(question) == ["intent:withdrawal_time", "intent:withdrawal_limit", "human"]
    [forged] = await talk.say("", choice="intent:account_hacked")
    assert forged.intent is None
    [answer] = await talk.say("", choice="intent:withdrawal_limit")
    assert answer.intent == "withdrawal_limit"


async def test_facts_are_collected_and_reach_the_ticket(talk: Talk) -> None:
    """What was said before is not asked, what is skipped is not either, and the ticket has it all."""
    await talk.say("my BTC deposit is missing")
    [network] = await talk.say("", choice="didnt_help")
    assert payloads(network) == ["skip", "human"]
    await talk.say("over TRC20")
    [ticket] = await talk.say("", choice="skip")
    assert (ticket.ticket, ticket.owner) == ("FD-1001", "queue")
    view = await talk.app.tickets.show("FD-1001")
    assert view.ticket.facts == {"coin": "BTC", "network": "TRC20"}
    assert (view.ticket.category, view.ticket.priority, view.ticket.reason) == ("deposit", "high", "unhelpful")
    assert view.ticket.tried == ["deposit_missing"]


async def test_in_public_nothing_personal_is_asked(talk: Talk) -> None:
    """A general question is answered there; where facts would be asked for, a human gets it, and privacy is asked."""
    [answer] = await talk.say("how long does a withdrawal take?", public=True)
    assert answer.intent == "withdrawal_time"
    await talk.say("my BTC deposit is missing", public=True)
    [told] = await talk.say("", choice="didnt_help", public=True)
    assert told.ticket == "FD-1001"
    assert "direct message" in told.text
    assert "hash" not in told.text


async def test_an_urgent_matter_is_answered_and_ticketed_at_once(talk: Talk) -> None:
    """The approved steps first, then the number; the ticket tells the risk."""
    steps, ticket = await talk.say("strangers logged in, coins are gone", replies=2)
    assert steps.intent == "account_hacked"
    assert "FD-1001" in ticket.text
    opened = (await talk.app.tickets.show("FD-1001")).ticket
    assert (opened.priority, opened.facts) == ("urgent", {"risk": "security"})


async def test_an_urgent_matter_is_known_without_rasa(talk: Talk) -> None:
    """A phrase within a message that makes the server fail is enough for the steps and the ticket."""
    steps, ticket = await talk.say("help, 我的账户被盗了!!", replies=2)
    assert steps.intent == "account_hacked"
    assert "FD-1001" in ticket.text


async def test_a_possible_risk_is_not_guessed(talk: Talk) -> None:
    """The user is told so and that a human comes first; the ticket has topic, risk and facts, doubts included."""
    [told] = await talk.say("coins gone to T1")
    assert "won't guess" in told.text
    ticket = (await talk.app.tickets.show("FD-1001")).ticket
    assert (ticket.reason, ticket.category, ticket.priority) == ("risk", "security", "urgent")
    assert ticket.facts == {"address": "T1 (checksum does not fit)", "risk": "security"}


async def test_a_ticket_is_known_to_its_owner_alone(talk: Talk) -> None:
    """Somebody else's number says no more than that it is not theirs."""
    await talk.say("agent")
    await talk.app.tickets.release("FD-1001", "Anna")
    await talk.channel.until(2)
    [mine] = await talk.say("where is FD-1001?")
    [theirs] = await talk.say("where is FD-1001?", handle="bob")
    assert "in the queue" in mine.text
    assert "can't find" in theirs.text


async def test_the_bot_is_silent_while_a_human_answers_and_back_when_told(talk: Talk) -> None:
    """The user hears who has joined, the answer, and who is back; what they wrote meanwhile is on the ticket."""
    await talk.say("人工")
    await talk.app.tickets.reply("FD-1001", "Anna", "**Hello**")
    _, joined, hello = await talk.channel.until(3)
    assert "Anna" in joined.text
    assert (hello.text, hello.author, hello.author_name) == ("Hello", "agent", "Anna")
    await talk.say("how long does a withdrawal take?", replies=0)
    await talk.app.tickets.release("FD-1001", "Anna")
    *_, told = await talk.channel.until(4)
    assert told.author == "system"
    [answer] = await talk.say("how long does a withdrawal take?")
    assert answer.intent == "withdrawal_time"
    said = [message.message.text for message in (await talk.app.tickets.show("FD-1001")).said]
    assert said.count("how long does a withdrawal take?") == 2


async def test_a_language_asked_for_stays(talk: Talk) -> None:
    """Also for messages in another one, until the user asks again."""
    [switched] = await talk.say("please speak Chinese")
    assert switched.language == "zh"
    [answer] = await talk.say("how long does a withdrawal take?")
    assert answer.language == "zh"


async def test_what_nobody_taught_goes_to_a_human_with_the_truth(talk: Talk) -> None:
    """The ticket says why, and is named by what the user wrote."""
    [told] = await talk.say("what is the weather")
    assert "won't guess" in told.text
    view = await talk.app.tickets.show(told.ticket or "")
    assert (view.ticket.reason, view.ticket.title) == ("unsure", "what is the weather")


async def test_what_breaks_rasa_goes_to_a_human_with_the_truth(talk: Talk) -> None:
    """A server error is Rasa being down, and the user is told that it is our fault."""
    [told] = await talk.say("something that makes the server fail")
    assert "our fault" in told.text
    assert (await talk.app.tickets.show("FD-1001")).ticket.reason == "down"
