"""Reads one kind of event, pages and all, from a cursor on, and hands it over oldest first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NoReturn

import structlog

from channels.base import Host
from channels.errors import ChannelError, NotStored, TryAgain, Unacceptable
from channels.words import Inbound, Limits
from channels.x.api import Answer, Api
from channels.x.events import Includes, Payload, first_id, identity, media
from channels.x.hearing import Hearing
from channels.x.media import fetch

log = structlog.get_logger()

#: Seconds after the first failure; doubled for each further one, up to LONGEST_PAUSE.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0

#: Tries of an event that meets a fault of ours.
TRIES = 6

#: Pages of a hundred that are read back to the cursor.
MOST_PAGES = 100

USER_FIELDS = ["name", "username"]
MEDIA_FIELDS = ["type", "url", "variants"]


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of event. `ask` gets a page of those after an id, newest first; `parse` reads one of them."""

    kind: str
    seconds: float
    ask: Callable[[Any, str, str | None], Awaitable[Any]]
    parse: Callable[[Payload, Includes, str], Inbound | None]


class Reader:
    """Reads `source` for the account `me`."""

    def __init__(
        self, source: Source, api: Api, host: Host, hearing: Hearing, me: str, limits: Limits, first_hours: int
    ) -> None:
        self._source = source
        self._api = api
        self._host = host
        self._hearing = hearing
        self._me = me
        #: Each lane has its own cursor.
        self._account = f"{me}/{source.kind}"
        self._limits = limits
        self._first = first_id(datetime.now(UTC) - timedelta(hours=first_hours))

    async def run(self) -> NoReturn:
        """Until cancelled."""
        failures = 0
        while True:
            try:
                wait = max(await self._round(), self._source.seconds)
                failures = 0
            except (ChannelError, NotStored) as error:
                self._hearing.trouble(self._source.kind, str(error))
                wait = growing(failures, error)
                failures += 1
            await asyncio.sleep(wait)

    async def _round(self) -> float:
        """Reads everything new; the seconds X wants to be left alone after it."""
        cursor = await self._host.cursor(self._account) or self._first
        events, rest = await self._since(cursor)
        self._hearing.listening(self._source.kind)
        for event, includes in events:
            inbound = self._source.parse(event, includes, self._me)
            if inbound:
                await self._hand_over(inbound, event, includes)
            await self._surely(partial(self._host.keep_cursor, self._account, identity(event)))
        return rest

    async def _since(self, cursor: str) -> tuple[list[tuple[Payload, Includes]], float]:
        """Everything after `cursor`, oldest first, and the pause X asks for."""
        found: dict[int, tuple[Payload, Includes]] = {}
        token: str | None = None
        rest = 0.0
        for _ in range(MOST_PAGES):
            answer = await self._page(cursor, token)
            rest = answer.pause or 0.0
            data = answer.body.get("data")
            events = [one for one in data if isinstance(one, dict) and identity(one)] if isinstance(data, list) else []
            includes = Includes.of(answer.body)
            ids = [int(identity(event)) for event in events]
            found |= {id_: (event, includes) for id_, event in zip(ids, events, strict=True) if id_ > int(cursor)}
            token = _next(answer)
            if not token or (ids and ids[-1] <= int(cursor)):
                break
        else:
            log.error("pages_left", platform="x", account=self._account, pages=MOST_PAGES)
        return [found[id_] for id_ in sorted(found)], rest

    async def _page(self, cursor: str, token: str | None) -> Answer:
        """One page. Where X asks for a pause it is made here: begun anew, a long way back would never end."""
        while True:
            try:
                return await self._api.ask(lambda client: self._source.ask(client, cursor, token))
            except TryAgain as error:
                if error.after is None or token is None:
                    raise
                self._hearing.trouble(self._source.kind, str(error))
                await asyncio.sleep(max(error.after, FIRST_PAUSE))

    async def _hand_over(self, inbound: Inbound, event: Payload, includes: Includes) -> None:
        files, left = await fetch(self._api, media(event, includes), self._limits)
        text = "\n".join([inbound.text, *(f"📎 {url}" for url in left)]).strip()
        whole = replace(inbound, text=text, attachments=files)
        try:
            await self._delivered(whole)
        except Unacceptable as error:
            log.warning("not_taken", platform="x", event_id=inbound.event_id, code=error.code)

    async def _delivered(self, inbound: Inbound) -> None:
        """Once it is on disk, or met a fault of ours often enough: it must not hold up for ever what came after."""
        pause = FIRST_PAUSE
        for left in reversed(range(TRIES)):
            try:
                await self._surely(lambda: self._host.deliver(inbound))
                return
            except Unacceptable:
                raise
            except Exception as error:
                # The edge of the platform: nobody foresaw it, and what came after it must be heard all the same.
                reason = f"{inbound.event_id} {'is tried again' if left else 'was passed over'}: {type(error).__name__}"
                self._hearing.trouble(self._source.kind, reason)
                log.exception("x_fault", account=self._account, event_id=inbound.event_id)
            if left:
                await asyncio.sleep(pause)
                pause *= 2

    async def _surely(self, work: Callable[[], Awaitable[object]]) -> None:
        """Does it, however long the database takes."""
        failures = 0
        while True:
            try:
                await work()
                return
            except NotStored as error:
                self._hearing.trouble(self._source.kind, str(error))
                await asyncio.sleep(growing(failures, error))
                failures += 1


def growing(failures: int, error: Exception) -> float:
    """Seconds to wait after so many failures in a row: what X names, and never less than it takes to calm down."""
    pause: float = min(FIRST_PAUSE * 2 ** min(failures, 20), LONGEST_PAUSE)
    return max(error.after or 0.0, pause) if isinstance(error, TryAgain) else pause


def _next(answer: Answer) -> str | None:
    meta = answer.body.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return token if isinstance(token, str) and token else None


async def messages(client: Any, _since: str, token: str | None) -> Any:
    """A page of direct messages; X has no way to ask for those after an id."""
    return await client.get_direct_message_events(
        dm_event_fields=[
            "id",
            "text",
            "event_type",
            "created_at",
            "dm_conversation_id",
            "sender_id",
            "attachments",
            "entities",
        ],
        event_types="MessageCreate",
        expansions=["sender_id", "attachments.media_keys"],
        user_fields=USER_FIELDS,
        media_fields=MEDIA_FIELDS,
        max_results=100,
        **({"pagination_token": token} if token else {}),
    )


def mentions_of(me: str) -> Callable[[Any, str, str | None], Awaitable[Any]]:
    """Asks for a page of the posts that mention us."""

    async def mentions(client: Any, since: str, token: str | None) -> Any:
        return await client.get_users_mentions(
            me,
            since_id=since,
            tweet_fields=[
                *("attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids"),
                *("entities", "in_reply_to_user_id", "lang", "note_tweet", "referenced_tweets"),
            ],
            expansions=["author_id", "attachments.media_keys", "referenced_tweets.id"],
            user_fields=USER_FIELDS,
            media_fields=MEDIA_FIELDS,
            max_results=100,
            user_auth=True,
            **({"pagination_token": token} if token else {}),
        )

    return mentions
