"""The settings of a web chat in config.yaml."""

from __future__ import annotations

import re

from limits import parse
from pydantic import Field, SecretStr, field_validator

from channels.base import ChannelSettings
from channels.webchat.files import KINDS

#: Bytes, as RFC 7518 asks of a key for HS256.
SHORTEST_SECRET = 32
ORIGIN = re.compile(r"https?://[^/\s?#@]+")


class WebChatSettings(ChannelSettings):
    """One web chat. Several sites with different rules are several entries of type webchat."""

    #: Sites that may embed the widget, as `https://example.com`; `*` is every site.
    origins: tuple[str, ...] = ("*",)
    #: Days until a visitor's token ends; it is renewed while the visitor keeps coming back.
    visitor_days: int = Field(default=30, ge=1, le=365)
    #: Characters in one message.
    longest_text: int = Field(default=10_000, ge=1, le=100_000)
    #: Millions of bytes in the files of one message together.
    longest_file_mb: int = Field(default=20, ge=1, le=100)
    #: Media types taken from visitors.
    file_types: tuple[str, ...] = tuple(KINDS)
    #: Messages one visitor may send, as `limits` writes it.
    rate: str = "20/minute"
    #: Messages that anonymous visitors behind one address may send together: an office shares one.
    address_rate: str = "300/minute"
    #: Anonymous visitors who may newly arrive from one address.
    address_sessions: str = "60/minute"
    #: Shared with the host site, which signs its users' identity with it. Without it everyone is anonymous.
    identity_secret: SecretStr | None = None

    @field_validator("origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin: write it as https://example.com, without a path, or *")
        return value

    @field_validator("file_types")
    @classmethod
    def _file_types(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(value) - set(KINDS)):
            raise ValueError(f"cannot check {', '.join(unknown)}; choose from {', '.join(KINDS)}")
        return value

    @field_validator("rate", "address_rate", "address_sessions")
    @classmethod
    def _rate(cls, value: str) -> str:
        try:
            parse(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a rate: write it as 20/minute") from error
        return value

    @field_validator("identity_secret")
    @classmethod
    def _identity_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < SHORTEST_SECRET:
            raise ValueError(f"is shorter than {SHORTEST_SECRET} bytes: make one with `openssl rand -hex 32`")
        return value
