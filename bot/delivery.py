"""The outbox at work: sends what is queued, in order, once; tries again, looks up, or gives up, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from bot.conversation import now
from bot.errors import StorageDown
from bot.files import Files
from bot.loops import rest
from bot.metrics import RETRIES, SENDS
from bot.rendering import Part, parts
from bot.settings import DeliverySection
from bot.store import outbox
from bot.store.database import Database, Session
from bot.store.outbox import Claimed, Dispatch
from bot.store.tables import MessageState
from channels.base import Channel
from channels.errors import MayHaveArrived, Never, NotYet, TryAgain
from channels.words import Author, Choice, Outbound, Sent

log = structlog.get_logger()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: Messages sent at the same time, each of another conversation.
AT_ONCE = 32

#: Seconds between two looks for messages another process queued: an agent at the command line.
POLL = 0.25

#: Seconds before the second try; doubled for each further one, up to LONGEST_PAUSE.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


#: Whose texts are not anybody's own words.
OURS = (Author.BOT, Author.SYSTEM)


class Delivery:
    """Sends the messages of `channels`. Only one may run for a channel at a time."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        files: Files,
        settings: DeliverySection,
        completed: Callable[[str], str] = str,
    ) -> None:
        """`completed` is put to every text that no agent wrote: it adds what only the person may see."""
        self._database = database
        self._channels = channels
        self._files = files
        self._settings = settings
        self._completed = completed
        #: Ids of the messages being sent.
        self._sending: dict[asyncio.Task[None], int] = {}
        self._wake = asyncio.Event()
        self._claim_lost = False

    def nudge(self) -> None:
        """Something was queued."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; messages being sent are finished first."""
        try:
            await self._until_recovered()
            while True:
                self._wake.clear()
                claiming = asyncio.create_task(self._send_due())
                if await self._whole(claiming) < AT_ONCE:
                    await rest(self._wake, POLL)
        finally:
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _whole(self, claiming: asyncio.Task[int]) -> int:
        """What is claimed is sent, though a stop comes in between: left lying, nobody could tell if it was sent."""
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await claiming
            raise

    async def _until_recovered(self) -> None:
        while True:
            try:
                return await self.recover()
            except StorageDown as error:
                log.error("storage_down", doing="recovering the outbox", reason=str(error))
                await asyncio.sleep(FIRST_PAUSE)

    async def recover(self) -> None:
        """Finds out what became of the messages a crash interrupted, before anything new is sent."""
        for dispatch in await self._database.run(outbox.interrupted, self._channels.keys()):
            channel = self._channels[dispatch.message.channel]
            if channel.limits.idempotent:
                await self._note(outbox.put_back, dispatch.message.id, now(), "interrupted by a restart")
            else:
                await self._look_up(channel, dispatch, "interrupted by a restart")

    async def _send_due(self) -> int:
        """Starts what may be sent; how many that is."""
        free = AT_ONCE - len(self._sending)
        if free <= 0:
            return 0
        try:
            claimed = await self._claimed(free)
        except StorageDown as error:
            # It may be written all the same: where the connection breaks during the commit nobody is told.
            self._claim_lost = True
            log.error("storage_down", doing="claiming messages", reason=str(error))
            return 0
        for dispatch in claimed:
            task = asyncio.create_task(self._deliver(dispatch))
            self._sending[task] = dispatch.message.id
            task.add_done_callback(self._sent)
        return len(claimed)

    async def _claimed(self, free: int) -> list[Dispatch]:
        if self._claim_lost:
            await self._database.run(outbox.unclaim, self._channels.keys(), list(self._sending.values()))
            self._claim_lost = False
        return await self._database.run(outbox.claim, self._channels.keys(), now(), free)

    def _sent(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        # What waited for it, in its conversation or for a place among those being sent, is due now.
        self._wake.set()

    async def _deliver(self, dispatch: Dispatch) -> None:
        """One try at a message; the result is written down, however long the database takes."""
        message = dispatch.message
        channel = self._channels[message.channel]
        try:
            await self._send(channel, dispatch)
        except TryAgain as error:
            await self._try_again(dispatch, error)
        except Never as error:
            await self._give_up(dispatch, MessageState.FAILED, str(error))
        except (MayHaveArrived, TimeoutError) as error:
            await self._look_up(channel, dispatch, str(error) or "no answer in time")
        except Exception as error:
            # The edge of every channel: after a fault in the middle of sending nobody knows what the platform has.
            log.exception("send_fault", channel=channel.name, message=message.id)
            await self._give_up(dispatch, MessageState.UNKNOWN, f"fault of the channel: {type(error).__name__}")

    async def _send(self, channel: Channel, dispatch: Dispatch) -> None:
        pieces = self._pieces(channel, dispatch)
        answering = await self._answering(channel, dispatch)
        for number in range(dispatch.message.parts_sent, len(pieces)):
            async with asyncio.timeout(self._settings.timeout_seconds):
                sent = await channel.send(_outbound(dispatch, answering, pieces[number], number))
            if not await self._part_sent(dispatch, sent, last=number == len(pieces) - 1):
                return

    async def _answering(self, channel: Channel, dispatch: Dispatch) -> Mapping[str, Any]:
        if not channel.limits.answers_raw:
            return {}
        return await self._note(outbox.answered, dispatch.message.id)

    async def _part_sent(self, dispatch: Dispatch, sent: Sent, *, last: bool) -> bool:
        """Whether another part may follow."""
        message = dispatch.message
        part = message.parts_sent
        more = await self._note(outbox.part_sent, message.id, part, sent.platform_id, last=last, now=now())
        # A look-up later in this try is about the part after this one.
        message.parts_sent = part + 1
        if not more:
            SENDS.labels(dispatch.message.channel, "sent" if last else "withheld").inc()
        return more

    async def _note(
        self, work: Callable[Concatenate[Session, Arguments], Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        return await self._database.run_surely("noting a send", work, *args, **kwargs)

    def _pieces(self, channel: Channel, dispatch: Dispatch) -> list[Part]:
        """Raises `IndexError` where none is left to send: the channel's limits changed since the first ones were."""
        choices = [Choice(title=choice["title"], payload=choice["payload"]) for choice in dispatch.message.choices]
        files = [self._files.stored(file) for file in dispatch.files]
        said = dispatch.message.text
        text = self._completed(said) if dispatch.message.author in OURS else said
        pieces = parts(text, choices, files, channel.limits_at(dispatch.place))
        if len(pieces) <= dispatch.message.parts_sent:
            raise IndexError(f"{dispatch.message.parts_sent} parts are sent, and now there are {len(pieces)}")
        return pieces

    async def _try_again(self, dispatch: Dispatch, error: TryAgain) -> None:
        message = dispatch.message
        if why := self._enough(message, error):
            await self._give_up(dispatch, MessageState.FAILED, f"given up after {why}: {error}")
            return
        pause = pause_after(message.attempts, error)
        RETRIES.labels(message.channel).inc()
        log.warning("send_put_off", channel=message.channel, message=message.id, seconds=pause, reason=str(error))
        tried = not isinstance(error, NotYet)
        await self._note(outbox.put_back, message.id, now() + timedelta(seconds=pause), str(error), tried=tried)

    def _enough(self, message: Claimed, error: TryAgain) -> str | None:
        """After what a message is given up; None where it is not."""
        if not isinstance(error, NotYet):
            return f"{message.attempts} tries" if message.attempts >= self._settings.attempts else None
        hours = self._settings.longest_wait_hours
        return f"{hours:g} hours of waiting" if now() - message.created_at > timedelta(hours=hours) else None

    async def _look_up(self, channel: Channel, dispatch: Dispatch, reason: str) -> None:
        """After an ambiguous send: asks the platform, and says `unknown` where it cannot tell."""
        number = dispatch.message.parts_sent
        try:
            pieces = self._pieces(channel, dispatch)
            answering = await self._answering(channel, dispatch)
            behind = await self._note(outbox.sent_last, dispatch.message.id)
            asked = replace(_outbound(dispatch, answering, pieces[number], number), behind=behind)
            async with asyncio.timeout(self._settings.timeout_seconds):
                found = await channel.find(asked)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong while asking, the message stays unknown
            log.warning("send_unknown", channel=channel.name, message=dispatch.message.id, reason=f"{reason}; {error}")
            await self._give_up(dispatch, MessageState.UNKNOWN, reason)
            return
        if found is None:
            await self._try_again(dispatch, TryAgain(reason))
            return
        last = number == len(pieces) - 1
        if await self._part_sent(dispatch, found, last=last):
            await self._note(outbox.put_back, dispatch.message.id, now(), reason)

    async def _give_up(self, dispatch: Dispatch, state: MessageState, reason: str) -> None:
        SENDS.labels(dispatch.message.channel, state.value).inc()
        log.warning("send_given_up", channel=dispatch.message.channel, message=dispatch.message.id, state=state.value)
        await self._note(outbox.give_up, dispatch.message.id, state, reason, now())


def pause_after(attempts: int, error: TryAgain) -> float:
    """Seconds before the next try, after so many."""
    return min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) if error.after is None else error.after


def _outbound(dispatch: Dispatch, answering: Mapping[str, Any], part: Part, number: int) -> Outbound:
    message = dispatch.message
    return Outbound(
        message_id=message.id,
        part=number,
        place=dispatch.place,
        text=part.text,
        choices=part.choices,
        files=part.files,
        author=message.author,
        author_name=message.author_name,
        language=message.language or "",
        owner=dispatch.owner,
        ticket=dispatch.ticket,
        intent=message.intent,
        confidence=message.confidence,
        answering=answering,
        created_at=message.created_at,
    )
