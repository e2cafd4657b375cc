"""What staff write in a mirror: understood, done once, and answered there where it could not be done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from bot.answers import Answers
from bot.briefing import Briefing
from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.files import Files
from bot.host import clean_text
from bot.store import staff
from bot.store.database import Database
from bot.store.staff import Asked, Wish
from bot.store.ticketing import Notice
from bot.tickets import LONGEST_TEXT, notice
from channels.errors import NotStored, Unacceptable
from channels.words import StaffMessage

log = structlog.get_logger()

NOTE = "//"
COMMAND = re.compile(r"/(\w+)(?:\s+(.*))?", re.DOTALL)
#: Where a platform keeps the stroke for itself.
CALLED = re.compile(r"!(take|release|solve|note)\b(?:\s+(.*))?", re.DOTALL)

#: Sentences that tell people of a change of hands.
NOTICES = {Wish.REPLY: "agent_joined", Wish.TAKE: "agent_joined", Wish.RELEASE: "bot_back", Wish.SOLVE: "solved"}

#: Times that a ticket may change hands while somebody writes.
TRIES = 3


class Staff:
    """The door for staff rooms. `agents` are the persons heard, by channel and the platform's id, with their names."""

    def __init__(
        self,
        database: Database,
        files: Files,
        answers: Answers,
        agents: Mapping[str, Mapping[str, str]],
        nudge: Callable[[], None],
    ) -> None:
        self._database = database
        self._files = files
        self._answers = answers
        self._agents = agents
        self._nudge = nudge
        self._briefing = Briefing(answers)

    async def said(self, channel: str, said: StaffMessage) -> None:
        """See `channels.base.Host.staff_said`."""
        clean = replace(said, text=clean_text(said.text).strip())
        if len(clean.text) > LONGEST_TEXT:
            raise Unacceptable("too_long", f"{len(clean.text)} characters; the limit is {LONGEST_TEXT}")
        if not (clean.text or clean.attachments or clean.left):
            raise Unacceptable("empty", "a message needs text or a file")
        try:
            await self._hear(channel, clean)
        except (StorageDown, Refused) as error:
            log.error("not_stored", channel=channel, reason=str(error))
            raise NotStored(str(error)) from error
        self._nudge()

    async def _hear(self, channel: str, said: StaffMessage) -> None:
        agent = self._agents.get(channel, {}).get(said.person)
        wanted = asked(said.text)
        if wanted.wish is Wish.NOTE and wanted.text and said.attachments:
            wanted = Asked(Wish.NOTE, "\n".join([wanted.text, *(f"📎 {file.name}" for file in said.attachments)]))
        heard = agent is not None and wanted.wish is Wish.REPLY and not said.edit_of
        kept = await self._files.keep(said.attachments) if heard else []
        for tries in range(TRIES):
            try:
                return await self._database.run(staff.hear, channel, said, agent, wanted, kept, self, now())
            except Refused:
                if tries == TRIES - 1:
                    raise
        return None

    def notice(self, wish: Wish, agent: str, number: str) -> Notice:
        """See `Phrases`."""
        return notice(self._answers, NOTICES.get(wish, "bot_back"), agent=agent, ticket=number)

    def told(self, name: str, **values: str) -> str:
        """See `Phrases`."""
        return self._briefing.told(name, **values)


def asked(text: str) -> Asked:
    """What an agent wants: `//` begins a note, `/` a command; all else is said to the person."""
    if text.startswith(NOTE):
        return Asked(Wish.NOTE, text.removeprefix(NOTE).strip())
    found = CALLED.fullmatch(text) or COMMAND.fullmatch(text)
    if found is None:
        return Asked(Wish.REPLY, text) if not text.startswith("/") else Asked(Wish.STRANGE, text.split(maxsplit=1)[0])
    word, rest = found[1].lower(), (found[2] or "").strip()
    if word == "note":
        return Asked(Wish.NOTE, rest)
    if rest or word not in ("take", "release", "solve"):
        # With words behind it that a person would have to guess about, nothing is sent.
        return Asked(Wish.STRANGE, f"/{word}")
    return Asked(Wish(word))
