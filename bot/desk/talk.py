"""A ticket's conversation as the desk shows it: messages and lines of the timeline, in the order they happened.

What a user wrote is text and stays text; Markdown is rendered for approved answers and agents alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from bot.answers import Answers
from bot.desk.moments import share, size
from bot.desk.texts import Words
from bot.rendering import render
from bot.store.opening import Line
from bot.store.tables import File, MessageState, TicketEvent
from channels.words import Author
from channels.words import Markup as Kind

#: Lines that only say that a message came or went, which the message itself shows.
ABOUT_MESSAGES = frozenset({"message", "replied"})

#: Intents offered for one click under a message.
MOST_GUESSES = 3

#: Pictures a browser shows by itself; whatever else is saved.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

#: What the words of a line may name that not every line of its kind has.
NOTHING = dict.fromkeys(("to", "what", "error", "other", "score"), "")

GOES_OUT = frozenset({Author.BOT, Author.AGENT, Author.SYSTEM})


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent a message may have meant."""

    intent: str
    title: str
    share: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Attached:
    """A file under a message."""

    id: int
    name: str
    size: str
    picture: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A message (`kind` "said"), a note, or another line of the timeline."""

    id: int
    kind: str
    at: datetime
    text: str
    who: str = ""
    actor: str = ""
    side: str = ""
    state: str = ""
    channel: str = ""
    html: Markup | None = None
    beside: Sequence[tuple[str, str]] = ()
    files: Sequence[Attached] = ()
    shortened: bool = False
    guesses: Sequence[Guess] = ()
    delivery: bool = False
    error: str = ""
    undo: bool = False
    #: In another language than the agent's.
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts a ticket's messages and lines into the words of one agent."""

    words: Words
    answers: Answers
    #: What a user without a name is called: the handle.
    somebody: str = ""
    #: Intents agents corrected, by message.
    corrected: Mapping[int, str] = field(default_factory=dict)

    def entries(self, said: Collection[Line], events: Collection[TicketEvent]) -> list[Entry]:
        """Both, oldest first."""
        shown = [*map(self._said, said), *filter(None, map(self._line, events))]
        # A line that tells of a message stands before it.
        return sorted(shown, key=lambda entry: (entry.at, entry.kind == "said"))

    def _said(self, said: Line) -> Entry:
        message = said.message
        out = message.author in GOES_OUT
        return Entry(
            id=message.id,
            kind="said",
            at=message.created_at,
            text=message.text,
            html=Markup(render(message.text, Kind.HTML)) if out else None,  # noqa: S704 - `render` has cleaned it
            who=self._who(said),
            side=f"out {message.author.value}" if out else "in",
            state=message.state.value,
            channel=message.channel,
            beside=tuple(said.beside.items()),
            files=[self._file(file) for file in said.files],
            shortened=said.shortened,
            guesses=() if out else tuple(self._guesses(said)),
            delivery=out and message.state is not MessageState.NOTE,
            error=message.error or "",
            foreign=bool(message.language) and message.language != self.words.language,
            undo=message.author is Author.AGENT and message.state is MessageState.QUEUED,
        )

    def _who(self, said: Line) -> str:
        author, name = said.message.author, said.message.author_name
        if author is Author.USER:
            return name or self.somebody or self.words("desk.somebody")
        return self.words("desk.bot") if author is Author.BOT else name or self.words("desk.notice")

    def _guesses(self, said: Line) -> Iterator[Guess]:
        message = said.message
        chosen = self.corrected.get(message.id, message.intent or "")
        ranking: Sequence[Sequence[object]] = (message.understood or {}).get("ranking", [])
        shown = [(str(intent), float(str(confidence))) for intent, confidence in ranking[:MOST_GUESSES]]
        if chosen and chosen not in dict(shown):
            shown = [(chosen, 0.0), *shown[: MOST_GUESSES - 1]]
        language = self.words.language
        for intent, confidence in shown:
            yield Guess(intent, self.title(intent), share(confidence, language) if confidence else "", intent == chosen)

    def title(self, intent: str) -> str:
        """What an intent is called: its title where it has an answer, else its name."""
        if intent in self.answers.intents():
            return self.answers.title(intent, self.words.language)
        return intent.replace("_", " ")

    def _file(self, file: File) -> Attached:
        return Attached(file.id, file.name, size(file.size, self.words.language), file.media_type in PICTURES)

    def _line(self, event: TicketEvent) -> Entry | None:
        if event.kind in ABOUT_MESSAGES:
            return None
        text = str(event.detail.get("text", "")) if event.kind == "note" else self._told(event)
        return Entry(event.id, event.kind, event.at, text, actor=event.actor)

    def _kind(self, event: TicketEvent) -> str:
        if event.kind == "assigned":
            return "assigned_to" if event.detail.get("to") else "put_back"
        return event.kind

    def _told(self, event: TicketEvent) -> str:
        name = f"desk.event_{self._kind(event)}"
        values = {**NOTHING, **event.detail, "actor": event.actor, "kind": event.kind}
        return self.words(name if self.words.has(name) else "desk.event_other", **values)
