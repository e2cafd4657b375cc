"""responses/<language>/*.yml, in Rasa's response format: the approved words for an intent, a language, a channel."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.config_file import ConfigFile
from bot.errors import Misconfigured, Problem
from channels.words import Choice

#: Frontdesk's own sentences and the placeholders each may use, besides `{brand}`. They stand in every language under
#: `utter_frontdesk_<name>`.
SENTENCES: Mapping[str, frozenset[str]] = {
    "escalated_human": frozenset({"ticket", "when"}),
    "escalated_unsure": frozenset({"ticket", "when"}),
    "escalated_unhelpful": frozenset({"ticket", "when"}),
    "escalated_policy": frozenset({"ticket", "when"}),
    "escalated_risk": frozenset({"ticket", "when"}),
    "escalated_down": frozenset({"ticket", "when"}),
    "escalated_fault": frozenset({"ticket", "when"}),
    "escalated_call": frozenset({"ticket", "when"}),
    "within": frozenset({"wait"}),
    "by": frozenset({"time"}),
    "when_open": frozenset(),
    "back_at": frozenset({"time"}),
    "promise_renewed": frozenset({"when"}),
    "useful_facts": frozenset({"facts"}),
    "ask_first": frozenset({"question"}),
    "ask_next": frozenset({"question"}),
    "ask_again": frozenset({"question"}),
    "clarify": frozenset(),
    "clarify_one": frozenset(),
    "another": frozenset(),
    "no_words": frozenset(),
    "file_only": frozenset(),
    "choice_expired": frozenset(),
    "secret": frozenset(),
    "in_public": frozenset(),
    "in_public_link": frozenset({"link", "hours"}),
    "in_private": frozenset(),
    "glad": frozenset(),
    "how_can_i_help": frozenset(),
    "status": frozenset({"ticket", "state"}),
    "status_unknown": frozenset({"ticket"}),
    "status_none": frozenset(),
    "status_agent": frozenset({"agent"}),
    "status_expected": frozenset({"wait"}),
    "status_late": frozenset({"wait"}),
    "status_page": frozenset({"link"}),
    "solved_page": frozenset({"link"}),
    "rating_ask": frozenset(),
    "rating_1": frozenset(),
    "rating_2": frozenset(),
    "rating_3": frozenset(),
    "rating_4": frozenset(),
    "rating_5": frozenset(),
    "rating_why": frozenset(),
    "rating_thanks": frozenset(),
    "rating_done": frozenset(),
    "rating_reopened": frozenset(),
    "state_new": frozenset(),
    "state_queue": frozenset(),
    "state_open": frozenset(),
    "state_pending": frozenset(),
    "state_on_hold": frozenset(),
    "state_solved": frozenset(),
    "state_closed": frozenset(),
    "language_switched": frozenset(),
    "language_unknown": frozenset({"languages"}),
    "language_name": frozenset(),
    "agent_joined": frozenset({"agent"}),
    "bot_back": frozenset(),
    "solved": frozenset({"ticket"}),
    "handed_on": frozenset({"ticket"}),
    "queue_place": frozenset({"position"}),
    "queue_wait": frozenset({"position", "low", "high"}),
    "button_didnt_help": frozenset(),
    "button_human": frozenset(),
    "button_skip": frozenset(),
    "priority_low": frozenset(),
    "priority_normal": frozenset(),
    "priority_high": frozenset(),
    "priority_urgent": frozenset(),
    "reason_human": frozenset(),
    "reason_unsure": frozenset(),
    "reason_unhelpful": frozenset(),
    "reason_risk": frozenset(),
    "reason_down": frozenset(),
    "reason_fault": frozenset(),
    "reason_policy": frozenset(),
    "reason_call": frozenset(),
    "call_offer": frozenset(),
    "call_when": frozenset({"number", "zone"}),
    "call_full": frozenset(),
    "call_taken": frozenset(),
    "call_under_way": frozenset(),
    "call_booked": frozenset({"number", "time", "zone"}),
    "call_cancelled": frozenset(),
    "call_overdue": frozenset(),
    "call_overdue_full": frozenset(),
    "call_not_reached": frozenset({"attempts"}),
    "call_wrong_number": frozenset(),
    "button_call": frozenset(),
    "button_call_off": frozenset(),
    "reopened": frozenset({"ticket"}),
    "staff_merged": frozenset({"agent", "ticket"}),
    "staff_absorbed": frozenset({"agent", "ticket"}),
    "staff_unsent": frozenset({"agent"}),
    "staff_reopened": frozenset({"agent"}),
    "staff_brief": frozenset({"ticket", "title", "priority", "category", "reason", "who", "speaks", "where", "due"}),
    "staff_tried": frozenset({"intents"}),
    "staff_so_far": frozenset(),
    "staff_call_booked": frozenset({"time"}),
    "staff_call_moved": frozenset({"time"}),
    "staff_call_started": frozenset({"agent"}),
    "staff_call_done": frozenset({"agent"}),
    "staff_call_missed": frozenset({"agent"}),
    "staff_call_cancelled": frozenset({"agent"}),
    "staff_person": frozenset(),
    "staff_bot": frozenset(),
    "staff_edited": frozenset({"who"}),
    "staff_deleted": frozenset({"who"}),
    "staff_taken": frozenset({"agent"}),
    "staff_released": frozenset({"agent"}),
    "staff_solved": frozenset({"agent"}),
    "staff_warned": frozenset({"clock"}),
    "staff_breached": frozenset({"clock"}),
    "clock_first_response": frozenset(),
    "clock_next_response": frozenset(),
    "clock_resolution": frozenset(),
    "staff_again": frozenset({"reason"}),
    "staff_note": frozenset({"agent"}),
    "staff_withheld": frozenset({"error"}),
    "staff_failed": frozenset({"error"}),
    "staff_unknown": frozenset({"error"}),
    "staff_perhaps": frozenset(),
    "staff_refused": frozenset({"ticket", "error"}),
    "staff_stranger": frozenset(),
    "staff_edited_late": frozenset(),
    "staff_strange": frozenset({"command"}),
    "staff_empty": frozenset(),
    "staff_left": frozenset({"files"}),
    "staff_over": frozenset({"ticket"}),
    "staff_with": frozenset({"ticket", "agent"}),
}

OWN = "utter_frontdesk_"

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Variation(BaseModel):
    """One way to say it. Rasa's own keys; `channel` is a channel type, `condition` a slot and its value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = ""
    channel: str | None = None
    image: str | None = None
    buttons: tuple[Mapping[str, str], ...] = ()
    condition: tuple[Mapping[str, Any], ...] = ()
    metadata: Mapping[str, str] = {}
    id: str | None = None


