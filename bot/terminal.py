"""How a conversation looks at a terminal: to a person, or to a program."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from itertools import chain
from threading import Thread
from typing import Protocol

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from channels.errors import HostError, Unacceptable
from channels.words import Limits, Markup, Outbound


class Screen(Protocol):
    """Where replies appear."""

    #: What it can show.
    limits: Limits

    def begin(self) -> None:
        """Before the first message."""

    def prompt(self) -> None:
        """Before each message."""

    def interrupt(self) -> None:
        """Before replies that come while a message may be being written; a new prompt follows them."""

    def show(self, outbound: Outbound) -> None:
        """A reply."""

    def refuse(self, error: HostError) -> None:
        """A message that was not taken."""


class Pretty:
    """For a person: Markdown, choices by number, and below each reply what the bot made of the message."""

    limits = Limits(choices=10, numbered=True, markup=Markup.MARKDOWN)

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self) -> None:
        self._console.print(Text("Write a message; a number presses a button; Ctrl-D ends.", style="dim"))

    def prompt(self) -> None:
        self._console.print(Text("> ", style="bold green"), end="")

    def interrupt(self) -> None:
        self._console.print()

    def show(self, outbound: Outbound) -> None:
        self._console.print(Markdown(outbound.text))
        for number, choice in enumerate(outbound.choices, 1):
            self._console.print(Text(f"  {number} ", style="cyan").append(choice.title, style="default"))
        sure = f"{outbound.confidence:.0%}" if outbound.confidence is not None else ""
        facts = [outbound.owner.value, outbound.ticket or "", outbound.intent or "", sure]
        self._console.print(Text(" ".join(filter(None, facts)), style="dim", justify="right"))

    def refuse(self, error: HostError) -> None:
        self._console.print(Text(str(error), style="red"))


class Json:
    """For a program: one object a line for every reply, or one with `error` and `detail` for a message not taken."""

    limits = Limits(choices=10, numbered=True, markup=Markup.PLAIN)

    def begin(self) -> None:
        return

    def prompt(self) -> None:
        return

    def interrupt(self) -> None:
        return

    def show(self, outbound: Outbound) -> None:
        _line(
            text=outbound.text,
            language=outbound.language,
            choices=[{"title": choice.title, "payload": choice.payload} for choice in outbound.choices],
            intent=outbound.intent,
            confidence=outbound.confidence,
            owner=outbound.owner.value,
            ticket=outbound.ticket,
        )

    def refuse(self, error: HostError) -> None:
        _line(error=error.code if isinstance(error, Unacceptable) else "not_stored", detail=str(error))


async def lines() -> AsyncIterator[str]:
    """Lines of standard input, whatever bytes they are, until its end; blank ones are passed over."""
    read: asyncio.Queue[bytes] = asyncio.Queue(1)
    # A thread nobody waits for: a person who writes nothing holds up no stop.
    Thread(target=_read, args=(read, asyncio.get_running_loop()), daemon=True).start()
    while raw := await read.get():
        line = raw.decode("utf-8", "replace").strip()
        if line:
            yield line


def _read(read: asyncio.Queue[bytes], loop: asyncio.AbstractEventLoop) -> None:
    """Hands over one line after the other, and an empty one at the end."""
    # Not through sys.stdin: Python would wait at its end for whoever holds that.
    with open(sys.stdin.fileno(), "rb", closefd=False) as source:
        for line in chain(source, [b""]):
            try:
                asyncio.run_coroutine_threadsafe(read.put(line), loop).result()
            except CancelledError:
                # Nobody listens any more.
                return


def _line(**values: object) -> None:
    # UTF-8 whatever the locale says: a program reads it.
    sys.stdout.buffer.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
