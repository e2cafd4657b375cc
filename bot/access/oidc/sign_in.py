"""There and back: what the desk's pages need of a provider."""

from __future__ import annotations

from datetime import datetime

from bot.access.oidc.attempt import Attempt, Attempts, new_attempt
from bot.access.oidc.identity import Identity
from bot.access.oidc.provider import Provider
from bot.access.oidc.transport import Line
from bot.access.settings import Oidc


class SignIn:
    """Signing in with the provider of `oidc`; `key` signs the cookie that goes along."""

    def __init__(self, oidc: Oidc, key: bytes) -> None:
        self.oidc = oidc
        self._provider = Provider(oidc, Line(oidc.issuer, oidc.timeout_seconds))
        self._attempts = Attempts(key)

    async def begin(self, wanted: str, back: str, now: datetime) -> tuple[str, str]:
        """Where to send the browser, and the cookie it is to keep. Raises `ProviderAway`."""
        attempt = new_attempt(wanted)
        return await self._provider.address(attempt, back, now), self._attempts.cookie(attempt)

    def opened(self, cookie: str, state: str) -> Attempt:
        """The attempt that came back. Raises `NotBelieved`."""
        return self._attempts.opened(cookie, state)

    async def identity(self, code: str, attempt: Attempt, back: str, now: datetime) -> Identity:
        """Whom the provider vouches for. Raises `ProviderAway`, `ProviderRefused`, `NotBelieved`, `NotAnAgent`."""
        return await self._provider.identity(code, attempt, back, now)
