"""Telegram with Ann and Bob, as the contract's suite meets it."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from channels.telegram import Telegram
from channels.telegram.settings import TelegramSettings
from channels.words import Attachment, Place
from tests.channels.peer import GUESTS, Fault, Seen
from tests.channels.telegram.boards import Refused
from tests.channels.telegram.server import BOT, TOKEN, Json, Server

PERSONS = {
    "ann": {"id": 1001, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "language_code": "en"},
    "bob": {"id": 1002, "is_bot": False, "first_name": "Bob", "username": "bobby", "language_code": "zh-hans"},
    **{name: {"id": 2000 + n, "is_bot": False, "first_name": name.title()} for n, name in enumerate(GUESTS)},
}
WEBHOOK_SECRET = "secret-of-the-webhook-0123456789"


class Faults(dict[str, list[Fault]]):
    """Tells the platform when there are new ones: an idle line would hide a cut."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform

    def __setitem__(self, person: str, faults: list[Fault]) -> None:
        super().__setitem__(person, faults)
        self._platform.arm()


class Platform:
    """Implements `tests.channels.peer.Peer`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.pause: float | None = 1
        self.secrets: Sequence[str] = (TOKEN, TOKEN.partition(":")[2], WEBHOOK_SECRET)
        self.faults: dict[str, list[Fault]] = Faults(self)
        self.edits = True
        self.deletes = False
        self.server = Server(context, self._fault, self._cut)
        self.channels: list[Telegram] = []
        #: Further places where somebody is met.
        self.places: dict[str, Place] = {}
        #: Updates about what persons said, by the id of the message.
        self._said: dict[str, Json] = {}

    async def close(self) -> None:
        """Ends the platform and the lines of every channel."""
        for channel in self.channels:
            await channel.client.close_lines()
        await self.server.close()

    def settings(self, **more: Any) -> TelegramSettings:
        """Those of a bot here."""
        base = f"https://localhost:{self.server.port}"
        addresses = {"base_url": f"{base}/bot", "base_file_url": f"{base}/file/bot"}
        return TelegramSettings(**{"type": "telegram", "token": TOKEN} | addresses | more)

    def channel(self, **more: Any) -> Telegram:
        """A new channel that talks to this platform."""
        channel = Telegram("telegram", self.settings(**more))
        self.channels.append(channel)
        return channel

    def place(self, person: str) -> Place:
        """Where the channel meets this person."""
        return self.places.get(person) or Place(account=str(BOT), handle=str(PERSONS[person]["id"]))

    def message(self, person: str, **content: Any) -> Json:
        """What a person writes in private, as Telegram tells it."""
        who = PERSONS[person]
        chat = {"id": who["id"], "first_name": who["first_name"], "type": "private"}
        return {"message_id": self.server.number(), "from": who, "chat": chat, "date": int(time.time()), **content}

    async def write(self, message: Json) -> str:
        """A message arrives; its id."""
        name = f"{message['chat']['id']}:{message['message_id']}"
        self._said[name] = await self.server.happen("message", message)
        return name

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """A text, or one message a file with the text under the first."""
        if not files:
            return await self.write(self.message(person, text=text))
        names = []
        for number, file in enumerate(files):
            caption = {"caption": text} if text and number == 0 else {}
            names.append(await self.write(self.message(person, **self.upload(file), **caption)))
        return names[0]

    def upload(self, file: Attachment) -> Json:
        """A file as it is told of in a message; Telegram shows pictures without their names."""
        key = f"file-{self.server.number()}"
        kind = {"image/png": "photo", "audio/ogg": "voice"}.get(file.media_type, "document")
        self.server.files[key] = (f"{kind}s/{key}.{file.name.rpartition('.')[2]}", file.data)
        told = {"file_id": key, "file_unique_id": key, "file_size": len(file.data)}
        if kind == "photo":
            small = told | {"file_id": f"{key}-small", "width": 90, "height": 90}
            return {"photo": [small, told | {"width": 800, "height": 800}]}
        if kind == "voice":
            return {"voice": told | {"duration": 1, "mime_type": file.media_type}}
        return {"document": told | {"file_name": file.name, "mime_type": file.media_type}}

    async def repeat(self, message: str) -> None:
        """The update comes again, confirmed or not."""
        await self.server.tell(self._said[message], again=True)

    def confirmed(self, message: str) -> bool:
        """Whether the channel has said that it has this message."""
        return self._said[message] not in self.server.pending

    async def edit(self, message: str, text: str) -> None:
        """Telegram tells an edit as an update of its own."""
        edited = deepcopy(self._said[message]["message"]) | {"text": text, "edit_date": int(time.time())}
        await self.server.happen("edited_message", edited)

    async def delete(self, message: str) -> None:
        """Telegram tells nobody."""
        raise NotImplementedError

    async def press(self, person: str, title: str) -> None:
        """The person presses the newest button with this title."""
        chat = PERSONS[person]["id"]
        posted, button = next(
            (posted, button)
            for posted in reversed(self.server.posted)
            for button in posted.buttons
            if posted.chat == chat and button["text"] == title
        )
        await self.server.happen(
            "callback_query",
            {
                "id": str(4382 * 10**15 + self.server.number()),
                "from": PERSONS[person],
                "message": self.server.told(posted),
                "chat_instance": "-3141592653589793238",
                "data": button["callback_data"],
            },
        )

    async def cut(self) -> None:
        """Every open line breaks."""
        self.server.gate.abort()

    async def outage(self, *, on: bool) -> None:
        """Nothing gets through."""
        self.server.gate.closed = on
        if on:
            self.server.gate.abort()

    def seen(self, person: str) -> Sequence[Seen]:
        """Everything the bot wrote to this person."""
        return [
            Seen(f"{posted.chat}:{posted.id}", posted.text, [button["text"] for button in posted.buttons], posted.files)
            for posted in self.server.posted
            if posted.chat == PERSONS[person]["id"]
        ]

    def announcing(self, **more: Any) -> Telegram:
        """A channel that announces in English in a channel, in Chinese in a topic of a group."""
        boards = self.server.boards
        places = [{"place": "@exchange_news", "language": "en"}, {"place": f"{boards.group.id}:7", "language": "zh"}]
        return self.channel(announce=places, **more)

    def stands(self, language: str) -> Sequence[Seen]:
        """What everybody reads on the board of a language, oldest first."""
        boards = self.server.boards
        chat, topic = {"en": (boards.news.id, None), "zh": (boards.group.id, 7)}[language]
        return [
            Seen(str(posted.id), posted.text, files=posted.files)
            for posted in self.server.posted
            if (posted.chat, posted.topic) == (chat, topic)
        ]

    def forbid(self) -> None:
        """The bot may not post on the English board any more."""
        self.server.boards.news.may_post = False

    def allow(self) -> None:
        """It may again."""
        self.server.boards.news.may_post = True

    def arm(self) -> None:
        """Where the next line is to be cut, no line but the one that polls stays open."""
        if any(faults[:1] == [Fault.CUT] for faults in self.faults.values()):
            self.server.gate.abort(but=self.server.polling)

    def _cut(self) -> bool:
        """Whether a new line is cut before a byte was read."""
        for faults in self.faults.values():
            if faults[:1] == [Fault.CUT]:
                faults.pop(0)
                return True
        return False

    def _fault(self, chat: int) -> Fault | None:
        news, group = self.server.boards.news, self.server.boards.group
        met = {who["id"]: name for name, who in PERSONS.items()} | {news.id: "en", group.id: "zh"}
        person = met.get(chat, "")
        fault = self.faults[person].pop(0) if self.faults.get(person) else None
        if fault is Fault.BUSY:
            pause = int(self.pause or 1)
            raise Refused(429, f"Too Many Requests: retry after {pause}", retry_after=pause)
        if fault is Fault.BROKEN:
            raise Refused(502, "Bad Gateway")
        return fault
