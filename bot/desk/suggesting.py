"""What an agent may want to say next: a reply of the bot that was held back, else answers to the last message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.answers import Answers
from bot.desk.moments import share
from bot.desk.texts import Words
from bot.store.opening import Line
from bot.store.tables import MessageState
from channels.words import Author

#: As many as an agent takes in at a glance.
MOST = 3

#: Answers to what was less likely meant only distract.
LEAST = 0.05

#: Characters of a reply's beginning that stand for it.
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Markdown for the box, with what it is and why it is offered."""

    title: str
    text: str
    why: str


def suggestions(said: Sequence[Line], answers: Answers, words: Words, language: str) -> list[Suggestion]:
    """For the newest message of the user; none where an agent has answered since. `said` is oldest first."""
    newest = next((place for place, each in _backwards(said) if each.message.author is Author.USER), None)
    if newest is None or any(each.message.author is Author.AGENT for each in said[newest:]):
        return []
    held = _held_back(said[newest:], words)
    return list(islice([*held, *_answering(said[newest], answers, words, language)], MOST))


def _backwards(said: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    return ((place, said[place]) for place in range(len(said) - 1, -1, -1))


def _held_back(said: Sequence[Line], words: Words) -> Iterator[Suggestion]:
    for each in said:
        if each.message.state is MessageState.WITHHELD and each.message.author is Author.BOT:
            text = each.message.text
            yield Suggestion(text[:LONGEST_TITLE], text, words("desk.suggestion_withheld"))


def _answering(asked: Line, answers: Answers, words: Words, language: str) -> Iterator[Suggestion]:
    message = asked.message
    known = answers.intents()
    for intent, confidence in (message.understood or {}).get("ranking", []):
        if intent in known and confidence >= LEAST:
            text = answers.answer(intent, language, message.channel, {"language": language}).text
            why = words("desk.suggestion_answer", share=share(confidence, words.language))
            yield Suggestion(answers.title(intent, words.language), text, why)
