"""X as the contract suite sees it: Ann and Bob write us direct messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import SecretStr

from channels.words import Attachment, Place
from channels.x import X
from channels.x.events import text_of
from channels.x.settings import XSettings
from channels.x.text import without_mentions
from tests.channels.peer import Fault, Seen
from tests.channels.x.server import Server
from tests.channels.x.signatures import KEY, SECRET, TOKEN, TOKEN_SECRET
from tests.channels.x.world import USERS

PERSONS = {user["username"]: id_ for id_, user in USERS.items()}


class Platform:
    """Implements `Peer`."""

    pause: float | None = 1
    secrets: Sequence[str] = (KEY, SECRET, TOKEN, TOKEN_SECRET)
    edits = False
    deletes = False

    def __init__(self, server: Server) -> None:
        self.server = server
        self.faults: dict[str, list[Fault]] = {}
        names = {id_: name for name, id_ in PERSONS.items()} | {"9000": "en"}
        server.faults = lambda person: self._due(names[person])

    def channel(self, **changes: object) -> X:
        """Reads as often as it takes to be quick."""
        way = {"proxy": self.server.proxy, "ca_bundle": self.server.ca_bundle}
        return X("x", settings(**way | changes), settled=0.2)

    def place(self, person: str) -> Place:
        return Place(account="9000", handle=PERSONS[person])

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """X takes one file a message."""
        first, *more = [[(file.name, file.media_type, file.data)] for file in files] or [[]]
        say = partial(self.server.message, PERSONS[person], other=PERSONS[person])
        event = say(text, files=first)
        for file in more:
            say("", files=file)
        return str(event["id"])

    async def repeat(self, message: str) -> None:
        """It stands twice in its place: X keeps its lists in order, and pages overlap where they grow meanwhile."""
        self.server.messages.append(next(one for one in self.server.messages if one["id"] == message))

    async def edit(self, message: str, text: str) -> None:
        raise NotImplementedError

    async def delete(self, message: str) -> None:
        raise NotImplementedError

    async def press(self, person: str, title: str) -> None:
        raise NotImplementedError

    async def cut(self) -> None:
        await self.server.cut()

    async def outage(self, *, on: bool) -> None:
        await (self.server.refuse() if on else self.server.open())

    def seen(self, person: str) -> Sequence[Seen]:
        talk = f"{PERSONS[person]}-9000"
        return [
            Seen(one["id"], text_of(one))
            for one in self.server.messages
            if one["sender_id"] == "9000" and one["dm_conversation_id"] == talk
        ]

    def announcing(self, **changes: object) -> X:
        """A channel that announces in both languages on its timeline."""
        return self.channel(announce=({"language": "en"}, {"language": "zh"}), **changes)

    def stands(self, language: str) -> Sequence[Seen]:
        """What everybody reads of ours in a language, oldest first."""
        timeline = self.server.timeline
        found = []
        for one in timeline.posts():
            text = text_of(one)
            keys = one.get("attachments", {}).get("media_keys", [])
            if text.isascii() == (language == "en"):
                found.append(Seen(one["id"], text, files=[timeline.pictures[key[2:]] for key in keys]))
        return found

    def forbid(self) -> None:
        """The account may only read, which the next English post is told."""
        self.faults["en"] = [Fault.GONE]
        self.server.level = "read"

    def allow(self) -> None:
        """It may write again."""
        self.server.level = "read-write-directmessages"

    def _due(self, person: str) -> list[Fault]:
        self.server.pause = self.pause
        return self.faults.get(person, [])


class Square(Platform):
    """The same persons, each in a thread of their own that everybody can read."""

    edits = True

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._threads: dict[str, str] = {}

    def place(self, person: str) -> Place:
        return Place(account="9000", handle=PERSONS[person], thread=self._threads[person], public=True)

    async def say(self, person: str, text: str, files: Sequence[Attachment] = ()) -> str:
        """A thread is named after its first post."""
        kept = [(file.name, file.media_type, file.data) for file in files]
        thread = self._threads.get(person)
        more = {"conversation_id": thread} if thread else {}
        post = self.server.mention(PERSONS[person], f"@example {text}", kept, **more)
        self._threads.setdefault(person, post["id"])
        return str(post["id"])

    async def repeat(self, message: str) -> None:
        """It stands twice in its place: X keeps its lists in order, and pages overlap where they grow meanwhile."""
        self.server.mentions.append(next(one for one in self.server.mentions if one["id"] == message))

    async def edit(self, message: str, text: str) -> None:
        """The new version takes the place of the old one, under an id of its own."""
        old = next(one for one in self.server.mentions if one["id"] == message)
        self.server.mentions.remove(old)
        new = self.server.mention(old["author_id"], f"@example {text}", conversation_id=old["conversation_id"])
        new["edit_history_tweet_ids"] = [message, new["id"]]

    def seen(self, person: str) -> Sequence[Seen]:
        theirs = {one["id"] for one in self.server.mentions if one["author_id"] == PERSONS[person]}
        return [
            Seen(one["id"], without_mentions(text_of(one)))
            for one in self.server.posts
            if one["referenced_tweets"][0]["id"] in theirs
        ]


def settings(**changes: object) -> XSettings:
    """Of an account that reads ten times a second."""
    plain = {"type": "x", "dm_seconds": 0.1, "mention_seconds": 0.1}
    keys = {
        "api_key": SecretStr(KEY),
        "api_secret": SecretStr(SECRET),
        "access_token": SecretStr(TOKEN),
        "access_secret": SecretStr(TOKEN_SECRET),
    }
    return XSettings.model_validate(plain | keys | changes)
