"""The second factor: codes of an app that change every half minute, and codes on paper for when it is lost."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from io import BytesIO

import pyotp
import segno

from bot.store.sessions import digest_of

#: Seconds a code holds.
STEP = 30

RECOVERY_CODES = 10


def new_secret() -> str:
    """What app and Frontdesk share, base32."""
    return pyotp.random_base32()


def address(secret: str, email: str, brand: str) -> str:
    """What an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=f"{brand} Frontdesk")


def picture(text: str) -> bytes:
    """A QR code, SVG, black on white in light and dark, as cameras want it."""
    drawn = BytesIO()
    segno.make(text, micro=False).save(drawn, kind="svg", scale=5, light="white", svgversion=1.1, xmldecl=False)
    return drawn.getvalue()


def step_of(secret: str, typed: str, now: datetime, after: int) -> int | None:
    """The half minute that `typed` is the code of, this one or a neighbour, as clocks differ; only those `after` one.

    None where it is none of them.
    """
    code, current = _plain(typed), int(now.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    for step in (current - 1, current, current + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def recovery_codes() -> list[str]:
    """New codes, each of 60 random bits, in groups that can be read off paper."""
    drawn = [b32encode(secrets.token_bytes(8)).decode().lower() for _ in range(RECOVERY_CODES)]
    return [f"{code[:4]}-{code[4:8]}-{code[8:12]}" for code in drawn]


def digest_of_code(typed: str) -> str:
    """What is stored of a recovery code, however it was typed."""
    return digest_of(_plain(typed))


def _plain(typed: str) -> str:
    return "".join(character for character in typed[:100].lower() if character.isalnum())
