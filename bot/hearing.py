"""What people wrote in a turn, as a decision sees it, and the language they are answered in."""

from __future__ import annotations

from bot.answers import Answers
from bot.callbacks.talk import CallRules
from bot.dialogue import Dialogue
from bot.language import Languages
from bot.redaction import marked, unmarked
from bot.scores import Scores, question
from bot.situation import Situation
from bot.store.turn import Turn


class Hearing:
    """For those to whom `answers` are said. Tickets are called `ticket_prefix` and a number."""

    def __init__(self, answers: Answers, languages: Languages, ticket_prefix: str) -> None:
        self._languages = languages
        self._ticket_prefix = ticket_prefix
        self._scores = Scores(answers)
        self._answerable = answers.intents()

    def situation(self, turn: Turn, dialogue: Dialogue, calls: CallRules | None) -> Situation:
        """The turn, with what is remembered of those before; `calls` is None where nobody may be called."""
        pressed = [message.choice for message in turn.messages if message.choice]
        texts = [unmarked(message.text) for message in turn.messages]
        text = "\n".join(texts)
        return Situation(
            owner=turn.owner,
            texts=tuple(filter(None, texts)),
            dialogue=dialogue,
            choice=pressed[-1] if pressed and pressed[-1] in turn.offered else None,
            pressed=bool(pressed),
            public=turn.place.public,
            files=sum(message.files for message in turn.messages),
            score=self._scores.read(text) if dialogue.rating else None,
            asks=question(text),
            secret=any(marked(message.text) for message in turn.messages),
            answerable=self._answerable,
            ticket_prefix=self._ticket_prefix,
            calls=calls,
        )

    def language(self, turn: Turn, situation: Situation) -> str:
        """That of what was written, unless a button was pressed or the person asked for one."""
        pinned = self._languages.known(situation.dialogue.pinned)
        spoken = pinned or self._spoken(turn)
        if situation.pressed or pinned:
            return spoken or self._languages.default
        return self._languages.of(situation.text, spoken)

    def _spoken(self, turn: Turn) -> str | None:
        """The conversation's language, else the platform's guess; None where nobody knows."""
        hints = (found for message in turn.messages if (found := self._languages.known(message.language)))
        return self._languages.known(turn.language) or next(hints, None)
