"""Passwords: what is accepted, how it is kept, and a check that takes as long for nobody as for somebody."""

from __future__ import annotations

import asyncio
import secrets
from functools import cached_property
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.errors import Refused

#: Characters.
SHORTEST = 10
LONGEST = 200
DIFFERENT = 4

#: Hashes at a time: each takes 64 MiB, and whoever tries thousands of passwords must not take them all.
AT_ONCE = 2


class WeakPassword(Refused):
    """Too short or too long, the name, the e-mail address, or the same few characters."""


def check(password: str, *not_these: str) -> None:
    """Raises `WeakPassword`; `not_these` are the name and the e-mail address."""
    plain = password.casefold().strip()
    if not SHORTEST <= len(password) <= LONGEST or plain in {word.casefold().strip() for word in not_these}:
        raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters, and is no name and no e-mail address")
    if len(set(plain)) < DIFFERENT:
        raise WeakPassword(f"a password has at least {DIFFERENT} different characters")


class Passwords:
    """Argon2 off the event loop, as hard as `hasher` makes it."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """What is stored of it."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `stored` is the hash of `password`; never for None, which takes as long."""
        async with self._room:
            return await asyncio.to_thread(self._matches, stored, password[: LONGEST + 1])

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe())

    def _matches(self, stored: str | None, password: str) -> bool:
        # Made before it is known whether it is needed.
        nobody = self._nobody
        try:
            self._hasher.verify(stored or nobody, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None


def _plain(password: str) -> str:
    """The same characters however a keyboard puts them together."""
    return normalize("NFKC", password)
