"""What there is to choose from where people change a ticket by hand, and the form of what they choose."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import domain
from bot.config_file import ConfigFile
from bot.errors import Refused
from bot.host import clean_text
from bot.policy import Policy
from bot.store.ticketing import RANK

#: Characters of a title, of a team's name and of a tag, and how many tags.
LONGEST_TITLE, LONGEST_TEAM, LONGEST_TAG, MOST_TAGS = 200, 60, 40, 20


@dataclass(frozen=True, slots=True)
class Choices:
    """The categories and intents there are. Methods return what is to be written, or raise `Refused`."""

    categories: Collection[str] = ()
    intents: Collection[str] = ()

    def category(self, name: str) -> str:
        """One there is."""
        return _one_of("category", name, self.categories)

    def intent(self, name: str) -> str:
        """One there is."""
        return _one_of("intent", name, self.intents)


def load(intents: Path, policy: Policy) -> Choices:
    """Those of the policy and of the Rasa project in the folder `intents`. Raises `Misconfigured`."""
    return Choices(tuple(policy.categories), tuple(domain.intents(ConfigFile(intents / domain.FILE))))


def priority(name: str) -> str:
    """One there is."""
    return _one_of("priority", name, RANK)


def title(text: str) -> str:
    """In one line, not empty."""
    said = " ".join(clean_text(text).split())
    if not 0 < len(said) <= LONGEST_TITLE:
        raise Refused(f"a title has 1 to {LONGEST_TITLE} characters, this one {len(said)}")
    return said


def team(name: str) -> str:
    """A team's name; empty for everybody."""
    said = clean_text(name).strip()
    if len(said) > LONGEST_TEAM:
        raise Refused(f"a team's name has at most {LONGEST_TEAM} characters")
    return said


def tags(names: Sequence[str]) -> list[str]:
    """In small letters with - for blanks, each once, in order."""
    said = sorted({"-".join(clean_text(name).casefold().split()) for name in names} - {""})
    if len(said) > MOST_TAGS:
        raise Refused(f"a ticket has at most {MOST_TAGS} tags, these are {len(said)}")
    if long := next((tag for tag in said if len(tag) > LONGEST_TAG), None):
        raise Refused(f"a tag has at most {LONGEST_TAG} characters, {long[:LONGEST_TAG]}... has {len(long)}")
    return said


def _one_of(what: str, name: str, known: Collection[str]) -> str:
    if name not in known:
        shown = f"one of {', '.join(known)}" if len(known) <= MOST_TAGS else "see the list of them"
        raise Refused(f"there is no {what} {clean_text(name)[:LONGEST_TAG]!r}; {shown}")
    return name
