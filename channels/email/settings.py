"""The settings of a mailbox in config.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from channels.base import ChannelSettings

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,250}")


class EmailSettings(ChannelSettings):
    """One mailbox."""

    #: Our address: what people write to, and the sender of every answer.
    address: str
    #: Further addresses of ours: never written to, never copied.
    aliases: tuple[str, ...] = ()
    imap_host: str
    imap_port: int = Field(default=993, ge=1, le=65535)
    #: TLS from the first byte. Without it the password crosses the net in the clear.
    imap_tls: bool = True
    #: Empty: the address.
    imap_username: str = ""
    imap_password: SecretStr
    smtp_host: str
    smtp_port: int = Field(default=587, ge=1, le=65535)
    #: `tls` from the first byte (465), `starttls` (587), or `none`.
    smtp_tls: Literal["tls", "starttls", "none"] = "starttls"
    #: Empty: the address.
    smtp_username: str = ""
    #: Without it nobody logs in to the SMTP server.
    smtp_password: SecretStr | None = None
    #: A file of certificates to trust, instead of the system's.
    ca_bundle: Path | None = None
    #: The folder that is read.
    folder: str = "INBOX"
    #: Where the provider itself keeps a copy of what is sent; looked through when an answer of the SMTP server is lost.
    sent_folder: str | None = None
    #: The name our own server signs Authentication-Results with; those of any other are not believed.
    authserv_id: str | None = None
    #: Seconds between two looks, where the server does not announce new mail by itself.
    poll_seconds: float = Field(default=60, ge=0.1, le=1500)
    #: Days back that are read at the very first start.
    catch_up_days: int = Field(default=1, ge=0, le=365)
    #: Millions of bytes in a mail; of a larger one only the beginning is read.
    largest_mb: int = Field(default=25, ge=1, le=100)
    #: Characters of a mail's own words that are taken.
    longest_text: int = Field(default=20_000, ge=100, le=1_000_000)
    #: Others in To and Cc who get the answer too; where there are more, none of them does.
    most_copies: int = Field(default=10, ge=0, le=50)
    #: Mails with the same words from one sender within an hour; further ones are a loop.
    most_alike: int = Field(default=20, ge=2, le=10_000)

    @field_validator("address", "aliases")
    @classmethod
    def _addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (value,) if isinstance(value, str) else value:
            if not ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is not an address: write it as support@example.com")
        return value

    @property
    def account(self) -> str:
        """Our address as conversations know it."""
        return self.address.lower()

    @property
    def ours(self) -> frozenset[str]:
        """Every address of ours, in lower case."""
        return frozenset({self.account, *map(str.lower, self.aliases)})

    @property
    def domain(self) -> str:
        return self.account.rpartition("@")[2]
