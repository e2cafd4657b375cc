"""Builds each part once, and runs them together until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog
from fastapi import FastAPI

from bot import answers, api, choices, domain, policy, secret, ticket_routes, web
from bot.aside import Aside
from bot.attachments import Attachments
from bot.callbacks.api import calls_router
from bot.callbacks.booking import Booking, calendar_of
from bot.callbacks.calls import Calls
from bot.closing import Closing
from bot.contacts import TierWatch, contacts_router
from bot.conversation import Content, Conversations
from bot.delivery import Delivery
from bot.desk import house
from bot.desk.live import LiveDesk
from bot.desk.parts import Parts
from bot.desk.routers import routers
from bot.errors import StorageDown
from bot.files import Files
from bot.health import Health
from bot.host import ChannelHost
from bot.indexing import Indexing
from bot.language import Languages
from bot.links import Links
from bot.mind import Mind
from bot.mirror import Mirrors
from bot.rasa import RasaServer
from bot.routing import api as queue_api
from bot.routing.places import Places
from bot.routing.router import Router
from bot.routing.served import opening_of, standing_of
from bot.routing.telling import Telling
from bot.satisfaction import Satisfaction
from bot.settings import Settings
from bot.settling import Settling
from bot.sla.policies import Policies
from bot.sla.watch import Watch
from bot.staff import Staff
from bot.states import States
from bot.store.database import Database
from bot.store.lease import Lease, lease_on
from bot.ticket_page import routes as ticket_page
from bot.ticket_page.giving import Giving
from bot.ticket_page.links import TicketLinks
from bot.ticket_page.routes import TicketPages
from bot.tickets import Tickets
from bot.tiers import Tiers
from bot.training.live import Live, follow
from bot.webhooks import api as webhooks_api
from bot.webhooks.desk import Webhooks
from bot.webhooks.sender import Sender
from bot.worker import Worker
from channels.base import Channel
from channels.words import Place, Signal

log = structlog.get_logger()

#: Seconds a stop waits for each of its stages: who listens, then turns and sends. What is not done then is cut short.
GRACE = 2.0
CUT = 0.2

#: Seconds between two looks whether the channels are still ours alone.
LOOK = 5.0

#: Seconds before a channel that fell over listens again.
PAUSE = 5.0


def load_content(settings: Settings) -> Content:
    """What the company has approved. Raises `Misconfigured`."""
    folder = settings.folders.responses
    return Content(
        answers.load(folder, settings.brand.name, settings.languages),
        policy.load(folder, domain.load(settings.folders.intents)),
        Languages(settings.languages),
    )


class _Loop(Protocol):
    async def run(self) -> None:
        """Until cancelled."""


class App:
    """Frontdesk with `channels`, by name. `rasa` is our own server; None where settings name another."""

    def __init__(
        self, settings: Settings, content: Content, channels: Mapping[str, Channel], rasa: RasaServer | None
    ) -> None:
        self.settings = settings
        self.content = content
        self.channels = channels
        self.database = Database(settings.database.url)
        self.database.migrate()
        self.files = Files(settings.folders.var / "files")
        self.mind = Mind(settings, rasa)
        self.states = States(self.database)
        self._key = secret.key(settings.folders.var / "secret.key")
        self._tiers = Tiers(settings.tiers)
        self._policies = Policies(settings.calendars, settings.sla.policies)
        self._links = Links(self._key, settings.web, channels)
        self.pages = TicketLinks(self._key, settings.web.public_url, settings.ticket_page)
        self._build_queue()
        self._build_talk()
        self._build_tickets()
        self._build_clocks()
        self._build_outside()
        self._build_edge()

    def _build_queue(self) -> None:
        """Who waits for a human, who is there, and who gets whom."""
        section, standing = self.settings.routing, standing_of(self._tiers)
        self.router = Router(self.database, self.content.answers, section, standing)
        self.places = Places(self.database, section, standing, opening_of(self._policies))
        self.telling = Telling(self.database, self.places, self.channels, self.content.answers)

    def _build_talk(self) -> None:
        """From a message that was stored to the reply that is sent."""
        self._booking = Booking(self.database, self.settings.call_backs, calendar_of(self.settings))
        offers = self._booking if self.settings.call_backs.allowed else None
        aside = Aside(self._links, self.places, offers, self.pages)
        self._conversations = Conversations(
            self.database, self.content, self.mind.understand, self.settings, self.channels, aside
        )
        self._completed = partial(_completed, self._links, self.pages)
        self.delivery = Delivery(self.database, self.channels, self.files, self.settings.delivery, self._completed)
        names, nudge = self.channels.keys(), self.delivery.nudge
        self.worker = Worker(self.database, self._conversations, names, self._show, nudge)

    def _build_tickets(self) -> None:
        """What agents do with tickets and calls, and how both are found."""
        settings, answers = self.settings, self.content.answers
        known = choices.load(settings.folders.intents, self.content.policy)
        giving = Giving(self.database, self.pages, self._types())
        self.tickets = Tickets(self.database, answers, settings.delivery.longest_send, known, giving.link)
        self.calls = Calls(self.database, answers, self._booking)
        self.indexing = Indexing(self.database)

    def _build_clocks(self) -> None:
        """What happens to tickets and people without anybody's doing."""
        settings, answers = self.settings, self.content.answers
        self.tiers = TierWatch(self.database, self._tiers)
        self.watch = Watch(self.database, self._policies, answers, self.calls.offer)
        self.closing = Closing(self.database, timedelta(days=settings.tickets.reopen_days))
        self.satisfaction = Satisfaction(self.database, answers, self.channels.keys(), settings.satisfaction)

    def _build_outside(self) -> None:
        """Who else hears of tickets: webhooks, platforms that show what is solved, staff rooms."""
        section = self.settings.webhooks
        self.webhooks = Sender(self.database, self._key, section)
        self.hooks = Webhooks(self.database, self._key, self.webhooks, allow_private=section.allow_private)
        self.settling = Settling(self.database, self.channels)
        self.mirrors = Mirrors(
            self.database,
            self.channels,
            self.files,
            self.content.answers,
            self.settings.delivery,
            self.states.trouble,
        )

    def _build_edge(self) -> None:
        """What each channel hands its messages to."""
        agents = {name: channel.staff.agents for name, channel in self.channels.items() if channel.staff}
        staff = Staff(self.database, self.files, self.content.answers, agents, self.mirrors.nudge)
        self.hosts = {
            name: ChannelHost(
                channel,
                self.database,
                self._conversations,
                self.files,
                self.worker.expect,
                self.settings,
                self.states,
                self._key,
                staff.said,
                self._completed,
            )
            for name, channel in self.channels.items()
        }

    def _types(self) -> dict[str, str]:
        return {name: channel.settings.type for name, channel in self.channels.items()}

    def site(self) -> FastAPI:
        """The HTTP side."""
        routes = {name: list(channel.routes(self.hosts[name])) for name, channel in self.channels.items()}
        chats = [name for name, type_ in self._types().items() if type_ == "webchat"]
        app = web.build(
            Health(self.database, self.mind.fault, self.mind.server),
            routes,
            self.settings.brand.name,
            next(iter(chats), None),
        )
        api.install(app, self.tickets, self.database, self.files)
        attachments = Attachments(self.database, self.files, self.channels)
        parts = Parts(
            self.settings,
            self.content,
            self.database,
            self.files,
            self.tickets,
            attachments,
            LiveDesk(self.database),
        )
        app.include_router(contacts_router(self.database, self._tiers, self.channels))
        app.include_router(calls_router(self.calls))
        house.install(app, self.database, self.settings, *routers(parts))
        app.include_router(queue_api.routes(self.router, self.places))
        webhooks_api.install(app, self.hooks)
        ticket_routes.install(app, self.tickets, attachments)
        ticket_page.install(app, TicketPages(self.database, self.pages, self.files, self.hosts, self.settings))
        return app

    async def run(self, stop: asyncio.Event, server: web.Server | None = None) -> None:
        """Until `stop` is set, or a part falls over that nothing works without; its error is raised then.

        What is under way is finished within `GRACE` seconds a stage; what is not is found at the next start. Raises
        `Refused` where another Frontdesk runs one of the channels on the same database.
        """
        async with AsyncExitStack() as stack:
            lease = lease_on(self.database, self.channels)
            stack.callback(lease.release)
            stack.callback(self.database.close)
            lease.take()
            stack.push_async_callback(self.mind.close)
            parts = [asyncio.create_task(_until(stop)), asyncio.create_task(_kept(lease))]
            stack.push_async_callback(_cancelled, parts)
            if self.mind.server:
                stack.push_async_callback(self.mind.server.stop)
                parts.append(asyncio.create_task(self.mind.server.run()))
                parts.append(asyncio.create_task(follow(self.mind.server, Live(self.settings.folders.var / "models"))))
            inner = [asyncio.create_task(part.run()) for part in self._loops()]
            stack.push_async_callback(_cancelled, inner)
            outer = [asyncio.create_task(self._listen(name, channel)) for name, channel in self.channels.items()]
            outer += [asyncio.create_task(server.run_until_cancelled())] if server else []
            stack.push_async_callback(_cancelled, outer)
            ended, _ = await asyncio.wait([*parts, *inner, *outer], return_when=asyncio.FIRST_COMPLETED)
            log.info("stopping")
            for task in ended:
                task.result()

    def _loops(self) -> tuple[_Loop, ...]:
        """What runs beside the channels, and is told to stop after them."""
        talk = self.delivery, self.worker, self.mirrors, self.settling, self.states
        queue = self.router, self.telling, self.watch, self.calls
        return *talk, *queue, self.tiers, self.closing, self.satisfaction, self.webhooks, self.indexing

    async def _listen(self, name: str, channel: Channel) -> None:
        while True:
            try:
                return await channel.run(self.hosts[name])
            except Exception as error:
                # The edge of every channel: one that falls over must not take the others along.
                self.states.trouble(name, "", f"fell over: {type(error).__name__}")
                log.exception("channel_fault", channel=name, again_in_seconds=PAUSE)
                await asyncio.sleep(PAUSE)

    async def _show(self, channel: str, place: Place, signal: Signal) -> None:
        await self.channels[channel].signal(place, signal)


def _completed(links: Links, pages: TicketLinks, text: str) -> str:
    """A text of the bot with what only its person may see."""
    return pages.whole(links.whole(text))


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _kept(lease: Lease) -> None:
    """Until another Frontdesk has what we lost with a connection; raises `Refused` then."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            await asyncio.to_thread(lease.take)
        except StorageDown as error:
            log.error("storage_down", doing="keeping the channels", reason=str(error))


async def _cancelled(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Tells them to stop, which lets them finish what is under way, and after `GRACE` seconds cuts that short."""
    for seconds in (GRACE, CUT):
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=seconds)
        if not tasks:
            return
