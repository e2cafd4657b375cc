"""The whole pipeline from standard input to standard output, and an agent's round beside a running server."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Build
from tests.acceptance.house import House
from tests.acceptance.test_up import said
from tests.channels.webchat.visitor import Visitor

FIELDS = {"text", "language", "choices", "intent", "confidence", "owner", "ticket"}


def chat(house: House, said: bytes) -> list[dict[str, Any]]:
    """What `frontdesk chat --json` answers, one object a line; it ends with status 0."""
    ended = house.run("chat", "--json", stdin=said)
    return [json.loads(line) for line in ended.stdout.decode().splitlines()]


def test_a_question_in_each_language_then_a_human(build: Build) -> None:
    """The right answer in English and in Chinese, then a ticket; no server runs beside it."""
    replies = chat(build(), "how long does a withdrawal take?\n提现要多久\nI want a human\n".encode())
    assert [set(reply) for reply in replies] == [FIELDS] * 3
    english, chinese, human = replies
    assert (english["intent"], english["language"], english["owner"]) == ("withdrawal_time", "en", "bot")
    assert (chinese["intent"], chinese["language"], chinese["owner"]) == ("withdrawal_time", "zh", "bot")
    assert "withdrawal" in english["text"].lower()
    assert "提" in chinese["text"]
    assert 0.3 < english["confidence"] <= 1
    assert {"title": "Talk to a human", "payload": "human"} in english["choices"]
    assert (human["owner"], human["ticket"]) == ("queue", "FD-1001")
    assert "FD-1001" in human["text"]


@pytest.mark.usefixtures("running")
def test_bad_input(house: House) -> None:
    """Whatever bytes come, they have an answer or a code of refusal.

    Where no human was called, the next question has its right answer.
    """
    question = b"how long does a withdrawal take?"
    strange = [
        b"\xff\xfe\xc3\x28 withdrawal \x80",
        b"a" * 100_000,
        "😀🎉🚀".encode(),
        b"",
        b"   \t ",
        b"\x00\x01\x07\x1b[31m",
        "\u202etihs noitseuq\u202c".encode(),
        b"<script>alert(1)</script>",
        b"/restart",
        b'{"text": "hi"}',
        b"'; DROP TABLE message; --",
    ]
    for line in strange:
        replies = chat(house, line + b"\n" + question + b"\n")
        assert all(reply.keys() in (FIELDS, {"error", "detail"}) for reply in replies), line
        assert replies[-1].get("intent") == "withdrawal_time" or replies[-1].get("ticket"), line
        assert len(replies) == 1 + bool(line.strip() and not replies[0].get("ticket")), line


@pytest.mark.usefixtures("running")
def test_the_longest_message_is_named(house: House) -> None:
    """100,000 characters are refused with a code, and nothing of them is stored."""
    (refused,) = chat(house, b"a" * 100_000 + b"\n")
    assert refused["error"] == "too_long"
    assert "20000" in refused["detail"]


@pytest.mark.usefixtures("running")
async def test_an_agents_round_by_the_command_line(house: House, client: httpx.AsyncClient) -> None:
    """list, show, take, reply, release, solve beside a running server; each reaches the customer's page."""
    visitor, number = await escalated(client)

    async def tickets(*arguments: str) -> str:
        ended = await asyncio.to_thread(house.run, "tickets", *arguments)
        return ended.stdout.decode()

    assert number in await tickets("list")
    assert "the coin is lost" in await tickets("show", number)
    await tickets("take", number, "--as", "Anna")
    await said(visitor, "Anna from Example Exchange is with you now.")
    await visitor.post("are you there?")
    await tickets("reply", number, "I **found** your deposit.", "--as", "Anna")
    shown = await said(visitor, "I <strong>found</strong> your deposit.")
    assert not any("not sure" in html for html in shown)
    assert "are you there?" in await tickets("show", number)
    await tickets("release", number, "--as", "Anna")
    await said(visitor, "You are with the assistant again.")
    await visitor.post("how long does a withdrawal take?")
    await said(visitor, "withdrawal")
    await tickets("solve", number, "--as", "Anna")
    await said(visitor, f"<strong>{number}</strong> is solved")
    assert number not in await tickets("list")


@pytest.mark.usefixtures("running")
async def test_an_agents_round_over_the_api(house: House, client: httpx.AsyncClient) -> None:
    """The same with a token from the command line; a revoked token opens nothing."""
    visitor, number = await escalated(client)
    key = house.run("tokens", "create", "Bert").stdout.decode().strip()
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"{house.base}/api", trust_env=False, timeout=20, headers=headers) as agent:
        assert number in [ticket["number"] for ticket in (await agent.get("/tickets")).json()]
        taken = (await agent.post(f"/tickets/{number}/take")).json()
        assert (taken["owner"], taken["assignee"]) == ("agent", "Bert")
        assert [message["text"] for message in taken["messages"]][:1] == ["the coin is lost"]
        replied = await agent.post(f"/tickets/{number}/reply", json={"text": "Here is *your* answer."})
        assert replied.status_code == 200, replied.text
        await said(visitor, "Here is <em>your</em> answer.")
        assert (await agent.post(f"/tickets/{number}/release")).json()["owner"] == "bot"
        assert (await agent.post(f"/tickets/{number}/solve")).json()["state"] == "solved"
        assert (await agent.get("/tickets/FD-999999")).status_code == 404
        house.run(
            "tokens",
            "revoke",
            re.findall(r"^ *(\d+) +Bert", house.run("tokens", "list").stdout.decode(), re.MULTILINE)[-1],
        )
        assert (await agent.get("/tickets")).status_code == 401


async def escalated(client: httpx.AsyncClient) -> tuple[Visitor, str]:
    """Somebody who wrote and asked for a person, and the number of the ticket."""
    visitor = await Visitor.arrive(client)
    await visitor.post("the coin is lost")
    await visitor.post("agent")
    shown = await said(visitor, "FD-")
    (number,) = set(re.findall(r"FD-\d+", shown[-1]))
    return visitor, number
