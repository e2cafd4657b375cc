"""A Bot API server: the part a support bot uses, with the answers and the errors of the real one."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.channels.peer import Fault
from tests.channels.telegram.boards import Boards, Refused
from tests.channels.telegram.forum import GROUP, Forum, Unknown
from tests.channels.telegram.gate import Gate

BOT = 7200000001
TOKEN = f"{BOT}:AAF-5Jq_secret_of_the_frontdesk_bot"
USERNAME = "FrontdeskBot"

Json = dict[str, Any]


@dataclass
class Posted:
    """A message of the bot's as it stands in a chat now."""

    id: int
    chat: int
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    buttons: list[Json] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    #: "photo", "voice", ... of its file.
    kind: str = ""
    topic: int | None = None
    answers: int | None = None


class Server:
    """One bot's Telegram. `fault` is asked before a message is taken what befalls it."""

    def __init__(self, context: ssl.SSLContext, fault: Callable[[int], Fault | None], cut: Callable[[], bool]) -> None:
        self._context = context
        self._fault = fault
        self.gate = Gate(cut)
        self._runner: web.AppRunner | None = None
        self.port = 0
        self._news = asyncio.Condition()
        self._poll: asyncio.Task[Any] | None = None
        self._numbers = iter(range(100, 1_000_000))
        #: Updates that are not confirmed, and those delivered once more whatever is asked for.
        self.pending: list[Json] = []
        self.again: list[Json] = []
        self.posted: list[Posted] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        #: Bodies that are answered instead, by method, once each.
        self.garbled: dict[str, list[bytes]] = defaultdict(list)
        #: Files that fail the next time they are asked for.
        self.broken: list[str] = []
        #: Every call, with what was asked.
        self.calls: list[tuple[str, Json]] = []
        self.me: Json = {
            "id": BOT,
            "is_bot": True,
            "first_name": "Frontdesk",
            "username": USERNAME,
            "can_join_groups": True,
            "can_read_all_group_messages": True,
            "supports_inline_queries": False,
        }
        self.webhook: Json = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        #: Answers that await their turn, by method: raised once each.
        self.refusals: dict[str, list[Refused]] = defaultdict(list)
        #: Updates handed over, confirmed or not.
        self.handed: list[Json] = []
        #: Ports of the lines that poll.
        self.polling: set[int] = set()
        #: Groups that became supergroups.
        self.moved: dict[int, int] = {}
        self.boards = Boards(self)
        self.forum = Forum(self.number)

    async def open(self) -> None:
        """Listens behind the gate."""
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        self.port = await self.gate.open(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Ends everything."""
        await self.gate.shut()
        if self._runner:
            await self._runner.cleanup()

    def number(self) -> int:
        """A fresh number for a message or an update."""
        return next(self._numbers)

    async def happen(self, kind: str, event: Json) -> Json:
        """Something is to be told to the bot."""
        update = {"update_id": self.number(), kind: event}
        return await self.tell(update)

    async def tell(self, update: Json, *, again: bool = False) -> Json:
        """Queues an update as it is."""
        async with self._news:
            (self.again if again else self.pending).append(update)
            self._news.notify_all()
        return update

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """Answers as the Bot API does: always JSON, whatever is wrong."""
        if request.match_info["token"] != TOKEN:
            return _failed(Refused(401, "Unauthorized"))
        method = request.match_info["method"]
        try:
            given = await _given(request)
            self.calls.append((method, given))
            if self.refusals[method]:
                raise self.refusals[method].pop(0)
            if self.garbled[method]:
                return web.Response(body=self.garbled[method].pop(0))
            if method == "getUpdates":
                return await self._updates(request, given)
            answer = await self._answer(method, given)
        except Unknown as error:
            return _failed(Refused(400, str(error)))
        except Refused as error:
            response = _failed(error)
            if error.status in (429, 502):
                response.force_close()
            return response
        return web.json_response({"ok": True, "result": answer})

    async def _answer(self, method: str, given: Json) -> Any:
        answer = self.forum.answer(method, given) if given.get("chat_id") == GROUP else None
        if answer is not None:
            return answer
        ours = method in self.boards.METHODS
        return self.boards.answer(method, given) if ours else await self._plain(method, given)

    async def _plain(self, method: str, given: Json) -> Any:
        match method:
            case "getMe":
                return self.me
            case "getWebhookInfo":
                return self.webhook
            case "setWebhook":
                self.webhook |= {"url": given["url"]}
                return True
            case "getFile":
                return self._file(given["file_id"])
            case "answerCallbackQuery" | "sendChatAction" | "setMyCommands":
                return True
            case _ if method.startswith("send"):
                return await self._send(method.removeprefix("send").lower(), given)
        raise Refused(404, "Not Found: method not found")

    async def _updates(self, request: web.Request, given: Json) -> web.StreamResponse:
        """Of two who poll the newer one wins."""
        if self.webhook["url"]:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._poll:
            self._poll.cancel("conflict")
        mine = self._poll = asyncio.current_task()
        port = int(request.transport.get_extra_info("peername")[1]) if request.transport else 0
        self.polling = {port}
        try:
            found = await self._wait(int(given.get("offset", 0)), int(given.get("timeout", 0)))
        except asyncio.CancelledError as error:
            if error.args != ("conflict",) or mine is None:
                raise
            mine.uncancel()
            raise Refused(409, "Conflict: terminated by other getUpdates request") from error
        finally:
            if self._poll is mine:
                self._poll = None
        handed = found[: int(given.get("limit", 100))]
        self.handed += handed
        return web.json_response({"ok": True, "result": handed})

    async def _wait(self, offset: int, seconds: int) -> list[Json]:
        self.pending = [update for update in self.pending if update["update_id"] >= offset]
        async with self._news:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: self.pending or self.again)
            except TimeoutError:
                return []
        again, self.again = self.again, []
        return [*again, *self.pending]

    def _file(self, file_id: str) -> Json:
        if file_id not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        if file_id in self.broken:
            self.broken.remove(file_id)
            raise Refused(502, "Bad Gateway")
        path, data = self.files[file_id]
        if len(data) > 20_000_000:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(data), "file_path": path}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        found = [data for known, data in self.files.values() if known == path]
        if request.match_info["token"] != TOKEN or not found:
            return _failed(Refused(404, "Not Found"))
        return web.Response(body=found[0])

    async def _send(self, kind: str, given: Json) -> Json:
        chat = self.boards.posting(given["chat_id"])
        fault = self._fault(chat)
        if chat in self.moved:
            reason = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, reason, migrate_to_chat_id=self.moved[chat])
        if fault is Fault.GONE:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        self.forum.checked(chat, given.get("message_thread_id"))
        posted = self._post(chat, kind, given)
        self.posted.append(posted)
        if fault is Fault.SILENT:
            await asyncio.Event().wait()
        return self.told(posted)

    def _post(self, chat: int, kind: str, given: Json) -> Posted:
        posted = Posted(self.number(), chat, kind=kind)
        if kind == "message":
            posted.text, posted.entities = _checked(given.get("text", ""), given.get("entities", []), 4096)
        else:
            posted.text, posted.entities = _checked(
                given.get("caption", ""), given.get("caption_entities", []), 1024, empty=True
            )
            posted.files = [_upload(given[kind], given)]
        posted.buttons = [button for row in given.get("reply_markup", {}).get("inline_keyboard", []) for button in row]
        if any(not 1 <= len(button["callback_data"].encode()) <= 64 for button in posted.buttons):
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        posted.topic = given.get("message_thread_id")
        posted.answers = given.get("reply_parameters", {}).get("message_id")
        return posted

    def told(self, posted: Posted) -> Json:
        """A message of ours as Telegram describes it."""
        keyboard = {"inline_keyboard": [[button] for button in posted.buttons]}
        return {
            "message_id": posted.id,
            "from": {key: self.me[key] for key in ("id", "is_bot", "first_name", "username")},
            "chat": {"id": posted.chat, "type": self.boards.kind(posted.chat)},
            "date": 1772442000,
            "text": posted.text,
            "reply_markup": keyboard,
        }


async def _given(request: web.Request) -> Json:
    """What was asked: values as JSON where they are, files as they came."""
    form = await request.post() if request.method == "POST" else request.query
    return {key: _value(value) for key, value in form.items()}


def _value(value: Any) -> Any:
    if isinstance(value, web.FileField):
        with value.file as file:
            return (value.filename, file.read())
    try:
        return json.loads(value) if str(value)[:1] in '{["' or str(value).lstrip("-").isdigit() else value
    except ValueError:
        return value


def _upload(value: Any, given: Json) -> tuple[str, bytes]:
    name = str(value).removeprefix("attach://")
    found = given.get(name) if isinstance(value, str) else value
    if not isinstance(found, tuple) or not found[1]:
        raise Refused(400, "Bad Request: there is no file in the request")
    return found


def _checked(text: Any, entities: list[Json], most: int, *, empty: bool = False) -> tuple[str, list[Json]]:
    """The text as people see it: without blanks around it. Digits alone come as a number."""
    words = str(text)
    length = len(words.encode("utf-16-le")) // 2
    if not words.strip() and not empty:
        raise Refused(400, "Bad Request: message text is empty")
    if len(words) > most:
        raise Refused(400, "Bad Request: message is too long")
    for entity in entities:
        if entity["length"] <= 0 or not 0 <= entity["offset"] <= length - entity["length"]:
            raise Refused(400, f"Bad Request: entity beginning at {entity['offset']} is out of the text")
    return words.strip(), entities


def _failed(error: Refused) -> web.Response:
    if error.status == 502:
        page = "<html><head><title>502 Bad Gateway</title></head><body>nginx/1.18.0</body></html>"
        return web.Response(status=502, text=page, content_type="text/html")
    body: Json = {"ok": False, "error_code": error.status, "description": error.description}
    return web.json_response(body | ({"parameters": error.parameters} if error.parameters else {}), status=error.status)
