"""One real `frontdesk up` with all its channels on at once, each with people at the other end of a real socket."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr

from channels.base import ChannelSettings
from tests.acceptance.conftest import Build, Start
from tests.acceptance.house import PATIENCE, House
from tests.channels.discord.peer import DiscordPeer
from tests.channels.email.server import Post
from tests.channels.peer import Peer
from tests.channels.telegram.platform import Platform

#: Seconds in which a bot that should be silent would have spoken.
SILENCE = 2


@pytest.fixture
async def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Peer]]:
    """The platforms, by the name of their channel."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with AsyncExitStack() as stack:
        telegram, discord = Platform(context), DiscordPeer()
        await telegram.server.open()
        stack.push_async_callback(telegram.close)
        await discord.server.start()
        stack.push_async_callback(discord.server.stop)
        post = await stack.enter_async_context(Post().open())
        yield {"telegram": telegram, "discord": discord, "email": post}


def section(settings: ChannelSettings, folder: Path) -> dict[str, object]:
    """The settings as they stand in config.yaml, with every secret in a file of its own."""
    written: dict[str, object] = {}
    for key, value in settings.model_dump(exclude_unset=True).items():
        if isinstance(value, SecretStr):
            path = folder / f"{settings.type}-{key}"
            path.write_text(value.get_secret_value(), encoding="utf-8")
            written[f"{key}_file"] = str(path)
        else:
            written[key] = str(value) if isinstance(value, Path) else value
    return written


async def holds(condition: Callable[[], object], what: str) -> None:
    """Returns once it holds; says what never did."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.1)


async def round_of(name: str, peer: Peer, house: House) -> None:
    """A question in each language, an escalation, an agent's answer, and a silent bot meanwhile."""

    def text(person: str) -> str:
        return "\n".join(seen.text for seen in peer.seen(person))

    async def agent(*arguments: str) -> None:
        await asyncio.to_thread(house.run, "tickets", *arguments, "--as", "Anna")

    await peer.say("ann", "how long does a withdrawal take?")
    await peer.say("bob", "提现要多久")
    await holds(lambda: "withdrawal" in text("ann").lower(), f"{name}: no answer in English")
    await holds(lambda: "提现" in text("bob"), f"{name}: no answer in Chinese")
    await peer.say("ann", "I want a human")
    await holds(lambda: re.search(r"FD-\d+", text("ann")), f"{name}: no ticket")
    number = re.findall(r"FD-\d+", text("ann"))[-1]
    await agent("take", number)
    await holds(lambda: "Anna" in text("ann"), f"{name}: nobody says that Anna is there")
    before = len(peer.seen("ann"))
    await peer.say("ann", "how long does a withdrawal take?")
    await asyncio.sleep(SILENCE)
    await agent("reply", number, "Your withdrawal left a minute ago.")
    await holds(lambda: "left a minute ago" in text("ann"), f"{name}: the agent's answer does not arrive")
    assert len(peer.seen("ann")) == before + 1, f"{name}: the bot spoke over Anna"


async def test_every_channel_at_once(build: Build, start: Start, peers: dict[str, Peer], tmp_path: Path) -> None:
    """People are answered in their language where they write, and handed over; nothing secret is logged."""
    sections = {name: section(peer.channel().settings, tmp_path) for name, peer in peers.items()}
    house = build(channels=sections, conversation={"quiet_seconds": 0})
    await start(house).ready()
    await asyncio.gather(*(round_of(name, peer, house) for name, peer in peers.items()))
    shown = (await asyncio.to_thread(house.run, "channels")).stdout.decode()
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == sorted(peers)
    logs = house.logs()
    assert not [secret for peer in peers.values() for secret in peer.secrets if secret in logs]
