"""Everything that can be wrong before anything runs, found at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from bot import answers, domain, policy, settings
from bot.answers import OWN, PLACEHOLDER, SENTENCES, Answers, Variation
from bot.check_calls import call_problems
from bot.check_database import database_problems
from bot.check_policy import policy_problems, risk_problems
from bot.check_routing import routing_problems
from bot.check_tiers import tier_problems
from bot.config_file import ConfigFile
from bot.decision import DIDNT_HELP, HUMAN, INTENT
from bot.errors import Misconfigured, Problem
from bot.policy import SPECIAL
from bot.settings import Settings, secrets_in_file
from channels import NoSuchChannel, channel_class, registry
from channels.base import Channel, ChannelSettings
from channels.staff import StaffSettings

#: Characters a button's label may have; Telegram and Discord cut longer ones.
LONGEST_TITLE = 40

Loaded = TypeVar("Loaded")


def problems(file: ConfigFile) -> list[Problem]:
    """All problems of a configuration and of the content it names; the working folder must be the file's."""
    found: list[Problem] = []
    loaded = _collect(found, lambda: settings.load(file))
    if loaded is None:
        return found
    found += [*channel_problems(loaded, file), *database_problems(loaded, file)]
    words = _collect(found, lambda: answers.load(loaded.folders.responses, loaded.brand.name, loaded.languages))
    rules = _collect(found, lambda: policy.load(loaded.folders.responses))
    found += routing_problems(loaded, file, rules)
    read = _collect(found, lambda: ConfigFile(loaded.folders.intents / domain.FILE))
    if read:
        found += domain.problems(read)
        intents = domain.intents(read)
        found += tier_problems(loaded, file, intents)
        if words:
            found += answer_problems(words, intents)
        if rules:
            rules_file = ConfigFile(loaded.folders.responses / policy.FILE)
            found += policy_problems(rules, rules_file, intents, loaded.languages)
            found += risk_problems(rules, domain.risks(read), intents)
            found += call_problems(loaded, file, rules, intents)
    return found


def channel_problems(loaded: Settings, file: ConfigFile) -> Iterator[Problem]:
    """Sections of unknown type, with unknown keys, without their secrets, or with secrets written out."""
    for name, section in loaded.channels.items():
        try:
            found = channel_settings(name, section, file)
        except Misconfigured as error:
            yield from error.problems
        else:
            yield from _staff_problems(name, getattr(found, "staff", None), loaded, file)


def _staff_problems(name: str, staff: object, loaded: Settings, file: ConfigFile) -> Iterator[Problem]:
    for source in staff.sources if isinstance(staff, StaffSettings) else ():
        if source not in loaded.channels:
            where, known = file.line(("channels", name, "staff", "from")), ", ".join(loaded.channels)
            yield Problem(where, f"channels.{name}.staff.from", f"no channel {source!r}", f"name some of {known}")


def channel_settings(name: str, section: dict[str, object], file: ConfigFile) -> ChannelSettings:
    """A channel's own settings. Raises `Misconfigured`."""
    type_ = str(section.get("type", name))
    try:
        model = channel_class(type_).Settings
    except NoSuchChannel as error:
        where = file.line(("channels", name, "type"))
        remedy = f"set type to one of {', '.join(sorted(registry))}, or to module:Class of your own"
        raise Misconfigured([Problem(where, f"channels.{name}.type", str(error), remedy)]) from error
    written = secrets_in_file(file, model, ("channels", name))
    if written:
        raise Misconfigured(written)
    with file.blamed(("channels", name)):
        return model.model_validate({**section, "type": type_})


def built(loaded: Settings, file: ConfigFile) -> dict[str, Channel]:
    """Every configured channel, by name. Raises `Misconfigured`."""
    channels = {}
    for name, section in loaded.channels.items():
        settings = channel_settings(name, section, file)
        channels[name] = channel_class(settings.type)(name, settings)
    return channels


def answer_problems(words: Answers, intents: dict[str, str]) -> Iterator[Problem]:
    """Intents without an answer, answers without an intent, sentences left out, and what is wrong inside an answer."""
    pressable = {INTENT + intent for intent in intents.keys() - SPECIAL} | {HUMAN, DIDNT_HELP}
    expected = {f"utter_{intent}": where for intent, where in intents.items() if intent not in SPECIAL}
    expected |= {OWN + name: "bot/answers.py" for name in SENTENCES}
    for language, said in words.said.items():
        for key in sorted(expected.keys() - said.keys()):
            yield Problem(expected[key], key, f"no answer in {language}", f"write it in responses/{language}/")
        for key in sorted(said.keys() - expected.keys()):
            where = words.where[language, key]
            yield Problem(
                where, key, "an answer without an intent", "add the intent to the domain, or remove the answer"
            )
        for key in sorted(said.keys() & expected.keys()):
            yield from _text_problems(words, language, key)
            yield from _button_problems(words, language, key, pressable)


def _text_problems(words: Answers, language: str, key: str) -> Iterator[Problem]:
    where = words.where[language, key]
    allowed = {"brand", *SENTENCES.get(key.removeprefix(OWN), ())}
    if not any(_fits_everywhere(variation) for variation in words.said[language][key]):
        yield Problem(where, key, "nothing to say on some channel", "add a variation without channel and condition")
    for variation in words.said[language][key]:
        for name in sorted(set(PLACEHOLDER.findall(variation.text)) - allowed):
            known = ", ".join(f"{{{one}}}" for one in sorted(allowed))
            yield Problem(where, key, f"unknown placeholder {{{name}}}", f"use one of {known}")
        if not variation.text.strip():
            yield Problem(where, key, "an empty answer", "write its text")
        if len(variation.metadata.get("title", "")) > LONGEST_TITLE:
            yield Problem(where, key, f"a title over {LONGEST_TITLE} characters", "shorten it: it is a button")


def _button_problems(words: Answers, language: str, key: str, pressable: Collection[str]) -> Iterator[Problem]:
    where = words.where[language, key]
    for button in (button for variation in words.said[language][key] for button in variation.buttons):
        title, payload = button.get("title", ""), button.get("payload", "")
        if not title.strip() or len(title) > LONGEST_TITLE:
            yield Problem(where, key, "a button without a title", f"give it one of at most {LONGEST_TITLE} characters")
        if payload not in pressable:
            remedy = f"write {INTENT} and an intent that has an answer, {HUMAN} or {DIDNT_HELP}"
            yield Problem(where, key, f"a button that does nothing: payload {payload!r}", remedy)


def _fits_everywhere(variation: Variation) -> bool:
    return variation.channel is None and not variation.condition


def _collect(found: list[Problem], load: Callable[[], Loaded]) -> Loaded | None:
    try:
        return load()
    except Misconfigured as error:
        found += error.problems
        return None
