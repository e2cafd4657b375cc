"""What can be wrong with routing: teams of nothing, and people and tickets in teams that are no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from bot.config_file import ConfigFile
from bot.errors import Problem, StorageDown
from bot.policy import Policy
from bot.settings import Settings
from bot.store import teams
from bot.store.database import Database


def routing_problems(loaded: Settings, file: ConfigFile, rules: Policy | None) -> Iterator[Problem]:
    """Categories and languages that stand nowhere else, and teams that only agents or tickets still name."""
    for name, team in loaded.routing.teams.items():
        keys = ("routing", "teams", name)
        for category in team.categories if rules else ():
            if rules and category not in rules.categories:
                yield _problem(file, (*keys, "categories"), f"no category {category!r}", rules.categories)
        for language in team.languages:
            if language not in loaded.languages:
                yield _problem(file, (*keys, "languages"), f"no language {language!r}", loaded.languages)
    for name, members, tickets in _gone(loaded):
        what = f"no team {name!r}, which {members} agents are in and {tickets} open tickets wait in"
        remedy = "add it under routing.teams, or change theirs; until then everybody gets its tickets"
        yield Problem(file.line(("routing", "teams")), "routing.teams", what, remedy)


def _problem(file: ConfigFile, keys: tuple[str, ...], what: str, known: Collection[str]) -> Problem:
    return Problem(file.line(keys), ".".join(keys), what, f"name some of {', '.join(sorted(known))}")


def _gone(loaded: Settings) -> list[tuple[str, int, int]]:
    """Teams that are no more, with how many agents and open tickets name them."""
    url, scheme = loaded.database.url, "sqlite:///"
    # Opening a file that is not there would make it.
    if url.startswith(scheme) and not Path(url.removeprefix(scheme)).is_file():
        return []
    database = Database(url)
    try:
        found = database.transact(teams.named)
    except StorageDown:
        # Another check tells of a database that cannot be read; one without these tables has nobody in a team.
        return []
    finally:
        database.close()
    return [(name, *counts) for name, counts in sorted(found.items()) if name not in loaded.routing.teams]
