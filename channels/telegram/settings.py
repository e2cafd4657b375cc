"""The settings of a Telegram bot in config.yaml."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator, model_validator

from channels.base import BoardSettings, ChannelSettings
from channels.staff import StaffSettings

TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}")
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


PLACE = re.compile(r"(@[A-Za-z][A-Za-z0-9_]{3,31}|-[0-9]{1,19})(:[0-9]{1,10})?", re.ASCII)


class TelegramBoard(BoardSettings):
    """A channel, a group or a topic of one."""

    #: `@name` or the id of the chat, and `:7` for topic 7 of it.
    place: str

    @field_validator("place")
    @classmethod
    def _place(cls, value: str) -> str:
        if not PLACE.fullmatch(value):
            raise ValueError(f"{value!r} is no channel or group: write @name or -1001234567890, with :7 for topic 7")
        return value


class TelegramStaff(StaffSettings):
    """A group with topics where tickets are mirrored."""

    #: The group's id; those of groups are below 0.
    group: int = Field(lt=0)


class TelegramSettings(ChannelSettings):
    """One bot. Several bots are several entries of type telegram."""

    #: From @BotFather.
    token: SecretStr
    #: Where the Bot API is; the token is put behind it. Another one for a server of your own.
    base_url: str = "https://api.telegram.org/bot"
    #: Where files are downloaded from; the token is put behind it.
    base_file_url: str = "https://api.telegram.org/file/bot"
    #: `http://user:password@host:port`, where Telegram is reached through a proxy.
    proxy: SecretStr | None = None
    #: Answers in groups as well: who mentions the bot, replies to it or gives it a command.
    groups: bool = True
    #: Where announcements go: channels and groups, or topics of groups, in which the bot may post.
    announce: tuple[TelegramBoard, ...] = ()
    #: Where tickets are mirrored, and who answers them there.
    staff: TelegramStaff | None = None
    #: The public address of `/channels/<name>/webhook`. Without it the bot polls.
    webhook_url: str | None = None
    #: What Telegram proves itself with at the webhook: 16 to 256 of A-Z a-z 0-9 _ -
    webhook_secret: SecretStr | None = None

    @property
    def account(self) -> str:
        """The bot's id: the part of the token that is no secret."""
        return self.token.get_secret_value().partition(":")[0]

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("is not a bot token: @BotFather gives one like 123456789:AbC...")
        return value

    @field_validator("base_url", "base_file_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s?#{}]+", value):
            raise ValueError(f"{value!r} is not an address: write it as https://api.telegram.org/bot")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+/?", value.get_secret_value()):
            raise ValueError("is not the address of a proxy: write it as http://user:password@host:port")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _webhook_url(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https://[^\s?#]+", value):
            raise ValueError(f"{value!r} is not an address that Telegram calls: it begins with https://")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("needs 16 to 256 of A-Z a-z 0-9 _ -: make one with `openssl rand -hex 32`")
        return value

    @model_validator(mode="after")
    def _webhook(self) -> TelegramSettings:
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError("webhook_url and webhook_secret go together")
        return self
