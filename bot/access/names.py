"""What somebody may be called, and where their mail goes."""

from __future__ import annotations

from unicodedata import category, normalize

from email_validator import EmailNotValidError, validate_email

from bot.errors import Refused
from bot.store.audit import NOBODY, OPERATOR

#: Characters.
LONGEST = 60

#: Teams, skills or languages of one agent.
MOST_WORDS = 50

#: Timelines and the audit trail call somebody else so.
RESERVED = frozenset({"bot", "user", "frontdesk", OPERATOR, NOBODY})


class BadName(Refused):
    """No name: empty, too long, with signs that cannot be seen, or one that Frontdesk uses itself."""


class BadEmail(Refused):
    """No e-mail address."""


def name_of(typed: str) -> str:
    """The name as it is kept. Raises `BadName`."""
    name = " ".join(normalize("NFKC", typed).split())
    # Control and formatting signs could make one name look like another.
    hidden = any(category(character)[0] == "C" for character in name)
    if not name or len(name) > LONGEST or hidden or name.casefold() in RESERVED:
        raise BadName(f"a name has 1 to {LONGEST} visible characters, and is none of {', '.join(sorted(RESERVED))}")
    return name


def email_of(typed: str) -> str:
    """The address as it is kept, in small letters. Raises `BadEmail`."""
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise BadEmail(f"this is no e-mail address: {error}") from error


def words_of(typed: str) -> list[str]:
    """Teams, skills or languages, typed with commas between them: each once, as typed, at most `MOST_WORDS`."""
    plain = "".join(character for character in typed[: MOST_WORDS * LONGEST] if character.isprintable())
    found = [" ".join(word.split())[:LONGEST] for word in plain.replace("，", ",").split(",")]
    return list(dict.fromkeys(word for word in found if word))[:MOST_WORDS]
