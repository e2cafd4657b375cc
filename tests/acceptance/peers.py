"""All platforms around one house."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol

import trustme
from pydantic import SecretStr

from channels.base import Channel, ChannelSettings
from channels.words import Attachment, Place
from tests.acceptance.pages import Pages
from tests.channels.discord.peer import DiscordPeer
from tests.channels.email.server import Post
from tests.channels.peer import Fault, Seen
from tests.channels.telegram.platform import Platform as Telegram
from tests.channels.x.platform import Platform as X
from tests.channels.x.server import Server


class Side(Protocol):
    """What a whole run needs of a `Peer`."""

    faults: dict[str, list[Fault]]

    @property
    def secrets(self) -> Sequence[str]: ...

    def channel(self) -> Channel: ...

    def place(self, person: str) -> Place: ...

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str: ...

    async def repeat(self, message: str) -> None: ...

    async def cut(self) -> None: ...

    async def outage(self, *, on: bool) -> None: ...

    def seen(self, person: str) -> Sequence[Seen]: ...


@asynccontextmanager
async def platforms(folder: Path) -> AsyncIterator[dict[str, Side]]:
    """By the name of their channel. The certificate to trust for Telegram is left in `folder` as ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    telegram, discord, x, pages, post = Telegram(context), DiscordPeer(), X(Server(folder)), Pages(), Post()
    post.keeps_sent = True
    post.settings = {"sent_folder": "Sent", "most_alike": 10_000}
    async with AsyncExitStack() as stack:
        await telegram.server.open()
        stack.push_async_callback(telegram.close)
        await discord.server.start()
        stack.push_async_callback(discord.server.stop)
        await x.server.start()
        stack.push_async_callback(x.server.stop)
        await stack.enter_async_context(post.open())
        stack.push_async_callback(pages.close)
        yield {"telegram": telegram, "discord": discord, "x": x, "email": post, "webchat": pages}


def sections(sides: dict[str, Side], folder: Path) -> dict[str, dict[str, object]]:
    """The settings of all as they stand in config.yaml."""
    return {name: _section(side.channel().settings, folder) for name, side in sides.items()}


def _section(settings: ChannelSettings, folder: Path) -> dict[str, object]:
    """With every secret in a file of its own."""
    written: dict[str, object] = {}
    for key, value in settings.model_dump(exclude_unset=True).items():
        if isinstance(value, SecretStr):
            path = folder / f"{settings.type}-{key}"
            path.write_text(value.get_secret_value(), encoding="utf-8")
            written[f"{key}_file"] = str(path)
        else:
            written[key] = str(value) if isinstance(value, Path) else value
    return written
