"""`frontdesk up` as its operator meets it: ready or not, stopped, broken, misconfigured."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest

from tests.acceptance.conftest import Build, Start
from tests.acceptance.house import PATIENCE, House, family, gone, kill_group
from tests.acceptance.test_channels import holds
from tests.channels.webchat.visitor import Visitor

#: Where a reply of the bot says which ticket it opened.
TICKET = "FD-1001"


async def said(visitor: Visitor, wanted: str) -> list[str]:
    """What the visitor is shown, once `wanted` is in it."""
    found: list[str] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE), visitor.events() as events:
            async for name, data in events:
                if name != "signal":
                    found += [message.get("html") or "" for message in data.get("messages", [data])]
                if any(wanted in html for html in found):
                    return found
    raise AssertionError(f"nobody said {wanted!r}: {found}")


async def test_health_tells_when_it_is_ready(build: Build, start: Start) -> None:
    """Until Rasa answers, health is 503 and says so, and messages are taken; a stop at that moment is clean as well."""
    house = build()
    up = start(house)
    first = await up.serving()
    assert first.status_code == 503
    assert first.json()["database"] == "ok"
    assert "starting" in first.json()["understanding"]
    async with httpx.AsyncClient(base_url=house.chat, trust_env=False) as client:
        assert (await (await Visitor.arrive(client)).post("提现要多久")).status_code == 200
    everything = family(up.process.pid)
    assert await up.stop() == 0
    await gone(everything)
    assert house.ask("SELECT state FROM message") == [("received",)]


async def test_a_stop_is_clean(build: Build, start: Start) -> None:
    """SIGTERM with a page open and turns under way: status 0 within 10 s, the page let go, no process left.

    The next start answers what was left.
    """
    house = build(conversation={"quiet_seconds": 0.2})
    up = start(house)
    await up.ready()
    everything = family(up.process.pid)
    async with httpx.AsyncClient(base_url=house.chat, timeout=20, trust_env=False) as client:
        visitors = [await Visitor.arrive(client) for _ in range(20)]
        async with visitors[0].events() as events:
            await anext(aiter(events))
            await asyncio.gather(*(visitor.post("how long does a withdrawal take?") for visitor in visitors))
            status = asyncio.create_task(up.stop())
            async for name, _ in events:
                assert name in {"message", "signal"}
            assert await status == 0
        await gone(everything)
        assert house.ask("SELECT count(*) FROM message WHERE author = 'user'") == [(20,)]
        assert (house.var / "rasa.log").stat().st_size > 0
        await start(house).ready()
        for visitor in visitors:
            await said(visitor, "withdrawal")
    assert house.ask("SELECT DISTINCT state FROM message WHERE author = 'user'") == [("handled",)]
    assert house.ask("SELECT * FROM ticket") == []
    assert (house.var / "rasa.log.1").stat().st_size > 0


async def test_rasa_dies(build: Build, start: Start) -> None:
    """While Rasa is dead a message that cannot wait gets the truth and a ticket; Rasa is back after a pause."""
    house = build(understanding={"patience_seconds": 0})
    up = start(house)
    await up.ready()
    rasa = up.rasa()
    kill_group(rasa)
    async with httpx.AsyncClient(base_url=house.chat, timeout=20, trust_env=False) as client:
        first = await Visitor.arrive(client)
        await first.post("how long does a withdrawal take?")
        (truth,) = [html for html in await said(first, TICKET) if html]
        assert "can't look up answers" in truth
        assert (await up.serving()).status_code == 503
        await up.ready()
        assert up.rasa() != rasa
        second = await Visitor.arrive(client)
        await second.post("how long does a withdrawal take?")
        await said(second, "withdrawal")
    assert house.ask("SELECT reason FROM ticket") == [("down",)]
    assert '"restart_in_seconds": 1.0' in house.logs()
    assert (house.var / "rasa.log").stat().st_size > 0


async def test_a_corrupt_model_is_set_aside(build: Build, start: Start) -> None:
    """A model file cut short is no model: a new one is trained, as tests/rasa/test_training.py sees to its end."""
    house = build()
    whole = house.model.read_bytes()
    house.model.unlink()
    house.model.write_bytes(whole[: len(whole) // 2])
    up = start(house)
    await holds((house.var / "training.log").exists, "nothing is trained")
    assert house.model.with_name(house.model.name + ".corrupt").stat().st_size == len(whole) // 2
    assert "model.corrupt" in house.logs()
    assert await up.stop() == 0


@pytest.mark.usefixtures("running")
async def test_no_word_and_no_key_leaks(house: House, client: httpx.AsyncClient) -> None:
    """Neither logs nor metrics hold what a person wrote, what the bot said, a visitor's token or an agent's."""
    key = house.run("tokens", "create", "Anna").stdout.decode().strip()
    visitor = await Visitor.arrive(client)
    await visitor.post("my withdrawal is still pending, reference zebra-4711")
    reply = (await said(visitor, "<p>"))[-1]
    async with httpx.AsyncClient(base_url=house.base, trust_env=False) as agent:
        answer = await agent.get("/api/tickets", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200
        metrics = (await agent.get("/metrics")).text
    assert 'frontdesk_messages_received_total{channel="webchat",kind="fresh"}' in metrics
    assert "frontdesk_rasa_ready 1.0" in metrics
    written = metrics + house.logs()
    assert "received" in written
    for private in ("zebra", "4711", visitor.token, key, reply, reply[3:23]):
        assert private
        assert private not in written


@pytest.mark.usefixtures("running")
def test_only_one_at_a_time(house: House) -> None:
    """A second `up` on the same folder is refused, and the first does not notice."""
    refused = house.run("up", status=1).stderr.decode()
    assert "running already" in refused
    assert "Traceback" not in refused
    assert httpx.get(f"{house.base}/health", trust_env=False).status_code == 200


def test_a_port_in_use(build: Build) -> None:
    """The error names the key, the port and the remedy."""
    house = build()
    with socket.create_server(("127.0.0.1", house.port)):
        said = house.run("up", status=1).stderr.decode()
    assert "web.port" in said
    assert str(house.port) in said
    assert "set web.port" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("section", "key", "value", "named"),
    [
        ("web", "prot", 1, "web.prot"),
        ("webb", "port", 1, "webb"),
        ("channels", "webchat", {"colour": "red"}, "channels.webchat.colour"),
        ("channels", "fax", {}, "channels.fax.type"),
        ("web", "port", "eighty", "web.port"),
    ],
)
def test_a_broken_configuration(build: Build, section: str, key: str, value: object, named: str) -> None:
    """An unknown key, section or channel, or a wrong value: the error names key and line, and nothing is started."""
    house = build(**{section: {key: value}})
    said = house.run("up", status=1).stderr.decode()
    assert f" {named}: " in said
    assert "config.yaml:" in said
    assert "→" in said
    assert "Traceback" not in said
    assert not (house.var / "frontdesk.lock").exists()
