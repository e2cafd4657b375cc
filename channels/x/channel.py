"""The channel: who we are, what is read, what is sent, and what became of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import structlog

from channels.base import Channel, ChannelSettings, Host
from channels.errors import ChannelError, MayHaveArrived, Never, NotStored, TryAgain
from channels.words import Abilities, Board, Limits, Outbound, Place, Sent
from channels.x import announcing
from channels.x.api import KEYS, Answer, Api
from channels.x.budget import Budget
from channels.x.events import identity, may_answer, mention, message
from channels.x.finding import find
from channels.x.hearing import Hearing
from channels.x.reading import Reader, Source, growing, mentions_of, messages
from channels.x.settings import XSettings
from channels.x.text import LONGEST_POST, has_link, weight, without_links

log = structlog.get_logger()

#: Seconds until what was sent can be seen, where X took it and its answer got lost.
SETTLED = 2.0

#: Ids of what was sent, so that a look-up takes none of them for another message of the same words.
REMEMBERED = 10_000


class X(Channel):
    """One account. `settled` is in seconds."""

    Settings = XSettings
    limits: ClassVar[Limits] = Limits(text=10_000, answers_raw=True)
    abilities: ClassVar[Abilities] = Abilities(public=True, threads=True, edits=True, catches_up=True)

    def __init__(self, name: str, settings: ChannelSettings, settled: float = SETTLED) -> None:
        if not isinstance(settings, XSettings):
            raise TypeError("X needs XSettings")
        super().__init__(name, settings)
        self._wanted = settings
        self._api = Api(settings)
        self._settled = settled
        self._budget = Budget(settings)
        self._host: Host | None = None
        self._sent: deque[str] = deque(maxlen=REMEMBERED)

    def limits_at(self, place: Place) -> Limits:
        """A public reply is a post."""
        post = replace(self.limits, text=LONGEST_POST, measure=weight, links=self._wanted.links)
        return post if place.public else self.limits

    async def run(self, host: Host) -> None:
        """Finds out who we are, then reads both kinds, each at its own pace."""
        me = await self._login(host)
        kinds = [
            *([Source("dm", self._wanted.dm_seconds, messages, message)] if self._wanted.dms else []),
            *(
                [Source("mentions", self._wanted.mention_seconds, mentions_of(me), mention)]
                if self._wanted.mentions
                else []
            ),
        ]
        hearing = Hearing(host, me)
        async with asyncio.TaskGroup() as group:
            for source in kinds:
                reader = Reader(source, self._api, host, hearing, me, self.limits, self._wanted.first_hours)
                group.create_task(reader.run())

    async def send(self, outbound: Outbound) -> Sent:
        """A direct message, or a reply to the post that mentioned us."""
        return await (self._post(outbound) if outbound.place.public else self._message(outbound))

    async def find(self, outbound: Outbound) -> Sent | None:
        """Looks among our own newest posts, or messages to this person, for the same words."""
        await asyncio.sleep(self._settled)
        try:
            found = await find(self._api, outbound, self._words(outbound), self._sent)
        except ChannelError as error:
            raise MayHaveArrived(f"cannot look it up: {error}") from error
        if found:
            self._sent.append(found)
        return Sent(platform_id=found) if found else None

    def boards(self) -> Sequence[Board]:
        return announcing.boards(self._wanted, self._account)

    async def announce(self, outbound: Outbound) -> Sent:
        """Counts for no budget: a person said yes to this very post."""
        return self._noted(await announcing.post(self._api, outbound), "id")

    async def withdraw(self, place: Place, platform_id: str) -> None:
        await announcing.withdraw(self._api, platform_id)

    async def connect(self) -> Sequence[str]:
        """Who we are, and what the keys permit."""
        try:
            answer = await self._api.ask(lambda client: client.get_me())
        except ChannelError as error:
            return [str(error)]
        if not _identity(answer):
            return [f"X does not say whose keys these are; {KEYS}"]
        return missing(answer.headers.get("x-access-level", ""), dms=self._wanted.dms)

    async def _login(self, host: Host) -> str:
        account = self._account
        failures = 0
        while True:
            try:
                me = await self._asked_who_we_are()
                self._budget.load(await host.cursor(f"{me}/spent"))
                self._host = host
                host.listening(account)
                return me
            except (ChannelError, NotStored) as error:
                host.trouble(account, str(error))
                await asyncio.sleep(growing(failures, error))
                failures += 1

    @property
    def _account(self) -> str:
        """Access tokens begin with the id of their account, so that it has a name before X has told it."""
        account = self._wanted.access_token.get_secret_value().partition("-")[0]
        return account if account.isdigit() else ""

    async def _asked_who_we_are(self) -> str:
        me = _identity(await self._api.ask(lambda client: client.get_me()))
        if not me:
            raise TryAgain(f"X does not say whose keys these are; {KEYS}")
        return me

    async def _message(self, outbound: Outbound) -> Sent:
        handle, text = outbound.place.handle, self._words(outbound)
        async with self._paid(outbound, text):
            answer = await self._api.ask(lambda client: client.create_direct_message(participant_id=handle, text=text))
        return self._noted(answer, "dm_event_id")

    async def _post(self, outbound: Outbound) -> Sent:
        if not may_answer(outbound.answering, outbound.place.account):
            raise Never("X lets an app reply in public only to who mentioned or quoted its account")
        text = self._words(outbound)
        if not text:
            raise Never("without its link nothing is left of it (links)")
        answered = answered_id(outbound)
        async with self._paid(outbound, text):
            answer = await self._api.ask(lambda client: client.create_tweet(text=text, in_reply_to_tweet_id=answered))
        return self._noted(answer, "id")

    def _words(self, outbound: Outbound) -> str:
        bare = outbound.place.public and not self._wanted.links and not announcing.is_board(outbound.place)
        return without_links(outbound.text) if bare else outbound.text

    def _noted(self, answer: Answer, key: str) -> Sent:
        data = answer.body.get("data")
        id_ = data.get(key) if isinstance(data, dict) else None
        if not isinstance(id_, str):
            raise MayHaveArrived("X does not say under which id it has it")
        self._sent.append(id_)
        return Sent(platform_id=id_)

    @asynccontextmanager
    async def _paid(self, outbound: Outbound, text: str) -> AsyncIterator[None]:
        """Counts what is sent within, unless it surely was not."""
        public = outbound.place.public
        cost = self._budget.cost(public=public, link=has_link(text))
        self._budget.spend(cost, datetime.now(UTC))
        try:
            yield
        except (TryAgain, Never):
            self._budget.give_back(cost)
            raise
        finally:
            await self._keep_budget(outbound.place.account)

    async def _keep_budget(self, account: str) -> None:
        if not (self._host and self._budget.limited):
            return
        try:
            await self._host.keep_cursor(f"{account}/spent", self._budget.state())
        except NotStored as error:
            log.warning("budget_not_kept", channel=self.name, reason=str(error))


def answered_id(outbound: Outbound) -> str:
    """The post that `outbound` replies to."""
    post = outbound.answering.get("post")
    return identity(post) if isinstance(post, dict) else ""


def missing(level: str, *, dms: bool) -> list[str]:
    """What the keys do not permit, by the access level X names with every answer."""
    renew = "in the developer portal, then make access_token and access_secret anew"
    if level == "read":
        return [f"the app may only read: give it Read and write and Direct message {renew}"]
    if level == "read-write" and dms:
        return [
            f"the app may not use direct messages: give it Read and write and Direct message {renew}, or set dms: false"
        ]
    return []


def _identity(answer: Answer) -> str:
    data = answer.body.get("data")
    return identity(data) if isinstance(data, dict) else ""
