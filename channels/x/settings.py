"""The settings of an account on X in config.yaml."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from channels.base import BoardSettings, ChannelSettings


class XSettings(ChannelSettings):
    """One account. The four secrets are on the app's page in the developer portal."""

    api_key: SecretStr
    api_secret: SecretStr
    access_token: SecretStr
    access_secret: SecretStr
    #: `http://user:password@host:port`, where X is reached through a proxy.
    proxy: SecretStr | None = None
    #: A file of certificates to trust, instead of the system's: that of a proxy which opens what goes through it.
    ca_bundle: Path | None = None
    #: Whether direct messages are read, and how often; X allows 15 reads in 15 minutes.
    dms: bool = True
    dm_seconds: float = Field(default=70, gt=0, le=3600)
    #: Whether posts that mention us are read, and how often; X allows 300 reads in 15 minutes.
    mentions: bool = True
    mention_seconds: float = Field(default=30, gt=0, le=3600)
    #: Hours before the very first start from which on messages are answered.
    first_hours: int = Field(default=1, ge=0, le=168)
    #: Announcements are posts of the account, one in each of these languages.
    announce: tuple[BoardSettings, ...] = ()
    #: Links in public replies stay. A post with a link costs many times one without.
    links: bool = False
    #: Public replies a day (UTC); None is any number.
    daily_posts: int | None = Field(default=None, ge=0)
    #: What may be spent on sending a day (UTC), in cents of a dollar; None is any amount.
    daily_cents: Decimal | None = Field(default=None, ge=0)
    #: What X charges for a post, for one with a link, and for a direct message, in cents.
    post_cents: Decimal = Field(default=Decimal("1.5"), ge=0)
    link_post_cents: Decimal = Field(default=Decimal(20), ge=0)
    dm_cents: Decimal = Field(default=Decimal("1.5"), ge=0)

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+/?", value.get_secret_value()):
            raise ValueError("is not the address of a proxy: write it as http://user:password@host:port")
        return value