class _Responses(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = "3.1"
    responses: Mapping[str, tuple[Variation, ...]] = {}


@dataclass(frozen=True, slots=True)
class Words:
    """An answer ready to be rendered: Markdown, and the buttons the content brings along."""

    text: str
    choices: Sequence[Choice] = ()


class Answers:
    """All approved words. `where` names the file and line of each key, for those who check."""

    def __init__(self, brand: str, languages: Sequence[str]) -> None:
        self.brand = brand
        self.languages = languages
        self.said: dict[str, dict[str, tuple[Variation, ...]]] = {language: {} for language in languages}
        self.where: dict[tuple[str, str], str] = {}

    def intents(self) -> frozenset[str]:
        """Every intent with an answer in every language."""
        keys = set.intersection(*(set(keys) for keys in self.said.values()))
        return frozenset(key.removeprefix("utter_") for key in keys if not key.startswith(OWN))

    def answer(self, intent: str, language: str, channel: str, slots: Mapping[str, str]) -> Words:
        """The words for an intent. Raises `KeyError` where there are none."""
        fitting = [found for found in self._in(language)[f"utter_{intent}"] if _fits(found, channel, slots)]
        variation = random.choice([found for found in fitting if found.channel] or fitting)  # noqa: S311 - variety, not secrecy
        picture = f"\n\n![{self.title(intent, language)}]({variation.image})" if variation.image else ""
        return Words(
            self._filled(variation.text, {}) + picture,
            tuple(Choice(title=button["title"], payload=button["payload"]) for button in variation.buttons),
        )

    def title(self, intent: str, language: str) -> str:
        """What an intent is called on a button; its name where the content has no title."""
        return next(
            (found.metadata["title"] for found in self._in(language)[f"utter_{intent}"] if "title" in found.metadata),
            intent.replace("_", " "),
        )

    def sentence(self, name: str, language: str, **values: str) -> str:
        """One of Frontdesk's own sentences. `values` are taken as plain text."""
        variation = random.choice(self._in(language)[OWN + name])  # noqa: S311 - variety, not secrecy
        return self._filled(variation.text, values).strip()

    def _in(self, language: str) -> Mapping[str, tuple[Variation, ...]]:
        """The texts of `language`; of the default where a conversation speaks one that is no longer configured."""
        return self.said.get(language) or self.said[self.languages[0]]

    def _filled(self, text: str, values: Mapping[str, str]) -> str:
        known = {"brand": self.brand, **values}
        return PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), text)


def load(folder: Path, brand: str, languages: Sequence[str]) -> Answers:
    """Reads every response file. Raises `Misconfigured` with every file that is not in Rasa's format."""
    answers = Answers(brand, languages)
    problems: list[Problem] = []
    for language in languages:
        files = sorted((folder / language).glob("*.yml"))
        if not files:
            problems.append(Problem(str(folder / language), language, "no answers", "write response files there"))
        for path in files:
            try:
                _read(answers, language, path)
            except Misconfigured as error:
                problems += error.problems
    if problems:
        raise Misconfigured(problems)
    return answers


def _read(answers: Answers, language: str, path: Path) -> None:
    file = ConfigFile(path)
    with file.blamed():
        read = _Responses(**file.values())
    for key, variations in read.responses.items():
        where = f"{language}/{file.line(('responses', key))}"
        if key in answers.said[language]:
            other = answers.where[language, key]
            raise Misconfigured([Problem(where, key, f"stands in {other} as well", "keep one of the two")])
        answers.said[language][key] = variations
        answers.where[language, key] = where


def _fits(variation: Variation, channel: str, slots: Mapping[str, str]) -> bool:
    return variation.channel in (None, channel) and all(
        slots.get(condition["name"]) == str(condition["value"]) for condition in variation.condition
    )
