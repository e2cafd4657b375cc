"""What can be wrong in the section `call_backs`, beside the tiers, the domain and escalation.yml."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.config_file import ConfigFile
from bot.errors import Problem
from bot.policy import FILE, Policy
from bot.settings import Settings
from bot.sla.calendar import ALWAYS

UNDER = "call_backs"


def call_problems(loaded: Settings, file: ConfigFile, rules: Policy, intents: Collection[str]) -> Iterator[Problem]:
    """Names that stand for nothing; none where nobody is called."""
    section = loaded.call_backs
    if not section.allowed:
        return
    yield from _strange(loaded, file, rules)
    if section.calendar not in {ALWAYS.name, *loaded.calendars}:
        what = f"no calendar {section.calendar!r}"
        yield _problem(file, ("calendar",), what, f"add it under calendars, or write {ALWAYS.name}")
    if section.intent not in intents:
        yield _problem(file, ("intent",), f"no intent {section.intent!r}", "name the one of who wants to be called")
        return
    for key, fact in (("number_fact", section.number_fact), ("account_fact", section.account_fact)):
        if fact not in rules.facts:
            yield _problem(file, (key,), f"no fact {fact!r}", f"add it under facts in {FILE}")
    asked = rules.categories[rules.category_of(section.intent)].facts
    if section.number_fact not in asked:
        what = f"{section.number_fact} is not asked for"
        yield _problem(
            file, ("number_fact",), what, f"add it to the facts of the category of {section.intent} in {FILE}"
        )


def _strange(loaded: Settings, file: ConfigFile, rules: Policy) -> Iterator[Problem]:
    for place, rule in enumerate(loaded.call_backs.allowed):
        for tier in sorted(set(rule.tiers) - loaded.tiers.keys()):
            yield _problem(file, ("allowed", place, "tiers"), f"no tier {tier!r}", "add it under tiers")
        for category in sorted(set(rule.categories) - rules.categories.keys()):
            what = f"no category {category!r}"
            yield _problem(file, ("allowed", place, "categories"), what, f"name one of {FILE}")


def _problem(file: ConfigFile, keys: tuple[str | int, ...], what: str, remedy: str) -> Problem:
    under = (UNDER, *keys)
    return Problem(file.line(under), ".".join(map(str, under)), what, remedy)
