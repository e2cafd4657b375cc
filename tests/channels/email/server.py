"""A mail provider on loopback: aiosmtpd takes what we send, pymap holds our mailbox."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import warnings
from argparse import Namespace
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.policy import default
from typing import Any

from aioimaplib import IMAP4  # type: ignore[import-untyped]  # the package ships no type information
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import Cleartext

from channels.base import Channel
from channels.email import Email
from channels.email.settings import EmailSettings
from channels.email.threads import thread_of
from channels.words import Attachment, Place
from tests.channels.email.line import Line
from tests.channels.peer import Fault, Seen

# What a server writes down of its own is not ours; pymap writes every line, passwords and all.
for _name in ("pymap", "mail.log"):
    logging.getLogger(_name).setLevel(logging.INFO)

ADDRESS = "support@frontdesk.test"
PASSWORD = 'correct "horse" battery'


class Post:
    """The provider, and the persons `ann` and `bob` who have their mailboxes elsewhere."""

    secrets = (PASSWORD,)
    edits = False
    deletes = False

    def __init__(self) -> None:
        self.pause: float | None = None
        self.faults: dict[str, list[Fault]] = {}
        #: What we sent, as bytes, by recipient.
        self.got: defaultdict[str, list[bytes]] = defaultdict(list)
        #: Files a copy of what is sent, as big providers do.
        self.keeps_sent = False
        #: What it says to the words of a mail instead of taking them.
        self.verdict = ""
        self.settings: dict[str, Any] = {}
        #: Our own address.
        self.address = ADDRESS
        self._inbox: list[bytes] = []
        self._filing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._smtp: asyncio.Server | None = None
        self._imap: asyncio.Server | None = None
        self.imap_line = Line(0)
        self.smtp_line = Line(0)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Post]:
        """While the provider is there."""
        await self._start_imap()
        loop = asyncio.get_running_loop()
        self._smtp = await loop.create_server(self._smtp_session, "127.0.0.1", 0)
        self.smtp_line.target = self._smtp.sockets[0].getsockname()[1]
        await self.imap_line.start()
        await self.smtp_line.start()
        try:
            yield self
        finally:
            for line in (self.imap_line, self.smtp_line):
                await line.close()
            self._smtp.close()
            await self._stop_imap()

    async def _start_imap(self) -> None:
        args = Namespace(
            debug=False,
            demo_data=False,
            demo_user=ADDRESS,
            demo_password=PASSWORD,
            passlib_cfg=None,
            host=["127.0.0.1"],
            port="0",
            cert=None,
            key=None,
            tls=False,
            proxy_protocol=None,
            inherited_sockets=None,
        )
        backend, config = await DictBackend.init(args, hash_context=Cleartext())
        config.apply_context()
        server = IMAPServer(backend.login, config)

        async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await server(reader, writer, SocketInfoLocal(writer))

        self._imap = await asyncio.start_server(session, "127.0.0.1", 0)
        self.imap_line.target = self._imap.sockets[0].getsockname()[1]
        # A line of the provider's own, past what we can be cut off from.
        self._own = IMAP4("127.0.0.1", self.imap_line.target, timeout=30)
        await self._own.wait_hello_from_server()
        assert (await self._own.login(ADDRESS, PASSWORD)).result == "OK"
        assert (await self._own.create("Sent")).result == "OK"

    async def _stop_imap(self) -> None:
        assert self._imap
        self._imap.close()
        self._own.protocol.transport.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def renumber(self) -> None:
        """The mailbox is moved to another server: the same mails under new UIDs and another UIDVALIDITY."""
        await self._stop_imap()
        await self._start_imap()
        for data in self._inbox:
            await self._append(data)
        self.imap_line.cut()

    async def _append(self, data: bytes, folder: str = "INBOX", at: str | None = None) -> None:
        # Its line takes one at a time.
        async with self._filing:
            assert (await self._own.append(data, folder, date=at and f'"{at}"')).result == "OK"

    def channel(self) -> Channel:
        return Email("email", self.configured())

    def configured(self) -> EmailSettings:
        """How we reach it."""
        return EmailSettings.model_validate(
            {
                "type": "email",
                "address": ADDRESS,
                "imap_host": "127.0.0.1",
                "imap_port": self.imap_line.port,
                "imap_tls": False,
                "imap_password": PASSWORD,
                "smtp_host": "127.0.0.1",
                "smtp_port": self.smtp_line.port,
                "smtp_tls": "none",
                "smtp_password": PASSWORD,
                **self.settings,
            }
        )

    def place(self, person: str) -> Place:
        thread = thread_of(f"first-{person}@people.test")
        return Place(account=self.address, handle=self.address_of(person), thread=thread)

    def address_of(self, person: str) -> str:
        """Where a person gets mail."""
        return f"{person}@people.test"

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        return await self.arrive(self._written(person, text, files).as_bytes())

    async def arrive(self, data: bytes, at: str | None = None) -> str:
        """A mail comes in, as bytes; its name for `repeat`."""
        number = len(self._inbox)
        self._inbox.append(data)
        await self._append(data, at=at)
        return str(number)

    async def unread(self) -> list[int]:
        """UIDs of the mails in our mailbox that nobody has read."""
        assert (await self._own.select("INBOX")).result == "OK"
        found = await self._own.uid_search("UNSEEN", charset=None)
        return [int(uid) for uid in found.lines[0].split()]

    def _written(self, person: str, text: str, files: Sequence[Attachment]) -> EmailMessage:
        number = sum(f"From: {person.title()}".encode() in data for data in self._inbox)
        mail = EmailMessage(policy=POLICY)
        mail["From"] = f"{person.title()} <{self.address_of(person)}>"
        mail["To"] = self.address
        mail["Subject"] = "A question"
        mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0000"
        mail["Message-ID"] = f"<{number or 'first'}-{person}@people.test>"
        if number:
            answered = [str(mail["Message-ID"]) for mail in self.mails(person)[-1:]] or [
                f"<first-{person}@people.test>"
            ]
            mail["In-Reply-To"] = answered[0]
        mail.set_content(text)
        for file in files:
            main, _, sub = file.media_type.partition("/")
            mail.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
        return mail

    async def repeat(self, message: str) -> None:
        trace = b"Received: from elsewhere by mx.frontdesk.test; Mon, 02 Mar 2026 10:00:00 +0000\r\n"
        await self._append(trace + self._inbox[int(message)])

    async def edit(self, message: str, text: str) -> None:
        raise NotImplementedError

    async def delete(self, message: str) -> None:
        raise NotImplementedError

    async def press(self, person: str, title: str) -> None:
        raise NotImplementedError

    async def cut(self) -> None:
        self.imap_line.cut()
        self.smtp_line.cut()

    async def outage(self, *, on: bool) -> None:
        for line in (self.imap_line, self.smtp_line):
            await (line.refuse() if on else line.start())

    def seen(self, person: str) -> Sequence[Seen]:
        return [_seen(mail) for mail in self.mails(person)]

    def mails(self, person: str) -> Sequence[EmailMessage]:
        """Everything the person got, as their program reads it."""
        return [read(data) for data in self.got[self.address_of(person)]]

    # What aiosmtpd asks its handler.

    def _smtp_session(self) -> SMTP:
        with warnings.catch_warnings():
            # It warns that nobody should ask for a password without TLS; on loopback it may.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                self, authenticator=self._authenticated, auth_required=True, auth_require_tls=False, hostname="mx.test"
            )

    def _authenticated(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data == LoginPassword(ADDRESS.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        waiting = self.faults.get(address.partition("@")[0], [])
        match waiting.pop(0) if waiting else None:
            case Fault.BUSY:
                return f"451 4.7.1 Greylisted for {self.pause or 0:.0f} seconds"
            case Fault.BROKEN:
                return "421 4.3.2 Service shutting down"
            case Fault.GONE:
                return "550 5.1.1 No such user here"
            case Fault.CUT:
                assert isinstance(server.transport, asyncio.WriteTransport)
                server.transport.abort()
            case Fault.SILENT:
                session.silent = True  # type: ignore[attr-defined]  # carried to DATA
            case None:
                pass
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        assert isinstance(envelope.content, bytes)
        if self.verdict:
            return self.verdict
        for address in envelope.rcpt_tos:
            self.got[address].append(envelope.content)
        if self.keeps_sent:
            await self._append(envelope.content, "Sent")
        if getattr(session, "silent", False):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await asyncio.Event().wait()
        return "250 OK"


def read(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _seen(mail: EmailMessage) -> Seen:
    body = mail.get_body(("plain",))
    assert body
    files = [(part.get_filename() or "", part.get_content()) for part in mail.iter_attachments()]
    return Seen(id=str(mail["Message-ID"]).strip("<>"), text=body.get_content().replace("\r\n", "\n"), files=files)
