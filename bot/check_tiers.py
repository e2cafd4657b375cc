"""What can be wrong in the section `tiers`, beside the channels, the domain and the agents there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bot.config_file import ConfigFile
from bot.errors import Problem, StorageDown
from bot.settings import Settings
from bot.store.agent_names import agent_names
from bot.store.database import Database
from bot.tiers import Tier

#: Keys below the tier, what is wrong there, and the remedy.
Finding = tuple[tuple[str, ...], str, str]


def tier_problems(loaded: Settings, file: ConfigFile, intents: Collection[str]) -> Iterator[Problem]:
    """Tiers of the same rank, and names in a tier that stand for nothing."""
    agents = _agents(loaded.database.url) if loaded.tiers else None
    ranks: dict[int, str] = {}
    for name, tier in loaded.tiers.items():
        found = [*_rank(name, tier, ranks), *_names(tier, loaded, intents, agents), *_texts(tier, loaded)]
        for keys, what, remedy in found:
            under = ("tiers", name, *keys)
            yield Problem(file.line(under), ".".join(under), what, remedy)


def _rank(name: str, tier: Tier, ranks: dict[int, str]) -> Iterator[Finding]:
    other = ranks.setdefault(tier.rank, name)
    if other != name:
        yield ("rank",), f"the rank of {other} too", "give each tier its own: the higher one holds"


def _names(tier: Tier, loaded: Settings, intents: Collection[str], agents: Collection[str] | None) -> Iterator[Finding]:
    for channel in sorted(set(tier.channels) - loaded.channels.keys()):
        yield ("channels",), f"no channel {channel!r}", f"name some of {', '.join(loaded.channels)}"
    for intent in sorted(set(tier.perks_with) - set(intents)):
        yield ("perks_with",), f"no intent {intent!r}", "name one of the domain"
    for agent in sorted(set(tier.agents) - set(agents)) if agents is not None else ():
        yield ("agents",), f"{agent} is no agent", "invite them, correct the name, or remove it here"


def _texts(tier: Tier, loaded: Settings) -> Iterator[Finding]:
    for key, texts in (("title", tier.title), ("perks", tier.perks)):
        for language in loaded.languages if texts or key == "title" else ():
            if not texts.get(language):
                yield (key,), f"no text in {language}", f"add a line `{language}:`"


def _agents(url: str) -> Collection[str] | None:
    """Names of the agents; None where the database is not there yet, or cannot tell."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return None
    database = Database(url)
    try:
        return database.transact(agent_names)
    except StorageDown:
        # That the database does not answer is a problem of its own; one of before there were agents names none.
        return None
    finally:
        database.close()
