"""What the provider itself says of the configuration, for `frontdesk check --connect`."""

from __future__ import annotations

from datetime import datetime

from bot.access.oidc.attempt import new_attempt
from bot.access.oidc.errors import ProviderAway
from bot.access.oidc.provider import Provider
from bot.access.oidc.transport import Line
from bot.access.settings import Oidc
from bot.config_file import ConfigFile
from bot.errors import Problem

KEYS = ("desk", "oidc", "issuer")


async def provider_problems(oidc: Oidc | None, file: ConfigFile, now: datetime) -> list[Problem]:
    """Asks the provider where to sign in and for its keys. What it thinks of our secret, only a sign-in shows."""
    if oidc is None:
        return []
    try:
        await Provider(oidc, Line(oidc.issuer, oidc.timeout_seconds)).address(new_attempt("/desk"), "/", now)
    except ProviderAway as error:
        remedy = "write it as the provider's own page of discovery does, and let it be reached from here"
        return [Problem(file.line(KEYS), ".".join(KEYS), str(error), remedy)]
    return []
