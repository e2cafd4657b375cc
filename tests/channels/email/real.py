"""The mail provider of the tests, made of postfix and dovecot; it takes the same orders as the other one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from smtplib import LMTP
from typing import ClassVar

from aiosmtplib import SMTP

from channels.email.settings import EmailSettings
from tests.channels.email.server import Post, read
from tests.channels.email.servers import Servers
from tests.channels.peer import Fault
from tests.samples import until


class RealPost(Post):
    """A mailbox of its own on the servers, and `ann` and `bob` with theirs."""

    _number: ClassVar = count(1)

    def __init__(self, servers: Servers) -> None:
        super().__init__()
        self.servers = servers
        self._mine = next(self._number)
        self.address = f"support{self._mine}@frontdesk.test"
        #: Mails whose acceptance we do not hear of.
        self._silent: set[str] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[RealPost]:
        self.imap_line.target, self.smtp_line.target = self.servers.imaps, self.servers.submission
        for line in (self.imap_line, self.smtp_line):
            await line.start()
        asked = await asyncio.start_unix_server(self._asked, self.servers.policy)
        self.servers.policy.chmod(0o666)
        try:
            yield self
        finally:
            for line in (self.imap_line, self.smtp_line):
                await line.close()
            asked.close()

    def configured(self) -> EmailSettings:
        return EmailSettings.model_validate(
            {
                **super().configured().model_dump(),
                "address": self.address,
                "imap_tls": True,
                "smtp_tls": "starttls",
                "ca_bundle": self.servers.authority,
                **self.settings,
            }
        )

    def address_of(self, person: str) -> str:
        return f"{person}.{self._mine}@people.test"

    async def arrive(self, data: bytes, at: str | None = None) -> str:
        """A stranger's server hands a mail in; returns when it lies in our mailbox."""
        self._inbox.append(data)
        await self._hand_in(data)
        return str(len(self._inbox) - 1)

    async def repeat(self, message: str) -> None:
        await self._hand_in(self._inbox[int(message)])

    async def _hand_in(self, data: bytes) -> None:
        before = len(self.mails_of(self.address))
        await self.hand_in(data)
        await until(lambda: len(self.mails_of(self.address)) > before)

    async def hand_in(self, data: bytes, to: str = "") -> None:
        """Returns when the server has taken it; it need not be in a mailbox by then."""
        async with SMTP(hostname="127.0.0.1", port=self.servers.mx, local_hostname="mail.people.test") as smtp:
            await smtp.sendmail(self.address_of("ann"), [to or self.address], data)

    def fill(self, *texts: str) -> None:
        """Mails that came while nobody looked, past postfix."""
        with LMTP(str(self.servers.folder / "lmtp")) as lmtp:
            for number, text in enumerate(texts):
                head = f"From: ann@people.test\r\nTo: {self.address}\r\nMessage-ID: <fill-{number}@people.test>"
                lmtp.sendmail("ann@people.test", [self.address], f"{head}\r\n\r\n{text}\r\n")

    def file(self, text: str, folder: str) -> None:
        """The provider files a mail in a folder of ours."""
        mail = self.servers.folder / "mail" / "filed.eml"
        mail.write_bytes(self._written("ann", text, ()).as_bytes())
        self.servers.doveadm("save", "-u", self.address, "-m", folder, str(mail))

    def mails(self, person: str) -> Sequence[EmailMessage]:
        """Oldest first: the id postfix gave them is the time it took them at."""
        found = [read(path.read_bytes()) for path in self.mails_of(self.address_of(person))]
        return sorted(found, key=lambda mail: str(mail.get_all("Received", [])[1]).partition(" id ")[2])

    def mails_of(self, address: str) -> list[Path]:
        """The files of an INBOX."""
        return list((self.servers.folder / "mail" / address / "Maildir").glob("[cn][ue][rw]/*"))

    async def renumber(self) -> None:
        """What dovecot knew of the mailbox is lost, as after a move: it counts anew."""
        await self.imap_line.refuse()
        self.imap_line.cut()
        # A session that is left would write down again what it knows.
        await until(lambda: not self.sessions())
        for path in (self.servers.folder / "mail" / self.address).glob("Maildir/dovecot*"):
            path.unlink()
        await self.imap_line.start()

    def sessions(self) -> list[int]:
        """The processes dovecot serves our mailbox with."""
        lines = self.servers.doveadm("-f", "tab", "who", self.address).splitlines()[1:]
        return [int(line.split("\t")[3].strip("()")) for line in lines]

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Postfix asks about a recipient, and once more when it has the whole mail."""
        asked = dict(line.split("=", 1) for line in (await reader.readuntil(b"\n\n")).decode().split("\n") if line)
        action = self._at_end(asked) if asked["protocol_state"] == "END-OF-MESSAGE" else self._at_recipient(asked)
        writer.write(f"action={action}\n\n".encode())
        await writer.drain()
        writer.close()

    def _at_recipient(self, asked: dict[str, str]) -> str:
        waiting = self.faults.get(asked["recipient"].partition(".")[0], [])
        match waiting.pop(0) if waiting else None:
            case Fault.BUSY:
                return f"451 4.7.1 Greylisted for {self.pause or 0:.0f} seconds"
            case Fault.BROKEN:
                return "421 4.3.2 Service shutting down"
            case Fault.GONE:
                return "550 5.1.1 No such user here"
            case Fault.CUT:
                self.smtp_line.cut()
            case Fault.SILENT:
                self._silent.add(asked["instance"])
            case None:
                pass
        return "DUNNO"

    def _at_end(self, asked: dict[str, str]) -> str:
        if asked["instance"] in self._silent:
            self.smtp_line.hush()
        return self.verdict or "DUNNO"
