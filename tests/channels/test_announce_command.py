"""`frontdesk announce` as a person runs it: a process of its own, over real sockets, and killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.channels.contract import PICTURE
from tests.channels.discord.peer import DiscordPeer
from tests.channels.discord.wire import TOKEN as DISCORD_TOKEN
from tests.channels.peer import Fault
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.server import TOKEN
from tests.samples import until

CONFIG = """
folders: {{responses: {root}/responses, intents: {root}/intents}}
understanding: {{url: "http://127.0.0.1:9"}}
web: {{port: 0}}
channels:
  telegram:
    token_file: telegram.token
    base_url: {telegram}/bot
    base_file_url: {telegram}/file/bot
    announce:
      - {{place: "@exchange_news", language: en}}
      - {{place: {group}:7, language: zh}}
  discord:
    token_file: discord.token
    api_url: {discord}
    gateway_url: {gateway}
    announce:
      - {{place: {news}, language: en}}
      - {{place: {text}, language: zh}}
  webchat: {{}}
"""


ROOT = Path(__file__).parents[2]


@dataclass
class Desk:
    """A company on Telegram and Discord, and its folder."""

    telegram: Platform
    discord: DiscordPeer
    folder: Path

    async def start(self, *arguments: str) -> Process:
        """The command, begun."""
        return await self.frontdesk("announce", *arguments)

    async def frontdesk(self, *arguments: str) -> Process:
        """Any command, begun."""
        command = [sys.executable, "-m", "bot", *arguments, "--config", "config.yaml"]
        env = {**os.environ, "SSL_CERT_FILE": str(self.folder / "ca.pem"), "COLUMNS": "200"}
        return await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )

    async def run(self, *arguments: str, said: str = "") -> tuple[int, str, str]:
        """Its status, and what it wrote."""
        process = await self.start(*arguments)
        out, err = await process.communicate(said.encode())
        assert process.returncode is not None
        written = (process.returncode, out.decode(), err.decode())
        for secret in (TOKEN, DISCORD_TOKEN):
            assert secret not in written[1] + written[2]
        return written

    async def told(self, *arguments: str) -> tuple[int, Any]:
        """Its status, and what it says as JSON."""
        status, out, err = await self.run(*arguments, "--json")
        assert out, err
        return status, json.loads(out)

    def texts(self) -> list[list[str]]:
        """What everybody reads: Telegram in English and Chinese, Discord in both."""
        peers: tuple[Platform | DiscordPeer, ...] = (self.telegram, self.discord)
        return [[seen.text for seen in peer.stands(language)] for peer in peers for language in ("en", "zh")]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Both platforms, up."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    telegram, discord = Platform(context), DiscordPeer()
    await telegram.server.open()
    await discord.server.start()
    boards = discord.server.boards
    config = CONFIG.format(
        root=ROOT,
        telegram=f"https://localhost:{telegram.server.port}",
        group=telegram.server.boards.group.id,
        discord=discord.server.address,
        gateway=discord.server.gateway,
        news=boards.news["id"],
        text=boards.text["id"],
    )
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "telegram.token").write_text(TOKEN, encoding="utf-8")
    (tmp_path / "discord.token").write_text(DISCORD_TOKEN, encoding="utf-8")
    (tmp_path / "en.md").write_text("**TON** is listed on Monday.", encoding="utf-8")
    (tmp_path / "zh.md").write_text("TON 将于周一上线。", encoding="utf-8")
    (tmp_path / "ton.png").write_bytes(PICTURE)
    yield Desk(telegram, discord, tmp_path)
    await telegram.close()
    await discord.server.stop()


BOTH = ("--text", "en=en.md", "--text", "zh=zh.md")
EVERYWHERE = [
    ["TON is listed on Monday."],
    ["TON 将于周一上线。"],
    ["TON is listed on Monday."],
    ["TON 将于周一上线。"],
]


async def test_preview_is_what_is_posted(desk: Desk) -> None:
    """It shows each place with text, length, limit and picture; nothing is posted before somebody says yes."""
    arguments = ("send", *BOTH, "--picture", "ton.png")
    status, shown, said = await desk.run(*arguments, said="n\n")
    assert (status, desk.texts()) == (1, [[], [], [], []])
    assert "Post this at 4 places?" in said
    assert "telegram @exchange_news (en, 28 of 4,096)" in shown
    assert f"discord {desk.discord.server.boards.text['id']} (zh, 11 of 2,000)" in shown
    assert shown.count("📎 ton.png, image/png, 71 bytes") == 4
    assert "  │ TON is listed on Monday." in shown
    status, _, said = await desk.run(*arguments, said="y\n")
    assert (status, desk.texts()) == (0, EVERYWHERE), said
    assert said.count(": sent as ") == 4


async def test_killed_in_the_middle(desk: Desk) -> None:
    """What was posted is not posted again, what was not is, and of what nobody knows the platform is asked."""
    desk.discord.faults["en"] = [Fault.SILENT]
    process = await desk.start("send", *BOTH, "--yes")
    await until(lambda: desk.discord.stands("en"))
    process.kill()
    await process.wait()
    assert desk.texts() == [*EVERYWHERE[:3], []]
    status, found = await desk.told("show", "1")
    assert [place["state"] for place in found["places"]] == ["sent", "sent", "sending", "queued"]
    status, _, said = await desk.run("send", *BOTH, "--yes")
    assert (status, "frontdesk announce resume 1" in said) == (1, True)
    status, found = await desk.told("resume", "1")
    assert [place["state"] for place in found["places"]] == ["sent"] * 4
    assert (status, desk.texts()) == (0, EVERYWHERE)


async def test_a_killed_send_that_nobody_can_look_up(desk: Desk) -> None:
    """Telegram cannot tell: the place stays `unknown`, the status says so, and nothing is posted twice."""
    desk.telegram.faults["en"] = [Fault.SILENT]
    process = await desk.start("send", *BOTH, "--to", "telegram", "--yes")
    await until(lambda: desk.telegram.stands("en"))
    process.kill()
    await process.wait()
    status, found = await desk.told("resume", "1")
    assert (status, [place["state"] for place in found["places"]]) == (1, ["unknown", "sent"])
    assert desk.texts() == [*EVERYWHERE[:2], [], []]


async def test_two_do_not_announce_at_once(desk: Desk) -> None:
    """The second is refused while the first is at work; looking is allowed."""
    desk.telegram.faults["en"] = [Fault.SILENT]
    process = await desk.start("send", *BOTH, "--yes")
    await until(lambda: desk.telegram.stands("en"))
    status, _, said = await desk.run("resume", "1")
    assert (status, "another `frontdesk announce` is at work" in said) == (1, True)
    assert (await desk.told("list"))[0] == 0
    process.kill()
    await process.wait()


async def test_failure_names_what_to_change(desk: Desk) -> None:
    """The status is not 0, the others have it, and the place is named with its remedy."""
    desk.telegram.forbid()
    status, _, said = await desk.run("send", *BOTH, "--yes")
    assert (status, desk.texts()) == (1, [[], *EVERYWHERE[1:]])
    (line,) = [line for line in said.splitlines() if "failed" in line]
    assert "telegram @exchange_news (en): failed: " in line
    assert "administrator" in line


async def test_corrected_and_withdrawn(desk: Desk) -> None:
    """Both are done everywhere, and told as JSON."""
    await desk.run("send", "--text", "en=en.md", "--picture", "ton.png", "--yes")
    (desk.folder / "en.md").write_text("TON is listed on Tuesday.", encoding="utf-8")
    status, found = await desk.told("correct", "1", "--text", "en=en.md", "--yes")
    assert (status, found["texts"]) == (0, {"en": "TON is listed on Tuesday."})
    assert desk.texts() == [["TON is listed on Tuesday."], [], ["TON is listed on Tuesday."], []]
    status, found = await desk.told("withdraw", "1", "--yes")
    assert (status, {place["state"] for place in found["places"]}) == (0, {"withdrawn"})
    assert desk.texts() == [[], [], [], []]


async def test_beside_a_running_frontdesk(desk: Desk) -> None:
    """Which goes on listening on the same channels, with the same database."""
    running = await desk.frontdesk("up")
    try:
        await until(lambda: desk.telegram.server.polling and desk.discord.server.gate.sessions)
        status, _, said = await desk.run("send", *BOTH, "--yes")
        assert (status, desk.texts()) == (0, EVERYWHERE), said
        assert running.returncode is None
        assert desk.discord.server.gate.sessions
        asked = len(desk.telegram.server.handed)
        await desk.telegram.say("ann", "hello")
        await until(lambda: len(desk.telegram.server.handed) > asked)
    finally:
        running.terminate()
        await running.communicate()
