"""The settings of a Discord bot in config.yaml."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from channels.base import BoardSettings, ChannelSettings
from channels.staff import StaffSettings

API = "https://discord.com/api/v10"


class DiscordBoard(BoardSettings):
    """A text channel or an announcement channel."""

    #: The id of the channel.
    place: str = Field(pattern=r"^[0-9]{15,20}$")


class DiscordStaff(StaffSettings):
    """A channel where each ticket has a thread."""

    #: The channel's id.
    channel: int = Field(gt=0)


class DiscordSettings(ChannelSettings):
    """One bot."""

    #: Of the bot, from the developer portal.
    token: SecretStr
    #: Where the REST interface is.
    api_url: str = API
    #: Where the gateway is; "" for the one Discord names. Set, every line goes there, resumed ones too.
    gateway_url: str = ""
    #: Where announcements go. In an announcement channel they are passed on to the servers that follow it.
    announce: tuple[DiscordBoard, ...] = ()
    #: Announces `/ask`, `/ticket` and `/human` at the start; off where other software keeps the bot's commands.
    commands: bool = True
    #: The tag of a forum's that a post gets once it is solved; "" tags none.
    solved_tag: str = Field(default="Solved", max_length=20)
    #: Where tickets are mirrored, and who answers them there.
    staff: DiscordStaff | None = None
    #: Channels and direct chats whose gaps are read after a restart, those with the newest messages first kept.
    remembered: int = Field(default=1000, ge=1, le=10_000)

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        plain = value.get_secret_value()
        if not plain or not plain.isascii() or any(map(str.isspace, plain)):
            raise ValueError("is not a bot's token: copy it from the developer portal, under Bot, without spaces")
        return value

    @field_validator("api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError(f"{value!r} is not an address: write it as {API}")
        return value.rstrip("/")

    @field_validator("gateway_url")
    @classmethod
    def _gateway_url(cls, value: str) -> str:
        if value and not value.startswith(("wss://", "ws://")):
            raise ValueError(f"{value!r} is not an address: write it as wss://gateway.discord.gg/")
        return value
