"""Errors of signing in and of the agents' page, in the words of the desk."""

from __future__ import annotations

from bot.access.names import BadEmail, BadName
from bot.access.passwords import SHORTEST, WeakPassword
from bot.access.scopes import NoScope
from bot.access.signing_in import WrongPassword
from bot.desk.texts import Words
from bot.store.agents import EmailTaken, LastAdmin, NameTaken

NAMES: dict[type[Exception], str] = {
    BadName: "bad_name",
    BadEmail: "bad_email",
    WeakPassword: "weak_password",
    WrongPassword: "wrong_password",
    NoScope: "token_no_scope",
    NameTaken: "name_taken",
    EmailTaken: "email_taken",
    LastAdmin: "last_admin",
}

#: Statuses with a sentence of their own.
STATUSES = (403, 404, 409, 413, 422, 503)


def told(error: Exception, status: int, words: Words) -> str:
    """What went wrong, for the person who asked."""
    name = NAMES.get(type(error)) or (f"status_{status}" if status in STATUSES else "status_other")
    return words(f"access.{name}", shortest=SHORTEST)
