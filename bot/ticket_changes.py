"""What people change on tickets besides answering them, from wherever they do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from bot import choices
from bot.answers import Answers
from bot.choices import Choices
from bot.conversation import now
from bot.errors import Refused
from bot.store import changing, corrections, linking, merging, outbox, undoing
from bot.store.database import Database
from bot.store.tables import Conversation, TicketState
from bot.store.ticketing import Notice
from bot.store.ticketing_tables import LinkKind

log = structlog.get_logger()

#: Seconds between two looks whether the bot's last message has left.
LOOK = 0.02


class Changes:
    """Tickets by their number. Methods raise `NotFound`, `Refused` or `StorageDown`.

    `patience` is how many seconds a message of the bot may be on its way; `known` is what there is to choose from.
    """

    def __init__(self, database: Database, answers: Answers, patience: float, known: Choices | None = None) -> None:
        self._database = database
        self._answers = answers
        self._patience = patience
        self._known = known or Choices()

    async def change(
        self,
        number: str,
        agent: str,
        *,
        category: str | None = None,
        priority: str | None = None,
        team: str | None = None,
        title: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> None:
        """Writes what is given. `team` "" is everybody's queue; `tags` replace those that were there."""
        asked: dict[str, Any] = {
            "category": category and self._known.category(category),
            "priority": priority and choices.priority(priority),
            "team": choices.team(team) if team is not None else None,
            "title": choices.title(title) if title is not None else None,
            "tags": choices.tags(tags) if tags is not None else None,
        }
        wanted = {name: value for name, value in asked.items() if value is not None}
        await self._database.run(changing.change, number, agent, wanted, now())
        log.info("ticket_changed", ticket=number, agent=agent, fields=sorted(wanted))

    async def assign(self, number: str, agent: str, to: str | None) -> None:
        """`to` answers from here on; None gives the ticket back to the queue. The bot has said its last word then."""
        found = await self._database.run(changing.assign, number, agent, to, self._joined(to or ""), now())
        await self._silenced(found)
        log.info("ticket_assigned", ticket=number, agent=agent, to=to)

    async def hold(self, number: str, agent: str) -> None:
        """The ticket waits for somebody other than the user."""
        await self._database.run(changing.wait, number, agent, TicketState.ON_HOLD, now())

    async def pend(self, number: str, agent: str) -> None:
        """The ticket waits for the user."""
        await self._database.run(changing.wait, number, agent, TicketState.PENDING, now())

    async def reopen(self, number: str, actor: str) -> None:
        """A solved ticket goes back to the queue; `actor` is an agent or "user". The user is told."""
        told = self._notice("reopened", ticket=number.strip().upper())
        await self._database.run(changing.reopen, number, actor, told, now())
        log.info("ticket_reopened", ticket=number, actor=actor)

    async def merge(self, number: str, into: str, agent: str) -> str:
        """`number` goes on as `into`; the number of that as it is written."""
        target = await self._database.run(merging.merge, number, into, agent, self._joined, now())
        log.info("tickets_merged", ticket=number, into=target.number, agent=agent)
        return target.number

    async def split(
        self,
        number: str,
        agent: str,
        title: str,
        *,
        conversation_id: int | None = None,
        message_id: int | None = None,
    ) -> str:
        """Another matter becomes a ticket of its own, from that conversation or message on; its number."""
        new = await self._database.run(
            merging.split,
            number,
            agent,
            choices.title(title),
            now(),
            conversation_id=conversation_id,
            message_id=message_id,
        )
        log.info("ticket_split", ticket=number, new=new.number, agent=agent)
        return new.number

    async def undo(self, number: str, agent: str) -> tuple[str, str]:
        """Undoes the ticket's last merge or split; the numbers of the two."""
        first, second = await self._database.run(undoing.undo, number, agent, now())
        log.info("undone", tickets=[first.number, second.number], agent=agent)
        return first.number, second.number

    async def link(self, number: str, other: str, kind: LinkKind, agent: str) -> None:
        """`number` is `kind` to `other`."""
        await self._database.run(linking.link, number, other, kind, agent, now())

    async def unlink(self, number: str, other: str, kind: LinkKind, agent: str) -> None:
        """It is no more."""
        await self._database.run(linking.unlink, number, other, kind, agent, now())

    async def correct_intent(self, number: str, agent: str, message_id: int, intent: str) -> None:
        """The user's message means `intent`, which a maintainer can train with."""
        meant = self._known.intent(intent)
        await self._database.run(corrections.correct, number, agent, message_id, meant, now())

    def _joined(self, agent: str) -> Notice:
        return self._notice("agent_joined", agent=agent)

    def _notice(self, name: str, **values: str) -> Notice:
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


def notice(answers: Answers, name: str, **values: str) -> Notice:
    """A sentence in the language of whichever conversation it is said in."""
    return lambda language: answers.sentence(name, language or answers.languages[0], **values)
