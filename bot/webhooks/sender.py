"""Tells webhooks what is queued for them. An endpoint that hangs delays nobody but itself."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from datetime import datetime, timedelta

import httpx
import structlog

from bot.conversation import now
from bot.errors import Refused, StorageDown
from bot.host import clean_text
from bot.loops import every, rest
from bot.metrics import WEBHOOKS
from bot.outside_sections import WebhookSection
from bot.store import outside, webhooks
from bot.store.database import Database, Session
from bot.store.webhooks import LONGEST_ANSWER, Claimed, Result
from bot.webhooks.signing import secret, signed
from bot.webhooks.target import Resolve, Target, resolve, target

log = structlog.get_logger()

#: Seconds between two looks: lines are written by other processes too.
LOOK = 0.5

#: Seconds between two looks for what is old enough to be forgotten.
TIDY = 3600.0

#: Seconds before each further try, about a day in all.
PAUSES = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800)

#: Seconds beyond the endpoint's own, after which a try that nobody finished counts as lost.
SLACK = 30.0


def again_at(attempts: int, now: datetime) -> datetime | None:
    """When a delivery that failed so often is tried again; None for never."""
    return now + timedelta(seconds=PAUSES[attempts - 1]) if attempts <= len(PAUSES) else None


class Sender:
    """Sends from `database`, signed with `key`, Frontdesk's own secret.

    `trust` says whose certificates are believed; None for those of public authorities.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        settings: WebhookSection,
        resolver: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._database = database
        self._key = key
        self._settings = settings
        self._resolve = resolver
        self._trust = trust or httpx.create_ssl_context(trust_env=False)
        self._lease = timedelta(seconds=settings.timeout_seconds + SLACK)
        #: Deliveries on their way, with the endpoint of each.
        self._sending: dict[asyncio.Task[None], int] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; what is on its way then may be told again."""
        tidying = asyncio.create_task(every(TIDY, self._tidy, "forgetting old webhooks"))
        try:
            while True:
                self._wake.clear()
                await self._start()
                await rest(self._wake, LOOK)
        finally:
            tasks = [tidying, *self._sending]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def tell(self, claimed: Claimed) -> Result:
        """One try, told or not; what became of it is not written down. Raises nothing of the network's."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                allowed = self._settings.allow_private
                where = await target(claimed.url, self._resolve, claimed.attempts, allow_private=allowed)
                return await self._post(where, claimed)
        except TimeoutError:
            return Result("no answer in time")
        except Refused as error:
            return Result(str(error))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Result(f"no connection: {type(error).__name__}")

    async def test(self, endpoint_id: int) -> Result:
        """Tells the endpoint that this is a test, once and now. Raises `NotFound` or `StorageDown`."""
        claimed = await self._database.run(_queue_test, endpoint_id, now(), self._lease)
        result = await self.tell(claimed)
        await self._database.run(webhooks.finish, claimed, result, None, now())
        return result

    async def _start(self) -> None:
        busy = Counter(self._sending.values())
        try:
            found = await self._database.run(webhooks.claim, busy, self._settings.at_once, now(), self._lease)
        except StorageDown as error:
            log.error("storage_down", doing="claiming webhooks", reason=str(error))
            return
        for claimed in found:
            task = asyncio.create_task(self._deliver(claimed))
            self._sending[task] = claimed.endpoint_id
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        self._wake.set()

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            result = await self.tell(claimed)
        except Exception as error:
            # A fault of ours in one delivery must not end in silence, nor keep the others from being told.
            log.exception("webhook_fault", webhook=claimed.endpoint_id, delivery=claimed.key)
            result = Result(f"fault: {type(error).__name__}")
        again = None if result.gone else again_at(claimed.attempts, now())
        await self._database.run_surely("noting a webhook", webhooks.finish, claimed, result, again, now())
        self._count(claimed, result, again)

    def _count(self, claimed: Claimed, result: Result, again: datetime | None) -> None:
        told = "again" if result.error and again else "failed" if result.error else "sent"
        WEBHOOKS.labels(told).inc()
        say = {"sent": log.info, "again": log.warning, "failed": log.error}[told]
        say(
            f"webhook_{told}",
            webhook=claimed.endpoint_id,
            delivery=claimed.key,
            attempt=claimed.attempts,
            status=result.status,
            reason=result.error or None,
        )

    async def _post(self, where: Target, claimed: Claimed) -> Result:
        headers, data = signed(secret(self._key, claimed.salt), claimed.key, claimed.body, now())
        headers |= {"Host": where.netloc, "Accept-Encoding": "identity", "User-Agent": "Frontdesk"}
        # A client for each: a connection kept for one host must not be used for another at the same address, whose
        # certificate nobody looked at.
        async with httpx.AsyncClient(
            verify=self._trust, trust_env=False, follow_redirects=False, timeout=self._settings.timeout_seconds
        ) as client:
            extensions = {"sni_hostname": where.host}
            request = client.build_request("POST", where.url, content=data, headers=headers, extensions=extensions)
            answer = await client.send(request, stream=True)
            try:
                return _result(answer.status_code, await _beginning(answer))
            finally:
                await answer.aclose()

    async def _tidy(self) -> bool:
        """Whether there may be more."""
        before = now() - timedelta(days=self._settings.keep_days)
        return await self._database.run(webhooks.tidy, before) > 0


def _queue_test(session: Session, endpoint_id: int, now: datetime, lease: timedelta) -> Claimed:
    webhooks.find(session, endpoint_id)
    body = {"type": "webhook.test", "at": now.isoformat(), "data": {}}
    delivery = outside.queue(session, endpoint_id, body, now)
    session.flush()
    return webhooks.claim_one(session, delivery.key, now, lease)


async def _beginning(answer: httpx.Response) -> str:
    """The first characters of an answer, which may be endless or anything."""
    found = b""
    async for piece in answer.aiter_raw(LONGEST_ANSWER):
        found += piece
        if len(found) >= LONGEST_ANSWER:
            break
    return clean_text(found[:LONGEST_ANSWER].decode("utf-8", "replace"))


def _result(status: int, answer: str) -> Result:
    if httpx.codes.is_success(status):
        return Result("", status, answer)
    if status == httpx.codes.GONE:
        return Result("the endpoint says that it is gone", status, answer, gone=True)
    redirected = " (redirects are not followed)" if httpx.codes.is_redirect(status) else ""
    return Result(f"answered {status}{redirected}", status, answer)
