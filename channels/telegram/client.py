"""The library's bot, as this channel uses it: the token out of sight, errors in the contract's words."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any
from urllib.parse import quote

import httpx
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from channels.errors import ChannelError, Gone, MayHaveArrived, Never, NotYet, TryAgain
from channels.telegram.settings import TelegramSettings

# The library's own switch; without it every RetryAfter comes with a warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")

#: Stands in every address instead of the token, so that no log and no error of any library can tell it.
HIDDEN = "the-token-stands-here"

#: Kinds of update that are asked for.
WANTED = ["message", "edited_message", "callback_query"]
#: Updates in one answer.
MOST_UPDATES = 100

#: Seconds without a byte; the core gives a send less.
PATIENCE = 60.0
#: Seconds an unused line stays open: fewer than at Telegram, since of a send into a closing line nobody knows.
IDLE = 20.0
#: Seconds a poll may last beyond the time it asked for.
GRACE = 10.0
#: Seconds until a rejected token is tried again.
TOKEN_PAUSE = 60.0
#: How Telegram says that there is no such topic.
NO_TOPIC = ("message thread not found", "topic_id_invalid", "topic_deleted")
#: Characters of a platform's reason that are told.
LONGEST_REASON = 200

#: The request never left.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class Client(Bot):
    """One bot. Raises `TelegramError`."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._polls = _request(settings, connections=1)
        self._calls = _request(settings, connections=64)
        self._files = f"{settings.base_file_url}{HIDDEN}"
        super().__init__(
            HIDDEN,
            base_url=settings.base_url,
            base_file_url=settings.base_file_url,
            request=self._calls,
            get_updates_request=self._polls,
        )

    async def updates(self, offset: int | None, seconds: int) -> list[Any]:
        """Updates from `offset` on as they came: one the library cannot read must not hide the others."""
        wanted = {"timeout": seconds, "offset": offset, "limit": MOST_UPDATES, "allowed_updates": WANTED}
        found = await self._post("getUpdates", wanted, read_timeout=seconds + GRACE)
        if not isinstance(found, list):
            raise TelegramError("getUpdates answered no list")
        return found

    async def identity(self) -> dict[str, Any]:
        """What Telegram says of us."""
        found = await self._post("getMe")
        if not isinstance(found, dict):
            raise TelegramError("getMe answered no user")
        return found

    async def group(self, chat: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What Telegram says of a group, and of us in it."""
        found = await self._post("getChat", {"chat_id": chat})
        member = await self._post("getChatMember", {"chat_id": chat, "user_id": (await self.identity()).get("id")})
        if not isinstance(found, dict) or not isinstance(member, dict):
            raise TelegramError("getChat answered no chat")
        return found, member

    async def fetch(self, file_id: str) -> tuple[str, bytes]:
        """The path of a file, and its bytes."""
        found = await self._post("getFile", {"file_id": file_id})
        path = found.get("file_path") if isinstance(found, dict) else None
        if not isinstance(path, str) or path.startswith("/"):
            raise BadRequest("the file cannot be downloaded")
        return path, await self._calls.retrieve(f"{self._files}/{quote(path)}")

    async def hang_up(self) -> None:
        """Ends the line that polls; what is being sent goes on."""
        await self._polls.shutdown()

    async def close_lines(self) -> None:
        """Ends every line."""
        await self._polls.shutdown()
        await self._calls.shutdown()

    async def dial(self) -> None:
        """Opens the line that polls, where an earlier run hung up."""
        await self._polls.initialize()


class _Transport(httpx.AsyncHTTPTransport):
    """Puts the token into the address at the last moment."""

    def __init__(self, settings: TelegramSettings, limits: httpx.Limits) -> None:
        proxy = httpx.Proxy(settings.proxy.get_secret_value()) if settings.proxy else None
        super().__init__(proxy=proxy, limits=limits)
        self._token = settings.token.get_secret_value()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = str(request.url).replace(HIDDEN, self._token, 1)
        # The library forgets a line whose handshake is cancelled: a stop would leave it open.
        opening: list[Any] = []

        async def trace(event: str, info: dict[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                opening.append(info["return_value"])
            elif event == "connection.start_tls.complete":
                opening.clear()

        # The request itself stays as it is: it is what gets logged.
        extensions = {**request.extensions, "trace": trace}
        told = httpx.Request(
            request.method, address, headers=request.headers, stream=request.stream, extensions=extensions
        )
        try:
            return await super().handle_async_request(told)
        except asyncio.CancelledError:
            for line in opening:
                await line.aclose()
            raise


class _Request(HTTPXRequest):
    """Reads an answer without logging it: the library's own way does where it is no JSON."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            found = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise TelegramError("no JSON") from error
        if not isinstance(found, dict):
            raise TelegramError("no JSON object")
        return found


def _request(settings: TelegramSettings, connections: int) -> HTTPXRequest:
    limits = httpx.Limits(max_connections=connections, keepalive_expiry=IDLE)
    return _Request(
        connection_pool_size=connections,
        read_timeout=PATIENCE,
        write_timeout=PATIENCE,
        media_write_timeout=PATIENCE,
        pool_timeout=PATIENCE,
        httpx_kwargs={"transport": _Transport(settings, limits), "trust_env": False},
    )


def translated(error: Exception) -> ChannelError:  # noqa: PLR0911 - one way out a kind of error
    """What the core should do after a request failed with `error`."""
    reason = told(error)
    match error:
        case RetryAfter():
            return NotYet(reason, seconds(error))
        case BadRequest() if reason.casefold().endswith(NO_TOPIC):
            return Gone(reason)
        case BadRequest() | Forbidden():
            return Never(reason)
        case InvalidToken():
            return TryAgain("Telegram does not know the bot: see the setting token", TOKEN_PAUSE)
        case Conflict():
            return TryAgain(reason)
        case NetworkError() if isinstance(error.__cause__, NOT_SENT):
            return TryAgain(reason)
        case NetworkError() if _answered(error) and "Gateway Time" not in reason:
            return TryAgain(reason)
        case _:
            # The line broke after the request left, a gateway gave up waiting, or the answer cannot be read.
            return MayHaveArrived(reason)


def told(error: Exception) -> str:
    """The reason in one short line."""
    match error:
        case InvalidToken():
            return "Telegram does not know the bot: see the setting token"
        case Conflict():
            return f"another program reads this bot's updates, or a webhook is set: {error}"[:LONGEST_REASON]
        case TelegramError():
            return " ".join(str(error).split())[:LONGEST_REASON]
        case _:
            return type(error).__name__


def seconds(error: RetryAfter) -> float:
    """The pause that Telegram asks for."""
    pause = error.retry_after
    return float(pause) if isinstance(pause, int) else pause.total_seconds()


def _answered(error: NetworkError) -> bool:
    """Whether there was an answer, with a status that is no success."""
    return error.__cause__ is None or isinstance(error.__cause__, TelegramError)
