"""One line to an IMAP server, logged in. Whatever goes wrong on it is `Broken`, in words that carry no secret."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from aioimaplib import IMAP4  # type: ignore[import-untyped]  # the package ships no type information
from aioimaplib.aioimaplib import (  # type: ignore[import-untyped]  # the same
    AioImapException,
    IMAP4ClientProtocol,
    quoted,
)

from channels.email.settings import EmailSettings

# At DEBUG the library writes whole mails, and a password with a quote in it; at INFO lines it does not understand.
logging.getLogger("aioimaplib").setLevel(logging.WARNING)

#: Seconds an answer may take; of a mail being read, seconds without a byte of it.
PATIENCE = 30.0
#: Mails whose sizes are asked for at once: the library reads a line a level of recursion.
BATCH = 50

VALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)
NEXT = re.compile(rb"\[UIDNEXT (\d+)\]", re.IGNORECASE)
EXISTS = re.compile(rb"\* \d+ EXISTS", re.IGNORECASE)
UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"', re.IGNORECASE)
QUOTED = re.compile(rb'BODY\[\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
#: A login refused for reasons of the server's own (RFC 5530), not for what we said.
FULL = re.compile(rb"\[(UNAVAILABLE|LIMIT|INUSE|SERVERBUG)\b", re.IGNORECASE)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Broken(Exception):
    """The line is of no use any more, or never was."""


class Hearing(IMAP4ClientProtocol):  # type: ignore[misc]  # a class without types
    """Remembers that the server announced mail while it answered something else: the library drops that."""

    announced = False

    def _untagged_response(self, line: bytes) -> Any:
        self.announced = self.announced or EXISTS.match(line) is not None
        return super()._untagged_response(line)


class Client(IMAP4):  # type: ignore[misc]  # the same
    """The library's client, with ears."""

    def create_client(self, host: str, port: int, loop: Any, conn_lost_cb: Any = None, ssl_context: Any = None) -> None:
        running = loop or asyncio.get_running_loop()
        self.protocol = Hearing(running, conn_lost_cb)
        connecting = running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        self._client_task = running.create_task(connecting)


