"""The bot: listens by polling or by webhook, sends, and tells what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import structlog
from starlette.routing import BaseRoute
from telegram.error import RetryAfter, TelegramError

from channels.base import Channel, ChannelSettings, Host
from channels.errors import NotStored
from channels.telegram.addressed import Me
from channels.telegram.announcing import Announcing
from channels.telegram.arrivals import Arrivals
from channels.telegram.checks import wrong
from channels.telegram.client import Client, seconds, told
from channels.telegram.commands import LANGUAGES, menu
from channels.telegram.markup import measure
from channels.telegram.polling import Polling
from channels.telegram.sending import Sending
from channels.telegram.settings import TelegramSettings
from channels.telegram.staff import Group
from channels.telegram.webhook import Webhook
from channels.words import Abilities, Board, Limits, Markup, Outbound, Place, Sent, Signal

log = structlog.get_logger()

#: Seconds before the second try to reach Telegram; doubled for each further one, up to LONGEST_PAUSE.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
#: Seconds `connect` waits.
LOGIN = 15.0


class Telegram(Channel):
    """One bot on Telegram."""

    Settings = TelegramSettings
    limits: ClassVar[Limits] = Limits(
        text=4096,
        measure=measure,
        markup=Markup.HTML,
        choices=10,
        files=True,
        files_apart=True,
        answers_raw=True,
    )
    abilities: ClassVar[Abilities] = Abilities(public=True, threads=True, edits=True, catches_up=True, staff=True)

    def __init__(self, name: str, settings: ChannelSettings) -> None:
        super().__init__(name, settings)
        if not isinstance(settings, TelegramSettings):
            raise TypeError(f"{type(settings).__name__} are no settings of a Telegram bot")
        self._settings = settings
        self.client = Client(settings)
        staff = settings.staff
        self.staff = Group(staff, settings.account, self.client) if staff else None
        self._arrivals = Arrivals(name, self.client, self.limits, staff.group if staff else None)
        self._sending = Sending(self.client)
        self._announcing = Announcing(self.client, settings, self._sending)
        self._webhook = Webhook(settings, self._arrivals)
        self._menu = False
        self._polling: Polling | None = None

    async def run(self, host: Host) -> None:
        """Listens until cancelled; whatever breaks is told, and tried again after growing pauses."""
        pause = FIRST_PAUSE / 2
        self._polling = None
        await self.client.dial()
        try:
            while True:
                pause = await self._listen(host, pause)
                await asyncio.sleep(pause)
        finally:
            await self.client.hang_up()

    async def send(self, outbound: Outbound) -> Sent:
        """As the part of a message it is: a text with its buttons, or a file."""
        return await self._sending.send(outbound)

    def boards(self) -> Sequence[Board]:
        return self._announcing.boards()

    async def announce(self, outbound: Outbound) -> Sent:
        return await self._announcing.announce(outbound)

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        await self._announcing.correct(outbound, platform_id)

    async def withdraw(self, place: Place, platform_id: str) -> None:
        await self._announcing.withdraw(place, platform_id)

    async def close(self) -> None:
        await self.client.close_lines()

    async def signal(self, place: Place, signal: Signal) -> None:
        """Telegram shows that somebody types for five seconds, or until a message comes."""
        if signal is not Signal.TYPING:
            return
        try:
            await self.client.send_chat_action(action="typing", **self._sending.where(place))
        except Exception as error:  # noqa: BLE001 - a signal is worth no trouble, whatever went wrong
            log.debug("typing_not_shown", channel=self.name, reason=told(error))

    async def connect(self) -> Sequence[str]:
        """What is wrong with the token, the webhook, the bot's rights."""
        try:
            async with asyncio.timeout(LOGIN):
                return await wrong(self.client, self._settings)
        except TimeoutError:
            return [f"base_url: no answer within {LOGIN:.0f} seconds"]

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """`POST /webhook`, where one is set."""
        return self._webhook.routes(host) if self._settings.webhook_url else ()

    async def _listen(self, host: Host, pause: float) -> float:
        """Until something breaks; the pause to make then."""
        heard = False
        try:
            polling = await self._begin(host)
            while True:
                await polling.round()
                heard = True
        except NotStored as error:
            # The database is in trouble, not Telegram: the core tells of it.
            log.warning("telegram_waits", channel=self.name, reason=type(error).__name__)
        except TelegramError as error:
            host.trouble(self._settings.account, told(error))
            if isinstance(error, RetryAfter):
                return seconds(error)
        except Exception as error:
            log.exception("telegram_fault", channel=self.name)
            host.trouble(self._settings.account, f"fault of the channel: {type(error).__name__}")
        return FIRST_PAUSE if heard else min(2 * pause, LONGEST_PAUSE)

    async def _begin(self, host: Host) -> Polling | Webhook:
        """Logs in. Raises `TelegramError` and `NotStored`."""
        found = await self.client.identity()
        me = Me(self._settings.account, str(found.get("username", "")), groups=self._settings.groups)
        self._menu = self._menu or await self._show_menu()
        if self._settings.webhook_url:
            await self._webhook.begin(self.client, me, host)
            return self._webhook
        host.listening(me.account)
        if self._polling is None:
            polling = Polling(self.client, self._arrivals, host, me)
            await polling.begin()
            self._polling = polling
        return self._polling

    async def _show_menu(self) -> bool:
        """Whether it could; without its menu the bot still does its work."""
        try:
            for language, code in LANGUAGES.items():
                await self.client.set_my_commands(menu(language), language_code=code)
        except TelegramError as error:
            log.warning("menu_not_set", channel=self.name, reason=told(error))
            return False
        return True
