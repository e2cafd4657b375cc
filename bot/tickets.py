"""What agents do with tickets, from wherever they do it: the command line, the API, a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta

import structlog

from bot.answers import Answers
from bot.choices import Choices
from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.host import clean_text
from bot.store import handling, mentions, reading, unsending
from bot.store.database import Database
from bot.store.inbox import KeptFile
from bot.store.mentions import Mentioned
from bot.store.reading import Original, TicketView
from bot.store.tables import Ticket, TicketState
from bot.store.ticketing import Notice
from bot.ticket_changes import Changes, notice

#: `notice` stands among what agents do for those who tell users of it.
__all__ = ["LONGEST_TEXT", "Tickets", "notice"]

log = structlog.get_logger()

#: Characters of an agent's answer or note.
LONGEST_TEXT = 20_000

#: Seconds an answer can be held.
LONGEST_HOLD = 60

#: The link to the page of the ticket of that number, as a message is kept with it; "" where none is given.
Page = Callable[[str], Awaitable[str]]


class Tickets(Changes):
    """Tickets by their number. Methods raise `NotFound`, `Refused` or `StorageDown`.

    `patience` is how many seconds a message of the bot may be on its way, `known` what there is to choose from; `page`
    gives the link that stands under a notice to the ticket's user.
    """

    def __init__(
        self,
        database: Database,
        answers: Answers,
        patience: float,
        known: Choices | None = None,
        page: Page | None = None,
    ) -> None:
        super().__init__(database, answers, patience, known)
        self._page = page

    async def list(self, states: Collection[TicketState] = (), limit: int = 100) -> Sequence[Ticket]:
        """Open tickets, or those in `states`: most urgent first, then oldest."""
        return await self._database.run(reading.list_tickets, states, limit)

    async def show(self, number: str) -> TicketView:
        """A ticket with its conversation and timeline."""
        return await self._database.run(reading.show, number)

    async def original(self, number: str, message_id: int) -> Original:
        """A message of the ticket as it came, before anything was left out."""
        return await self._database.run(reading.original, number, message_id)

    async def take(self, number: str, agent: str) -> None:
        """Makes `agent` the one who answers. When this returns, the bot has said its last word."""
        taken = await self._database.run(handling.take, number, agent, self._joined(agent), now())
        await self._silenced(taken)
        log.info("ticket_taken", ticket=number, agent=agent)

    async def reply(
        self, number: str, agent: str, text: str, files: Sequence[KeptFile] = (), hold_seconds: float = 0
    ) -> int:
        """Takes the ticket where nobody has it, and sends `text`, in Markdown, after what the bot is saying still.

        For `hold_seconds` it can be taken back with `undo_reply`, by the id this returns. What is queued is sent: that
        the bot's last message has not left yet is no reason to have the agent repeat it.
        """
        said, hold = _said(text, empty=bool(files)), _hold(hold_seconds)
        done = await self._database.run(handling.reply, number, agent, said, self._joined(agent), now(), files, hold)
        try:
            await self._silenced(done.taken)
        except (Refused, StorageDown) as error:
            log.warning("bot_not_silent_yet", ticket=number, agent=agent, reason=str(error))
        log.info("ticket_replied", ticket=number, agent=agent, message=done.message_id)
        return done.message_id

    async def undo_reply(self, number: str, agent: str, message_id: int) -> str:
        """Takes back the agent's own answer that is not sent yet; its text."""
        text = await self._database.run(unsending.undo_reply, number, agent, message_id, now())
        log.info("reply_undone", ticket=number, agent=agent, message=message_id)
        return text

    async def retry(self, number: str, agent: str, message_id: int, *, sure: bool = False) -> None:
        """Sends what failed again; what may have arrived only for who is `sure`."""
        await self._database.run(unsending.retry, number, agent, message_id, now(), sure=sure)
        log.info("message_retried", ticket=number, agent=agent, message=message_id)

    async def note(self, number: str, agent: str, text: str) -> None:
        """Writes `text` where only agents see it; `@Name` puts it before that agent."""
        await self._database.run(handling.note, number, agent, _said(text), now())

    async def mentions(self, agent: str, limit: int = 50, *, seen: bool = False) -> Sequence[Mentioned]:
        """The newest notes that name `agent`; those seen already only where asked for."""
        return await self._database.run(mentions.of, agent, limit, seen=seen)

    async def see(self, number: str, agent: str) -> None:
        """`agent` has read the notes of the ticket."""
        await self._database.run(mentions.see, agent, number, now())

    async def solve(self, number: str, agent: str) -> None:
        """Ends the ticket, tells the user, and gives the conversation back to the bot."""
        told = await self._told_solved(number)
        await self._database.run(handling.hand_back, number, agent, "solved", told, now())
        log.info("ticket_solved", ticket=number, agent=agent)

    async def release(self, number: str, agent: str) -> None:
        """Gives the conversation back to the bot and tells the user so."""
        await self._database.run(handling.hand_back, number, agent, "released", self._notice("bot_back"), now())
        log.info("ticket_released", ticket=number, agent=agent)

    async def _told_solved(self, number: str) -> Notice:
        told = self._notice("solved", ticket=number.strip().upper())
        link = await self._page(number) if self._page else ""
        page = self._notice("solved_page", link=link)
        return (lambda language: f"{told(language)}\n\n{page(language)}") if link else told


def _said(text: str, *, empty: bool = False) -> str:
    said = clean_text(text).strip()
    if not said and not empty:
        raise Refused("the text is empty")
    if len(said) > LONGEST_TEXT:
        raise Refused(f"the text has {len(said)} characters; {LONGEST_TEXT} is the limit")
    return said


def _hold(seconds: float) -> timedelta:
    if not 0 <= seconds <= LONGEST_HOLD:
        raise Refused(f"an answer is held for 0 to {LONGEST_HOLD} seconds")
    return timedelta(seconds=seconds)