class Mailbox:
    """A folder, selected. Only one question at a time."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idles = True
        #: The folder's UIDs mean the same as long as this does not change; and where the next will be.
        self.validity = 0
        self.next_uid: int | None = None
        self._imap = Client(
            settings.imap_host,
            settings.imap_port,
            timeout=PATIENCE,
            # In IDLE nothing else tells that the line is gone.
            conn_lost_cb=self._gone,
            ssl_context=tls_context(settings) if settings.imap_tls else None,
        )

    def _gone(self, _: Exception | None) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    async def log_in(self) -> None:
        settings = self._settings
        await self._whole(self._imap.wait_hello_from_server(), "imap_host, imap_port or imap_tls: no IMAP server there")
        user = quoted(settings.imap_username or settings.address)
        login = await self._whole(
            self._imap.login(user, settings.imap_password.get_secret_value()), "no answer to LOGIN"
        )
        if login.result != "OK":
            full = FULL.search(b" ".join(map(bytes, login.lines)))
            said = f"the IMAP server lets nobody in for now ({full[1].decode()})" if full else ""
            raise Broken(said or "imap_username or imap_password is refused")
        # Many a server tells only now what it can do.
        await self._whole(self._imap.protocol.capability(), "no answer to CAPABILITY")

    async def select(self, folder: str, setting: str = "folder") -> None:
        answer = await self._whole(self._imap.select(quoted(utf7(folder))), f"no answer about {setting}")
        if answer.result != "OK":
            raise Broken(f"{setting}: there is no folder {folder!r}")
        said = b"\n".join(bytes(line) for line in answer.lines)
        validity, following = VALIDITY.search(said), NEXT.search(said)
        self.validity = int(validity[1]) if validity else 0
        self.next_uid = int(following[1]) if following else None

    async def search(self, *criteria: str) -> list[int]:
        """UIDs, rising."""
        self._imap.protocol.announced = False
        answer = await self._ok(self._imap.uid_search(*criteria, charset=None), "SEARCH")
        words = b" ".join(bytes(line) for line in answer.lines[:-1]).split()
        return sorted({int(word) for word in words if word.isdigit()})

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, tuple[int, datetime]]:
        """Bytes and arrival of those that are still there."""
        wanted = ",".join(map(str, uids))
        answer = await self._ok(self._imap.uid("fetch", wanted, "(UID RFC822.SIZE INTERNALDATE)"), "FETCH")
        found = {}
        for line in map(bytes, answer.lines):
            uid, size, arrived = UID.search(line), SIZE.search(line), ARRIVED.search(line)
            if uid and size:
                found[int(uid[1])] = (int(size[1]), _instant(arrived[1] if arrived else b""))
        return found

    async def fetch(self, uid: int, most: int | None = None) -> bytes | None:
        """The mail, or its first `most` bytes, without marking it read; None where it is gone."""
        section = "BODY.PEEK[]" if most is None else f"BODY.PEEK[]<0.{most}>"
        answer = await self._ok(self._imap.uid("fetch", str(uid), f"(UID {section})"), "FETCH", None)
        for line in answer.lines:
            if isinstance(line, bytearray):
                return bytes(line)
        short = QUOTED.search(b" ".join(map(bytes, answer.lines)))
        return re.sub(rb"\\(.)", rb"\1", short[1]) if short else None

    async def mark_seen(self, uid: int) -> None:
        """Where the folder may be written to; a mark is not worth a line."""
        await self._whole(self._imap.uid("store", str(uid), r"+FLAGS.SILENT (\Seen)"), "no answer to STORE")

    async def news(self, seconds: float) -> None:
        """Returns when the server has announced something since the last search, at the latest after `seconds`."""
        if self._imap.protocol.announced:
            return
        if not (self._idles and self._imap.has_capability("IDLE")):
            await asyncio.wait({self._lost}, timeout=seconds)
            self._check()
            return
        idle = asyncio.create_task(self._imap.idle())
        push = asyncio.create_task(self._imap.protocol.idle_queue.get())
        try:
            await asyncio.wait({idle, push, self._lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            self._check()
            self._idles = not idle.done()
            if not idle.done():
                self._imap.protocol.idle_done()
                await asyncio.wait({idle, self._lost}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                self._check(answered=idle.done())
        finally:
            await _ended(idle, push)

    async def _ok(self, asked: Coroutine[Any, Any, Any], name: str, seconds: float | None = PATIENCE) -> Any:
        answer = await self._whole(asked, f"no answer to {name}", seconds)
        if answer.result != "OK":
            raise Broken(f"the server answers {str(answer.result)[:20]} to {name}")
        return answer

    async def _whole(self, asked: Coroutine[Any, Any, Any], reason: str, seconds: float | None = PATIENCE) -> Any:
        """The answer, unless the line breaks before it; not for every question does the library have an end."""
        task = asyncio.create_task(asked)
        try:
            await asyncio.wait({task, self._lost}, return_when=asyncio.FIRST_COMPLETED, timeout=seconds)
            if not task.done():
                raise Broken("the line to the IMAP server broke" if self._lost.done() else reason)
            return task.result()
        except (AioImapException, OSError, TimeoutError, ValueError, asyncio.InvalidStateError) as error:
            # Not chained: what the library says may quote the command, password and all.
            raise Broken(f"{reason} ({type(error).__name__})") from None
        finally:
            await _ended(task)

    def _check(self, *, answered: bool = True) -> None:
        if self._lost.done() or not answered:
            raise Broken("the line to the IMAP server broke")

    async def close(self) -> None:
        protocol = self._imap.protocol
        await _ended(self._imap._client_task, *protocol.tasks)  # noqa: SLF001 - else the library leaves them behind
        if protocol.transport is not None:
            protocol.transport.close()


@asynccontextmanager
async def opened(settings: EmailSettings) -> AsyncIterator[Mailbox]:
    """Logged in, no folder selected. Raises `Broken`."""
    try:
        mailbox = Mailbox(settings)
    except (OSError, ssl.SSLError) as error:
        raise Broken(f"ca_bundle: {type(error).__name__}") from None
    try:
        await mailbox.log_in()
        yield mailbox
    finally:
        await mailbox.close()


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def tls_context(settings: EmailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.ca_bundle) if settings.ca_bundle else None)


def since(day: date) -> str:
    """A search for mails that arrived on that day or later."""
    return f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}"


def utf7(folder: str) -> str:
    """A folder's name as IMAP writes it (RFC 3501, 5.1.3)."""
    return re.sub(
        r"&|[^\x20-\x7e]+",
        lambda found: (
            "&-"
            if found[0] == "&"
            else "&" + b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
        ),
        folder,
    )


def _instant(written: bytes) -> datetime:
    try:
        return datetime.strptime(written.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        return datetime.now(UTC)
