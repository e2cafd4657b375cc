"""The mailbox as a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from channels.base import Channel, ChannelSettings, Host
from channels.email.mailbox import Broken, opened
from channels.email.parse import Own
from channels.email.reading import Reader
from channels.email.sending import admitted, deliver
from channels.email.settings import EmailSettings
from channels.email.threads import signed_id
from channels.email.writing import letter
from channels.errors import MayHaveArrived, Never, TryAgain
from channels.words import Abilities, Limits, Markup, Outbound, Sent


class Email(Channel):
    """One address of ours. A person is one address, a conversation one thread of mails."""

    Settings = EmailSettings
    limits: ClassVar[Limits] = Limits(
        markup=Markup.HTML, numbered=True, files=True, file_bytes=20_000_000, most_files=20, answers_raw=True
    )
    abilities: ClassVar[Abilities] = Abilities(threads=True, catches_up=True)
    #: Every address of every mailbox this process has: two of ours never send each other copies.
    mailboxes: ClassVar[set[str]] = set()

    def __init__(self, name: str, settings: ChannelSettings) -> None:
        super().__init__(name, settings)
        self._mail = EmailSettings.model_validate(settings.model_dump())
        self.mailboxes.update(self._mail.ours)
        self._host: Host | None = None
        self._begun = asyncio.Event()

    async def run(self, host: Host) -> None:
        self._host = host
        self._begun.set()
        settings = self._mail
        own = Own(
            account=settings.account,
            addresses=settings.ours,
            secret=host.secret,
            authserv_id=settings.authserv_id,
            most_files=self.limits.most_files,
            file_bytes=self.limits.file_bytes,
            longest_text=settings.longest_text,
        )
        await Reader(self.name, settings, own, host).run()

    async def send(self, outbound: Outbound) -> Sent:
        if self._host is None:
            raise TryAgain("the channel has not started yet")
        try:
            host, mailboxes = self._host, frozenset(self.mailboxes)
            written = await asyncio.to_thread(letter, outbound, self._mail, host.secret, host.brand, mailboxes)
        except OSError as error:
            raise TryAgain(f"a file to send cannot be read: {error.strerror}") from error
        except (ValueError, LookupError) as error:
            raise Never(f"there is no mail that says this to this address ({type(error).__name__})") from error
        await deliver(written, self._mail)
        return Sent(platform_id=written.message_id)

    async def find(self, outbound: Outbound) -> Sent | None:
        """Looks through the folder of sent mails; one that is not there may still be on its way into it."""
        folder = self._mail.sent_folder
        if folder is None:
            raise MayHaveArrived("without sent_folder nobody can look up what was sent")
        await self._begun.wait()
        secret = self._host.secret if self._host else b""
        name = signed_id(secret, self._mail.domain, outbound.key, outbound.place.thread)
        try:
            async with opened(self._mail) as mailbox:
                await mailbox.select(folder, "sent_folder")
                found = await mailbox.search(f'HEADER Message-ID "<{name}>"')
        except Broken as error:
            raise MayHaveArrived(str(error)) from error
        if not found:
            raise MayHaveArrived("the mail is not in sent_folder, or not yet")
        return Sent(platform_id=name)

    async def connect(self) -> Sequence[str]:
        wrong = []
        try:
            async with opened(self._mail) as mailbox:
                await mailbox.select(self._mail.folder)
                if self._mail.sent_folder:
                    await mailbox.select(self._mail.sent_folder, "sent_folder")
        except Broken as error:
            wrong.append(str(error))
        try:
            await admitted(self._mail)
        except TryAgain as error:
            wrong.append(str(error))
        return wrong
