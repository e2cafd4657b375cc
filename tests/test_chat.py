"""`frontdesk chat` as a process of its own, without Rasa: whoever asks for a human gets one."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import shutil
import tarfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.training import fingerprint, model_path
from tests.acceptance.house import PATIENCE, ROOT, command, environment

#: Nobody listens there: every message is one that Rasa does not answer.
ELSEWHERE = "understanding: {url: 'http://127.0.0.1:1'}\n"


def configure(folder: Path, understanding: str = ELSEWHERE, intents: Path = ROOT / "intents") -> None:
    content = f"folders: {{responses: {ROOT / 'responses'}, intents: {intents}}}\n"
    (folder / "config.yaml").write_text(content + understanding, encoding="utf-8")


@asynccontextmanager
async def frontdesk(folder: Path, *arguments: str, stdin: int = PIPE) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *command(*arguments), cwd=folder, env=environment(), stdin=stdin, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def say(chat: Process, text: str) -> None:
    assert chat.stdin
    chat.stdin.write(text.encode() + b"\n")
    await chat.stdin.drain()


async def heard(chat: Process) -> dict[str, Any]:
    """The next thing it shows."""
    assert chat.stdout
    found: dict[str, Any] = json.loads(await chat.stdout.readline())
    return found


async def reply(folder: Path, ticket: str, text: str) -> None:
    async with frontdesk(folder, "tickets", "reply", ticket, text, "--as", "Anna") as agent:
        assert await agent.wait() == 0


async def left(chat: Process) -> bytes:
    """What it still shows after its input has ended; it ends with status 0."""
    shown, _ = await chat.communicate(b"" if chat.stdin else None)
    assert chat.returncode == 0
    return shown


async def test_an_agents_reply_appears_when_it_comes(tmp_path: Path) -> None:
    """Nobody has to write first to read what an agent wrote."""
    configure(tmp_path)
    async with frontdesk(tmp_path, "chat", "--json") as chat:
        await say(chat, "I want a human")
        ticket = (await heard(chat))["ticket"]
        await reply(tmp_path, ticket, "Hello, which coin is it?")
        assert "Anna" in (await heard(chat))["text"]
        assert (await heard(chat))["text"] == "Hello, which coin is it?"
        assert await left(chat) == b""


async def test_a_person_is_asked_again_below_a_reply(tmp_path: Path) -> None:
    """What comes while the prompt waits stands on lines of its own, and the prompt follows."""
    configure(tmp_path)
    ours, theirs = pty.openpty()
    async with frontdesk(tmp_path, "chat", stdin=theirs) as chat:
        os.close(theirs)
        os.write(ours, b"I want a human\n")
        assert chat.stdout
        shown = await chat.stdout.readuntil(b"FD-1001")
        await reply(tmp_path, "FD-1001", "Hello, which coin is it?")
        shown += await chat.stdout.readuntil(b"Hello, which coin is it?")
        shown += await chat.stdout.readuntil(b"> ")
        os.close(ours)
        lines = [line.rstrip() for line in shown.decode().splitlines()]
        assert "Hello, which coin is it?" in lines
        assert lines[-1].startswith(">")


async def test_two_terminals_do_not_hear_each_other(tmp_path: Path) -> None:
    """Started together in a new folder: each has its own ticket and its own agent's words, and nothing else."""
    configure(tmp_path)
    async with frontdesk(tmp_path, "chat", "--json") as one, frontdesk(tmp_path, "chat", "--json") as other:
        chats = (one, other)
        for chat in chats:
            await say(chat, "I want a human")
        tickets = [(await heard(chat))["ticket"] for chat in chats]
        assert sorted(tickets) == ["FD-1001", "FD-1002"]
        for ticket in tickets:
            await reply(tmp_path, ticket, f"This is about {ticket}")
        for chat, ticket in zip(chats, tickets, strict=True):
            assert "Anna" in (await heard(chat))["text"]
            assert (await heard(chat))["text"] == f"This is about {ticket}"
        for chat in chats:
            assert await left(chat) == b""


async def test_a_program_that_died_is_told_at_once(tmp_path: Path) -> None:
    """A model is there and Rasa is not installed: the error, although nobody has written anything."""
    intents = tmp_path / "intents"
    shutil.copytree(ROOT / "intents" / "data", intents / "data")
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / "intents" / name, intents)
    configure(tmp_path, understanding="", intents=intents)
    model = model_path(tmp_path / "var" / "models", fingerprint(intents))
    model.parent.mkdir(parents=True)
    with tarfile.open(model, "w:gz") as archive:
        metadata = tarfile.TarInfo("metadata.json")
        content = b'{"predict_schema": {}}'
        metadata.size = len(content)
        archive.addfile(metadata, io.BytesIO(content))
    async with frontdesk(tmp_path, "chat", "--json") as chat:
        assert chat.stderr
        assert await chat.wait() == 1
        assert b"no Python with Rasa" in await chat.stderr.read()
        assert b"Traceback" not in await chat.stderr.read()


@pytest.mark.parametrize("end", [b"\n", b""], ids=["line", "half a line"])
async def test_a_file_may_be_read(tmp_path: Path, end: bytes) -> None:
    """Standard input is a file: every line of it is answered, the last one also without its end."""
    configure(tmp_path)
    (tmp_path / "said").write_bytes(b"I want a human\n" + b"x" * 30_000 + end)
    with (tmp_path / "said").open("rb") as said:
        async with frontdesk(tmp_path, "chat", "--json", stdin=said.fileno()) as chat:
            shown = [json.loads(line) for line in (await left(chat)).splitlines()]
    assert shown[0]["ticket"] == "FD-1001"
    assert shown[1]["error"] == "too_long"
