"""What agents do with tickets, from wherever they do it: the command line, the API, a page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from bot.answers import Answers
from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.host import clean_text
from bot.store import outbox, reading, ticketing
from bot.store.database import Database
from bot.store.reading import Original, TicketView
from bot.store.tables import Conversation, Ticket, TicketState

log = structlog.get_logger()

#: Seconds between two looks whether the bot's last message has left.
LOOK = 0.02

#: Characters of an agent's answer or note.
LONGEST_TEXT = 20_000


#: The link to the page of the ticket of that number, as a message is kept with it; "" where none is given.
Page = Callable[[str], Awaitable[str]]


class Tickets:
    """Tickets by their number. Methods raise `NotFound`, `Refused` or `StorageDown`.

    `patience` is how many seconds a message of the bot may be on its way, `page` gives the link that stands under a
    notice to the ticket's user.
    """

    def __init__(self, database: Database, answers: Answers, patience: float, page: Page | None = None) -> None:
        self._page = page
        self._database = database
        self._answers = answers
        self._patience = patience

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
        told = self._notice("agent_joined", agent=agent)
        taken = await self._database.run(ticketing.take, number, agent, told, now())
        await self._silenced(taken)
        log.info("ticket_taken", ticket=number, agent=agent)

    async def reply(self, number: str, agent: str, text: str) -> None:
        """Takes the ticket where nobody has it, and sends `text`, in Markdown, after what the bot is saying still.

        What is queued is sent: that the bot's last message has not left yet is no reason to have the agent repeat it.
        """
        told = self._notice("agent_joined", agent=agent)
        taken = await self._database.run(ticketing.reply, number, agent, _said(text), told, now())
        try:
            await self._silenced(taken)
        except (Refused, StorageDown) as error:
            log.warning("bot_not_silent_yet", ticket=number, agent=agent, reason=str(error))
        log.info("ticket_replied", ticket=number, agent=agent)

    async def note(self, number: str, agent: str, text: str) -> None:
        """Writes `text` where only agents see it."""
        await self._database.run(ticketing.note, number, agent, _said(text), now())

    async def solve(self, number: str, agent: str) -> None:
        """Ends the ticket, tells the user, and gives the conversation back to the bot."""
        told = await self._told_solved(number)
        await self._database.run(ticketing.hand_back, number, agent, "solved", told, now())
        log.info("ticket_solved", ticket=number, agent=agent)

    async def release(self, number: str, agent: str) -> None:
        """Gives the conversation back to the bot and tells the user so."""
        await self._database.run(ticketing.hand_back, number, agent, "released", self._notice("bot_back"), now())
        log.info("ticket_released", ticket=number, agent=agent)

    async def _told_solved(self, number: str) -> ticketing.Notice:
        told = self._notice("solved", ticket=number.strip().upper())
        link = await self._page(number) if self._page else ""
        page = self._notice("solved_page", link=link)
        return (lambda language: f"{told(language)}\n\n{page(language)}") if link else told

    def _notice(self, name: str, **values: str) -> ticketing.Notice:
        return notice(self._answers, name, **values)

    async def _silenced(self, taken: Sequence[Conversation]) -> None:
        """Waits until no message of the bot, claimed before the owner changed, is still being sent."""
        try:
            async with asyncio.timeout(self._patience):
                for conversation in taken:
                    while await self._database.run(outbox.in_flight, conversation.id):  # noqa: ASYNC110 - the sender may be another process
                        await asyncio.sleep(LOOK)
        except TimeoutError as error:
            raise Refused(
                "the ticket is yours, but a message of the bot is still being sent; if the server was killed just now,"
                " start it again: it settles what was interrupted"
            ) from error


def notice(answers: Answers, name: str, **values: str) -> ticketing.Notice:
    """A sentence in the language of whichever conversation it is said in."""
    return lambda language: answers.sentence(name, language or answers.languages[0], **values)


def _said(text: str) -> str:
    said = clean_text(text).strip()
    if not said:
        raise Refused("the text is empty")
    if len(said) > LONGEST_TEXT:
        raise Refused(f"the text has {len(said)} characters; {LONGEST_TEXT} is the limit")
    return said
