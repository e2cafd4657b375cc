"""Buttons. One carries 64 bytes; a longer payload is named by its digest and found again in what was shown."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from channels.words import Choice

#: Bytes in a button.
MOST_BYTES = 64
#: Stands before a digest; a payload that itself begins so is hashed as well.
HASHED = "sha256:"


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    """One button a row: titles are sentences."""
    rows = [[InlineKeyboardButton(choice.title, callback_data=shortened(choice.payload))] for choice in choices]
    return InlineKeyboardMarkup(rows) if rows else None


def shortened(payload: str) -> str:
    """What a button carries for `payload`: itself, where it fits."""
    if len(payload.encode()) <= MOST_BYTES and not payload.startswith(HASHED):
        return payload
    return HASHED + sha256(payload.encode()).hexdigest()[:48]
