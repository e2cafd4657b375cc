"""What can be wrong in escalation.yml, by itself and beside the domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.config_file import ConfigFile
from bot.decision import DIDNT_HELP, HUMAN
from bot.domain import Risk
from bot.errors import Problem
from bot.policy import FILE, GENERAL, RISK, SPECIAL, TONE, Policy, Texts, bare

#: Keys that lead to something in escalation.yml, what is wrong with it, and the remedy.
Finding = tuple[tuple[str, ...], str, str]


def policy_problems(
    rules: Policy, file: ConfigFile, intents: dict[str, str], languages: Iterable[str]
) -> Iterator[Problem]:
    """Names in escalation.yml that stand nowhere else, texts and phrases that lack a language."""
    wanted = list(languages)
    found = [*_strange_names(rules, intents), *_strange_phrases(rules, intents, wanted), *_untranslated(rules, wanted)]
    return (Problem(file.line(keys), ".".join(keys), what, remedy) for keys, what, remedy in found)


def _strange_names(rules: Policy, intents: dict[str, str]) -> Iterator[Finding]:
    if GENERAL not in rules.categories:
        yield ("categories", GENERAL), "missing", "add it: escalations of no topic go there"
    for intent in sorted(rules.intents.keys() - intents.keys()):
        yield ("intents", intent), "not in the domain", "add it there or remove it here"
    for intent, rule in rules.intents.items():
        if rule.category not in rules.categories:
            yield ("intents", intent), f"no category {rule.category!r}", "add it under categories"
    for own in sorted({RISK, TONE} & rules.facts.keys()):
        yield ("facts", own), f"a name that tickets use for the {own}", "call the fact something else"
    for name, category in rules.categories.items():
        for fact in sorted(set(category.facts) - rules.facts.keys()):
            yield ("categories", name, "facts"), f"no fact {fact!r}", "add it under facts"


def risk_problems(rules: Policy, risks: Mapping[str, Risk], intents: Mapping[str, str]) -> Iterator[Problem]:
    """Intents with a risk that are nobody's business; `intents` says where each stands."""
    for intent in sorted(risks.keys() - rules.intents.keys()):
        yield Problem(intents[intent], intent, "a risk without a category", f"add it under intents in {FILE}")


def _strange_phrases(rules: Policy, intents: Mapping[str, str], languages: Sequence[str]) -> Iterator[Finding]:
    meant = {HUMAN, DIDNT_HELP, *(intents.keys() - SPECIAL)}
    for intent in rules.phrases:
        if intent not in meant:
            yield ("phrases", intent), "no intent that has an answer", "name one of the domain, or remove it here"
    for section, meanings in (("phrases", rules.phrases), ("tones", rules.tones)):
        for name, said in meanings.items():
            yield from _strange_words((section, name), said, languages)


def _strange_words(
    keys: tuple[str, ...], said: Mapping[str, tuple[str, ...]], languages: Sequence[str]
) -> Iterator[Finding]:
    for language in languages:
        if not said.get(language):
            yield keys, f"no phrase in {language}", f"add some under `{language}:`"
    for language, phrases in said.items():
        if not all(map(bare, phrases)):
            yield (*keys, language), "a phrase without words", "remove it: it would mean anything"


def _untranslated(rules: Policy, languages: Sequence[str]) -> Iterator[Finding]:
    return (
        (keys, f"no text in {language}", f"add a line `{language}:`")
        for keys, texts in _texts(rules)
        for language in languages
        if not texts.get(language)
    )


def _texts(rules: Policy) -> Iterator[tuple[tuple[str, ...], Texts]]:
    for name, category in rules.categories.items():
        yield ("categories", name, "title"), category.title
    for name, fact in rules.facts.items():
        yield ("facts", name, "title"), fact.title
        yield ("facts", name, "ask"), fact.ask
    for name, texts in rules.checks.items():
        yield ("checks", name), texts
    if rules.how_long:
        yield ("how_long",), {language: " ".join(filter(bare, said)) for language, said in rules.how_long.items()}
