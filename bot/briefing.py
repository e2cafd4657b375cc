"""What a staff room is shown of a ticket, in the language of the desk. What people wrote is text, never formatting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from babel.dates import format_datetime

from bot.answers import Answers
from bot.store.mirroring import Drafted
from bot.store.reading import Said, TicketView
from bot.store.tables import MessageState, TicketEvent
from channels.words import Author

#: Messages of the conversation so far that are shown, and characters of each.
MOST_SAID, LONGEST_SAID = 12, 1_500

#: What Markdown would take for formatting.
FORMATTING = re.compile(r"([\\`*_~|\[\]<>()#!])")
ADDRESS = re.compile(r"(https?://[^\s<>\[\]()`*|\\]+)")
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
#: What would begin a list, a heading's line or a quotation.
BEGINNING = re.compile(r"^(\d{1,9})([.)])(?=\s)|^([-+=])", re.MULTILINE)


class Briefing:
    """Implements `bot.store.mirroring.Writer` and what else a room is told. Values are escaped here."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._language = answers.languages[0]

    def told(self, name: str, **values: str) -> str:
        """A sentence for staff, with `values` as text."""
        shown = {key: escaped(value) for key, value in values.items()}
        return self._answers.sentence(name, self._language, **shown)

    def brief(self, view: TicketView) -> Drafted:
        """What is known, and the newest of what was said, with its files."""
        said = [each for each in view.said if each.message.state is not MessageState.NOTE][-MOST_SAID:]
        talk = [self._quoted(each, LONGEST_SAID) for each in said]
        text = "\n\n".join([self._known(view), self.told("staff_so_far"), *talk])
        return Drafted(text, [file.id for each in said for file in each.files])

    def line(self, event: TicketEvent, said: Said | None) -> Drafted | None:
        """See `Writer`."""
        text = self._about(event, said) if said else self._change(event)
        return Drafted(text, [file.id for file in said.files] if said else ()) if text else None

    def undelivered(self, state: MessageState, error: str) -> Drafted:
        """See `Writer`."""
        return Drafted(self.told(f"staff_{state.value}", error=error))

    def _about(self, event: TicketEvent, said: Said) -> str:
        """A line that is about a message; "" for others."""
        match event.kind:
            case "message" | "replied":
                return self._quoted(said)
            case "edited":
                return f"{self.told('staff_edited', who=self._who(said))}\n{self._quoted(said)}"
            case "deleted":
                return self.told("staff_deleted", who=self._who(said))
            case "unsent":
                return f"{self.told('staff_unsent', agent=event.actor)}\n{self._quoted(said, LONGEST_SAID)}"
            case "withheld" | "failed" | "unknown":
                error = str(event.detail.get("error") or "")
                return f"{self.told(f'staff_{event.kind}', error=error)}\n\n{self._quoted(said)}"
        return ""

    def _change(self, event: TicketEvent) -> str:
        match event.kind:
            case "note":
                note = escaped(str(event.detail.get("text", "")))
                return f"{self.told('staff_note', agent=event.actor)}\n{note}"
            case "taken" | "released" | "solved":
                return self.told(f"staff_{event.kind}", agent=event.actor)
            case "escalated" | "reopened" if "reason" in event.detail:
                return self.told("staff_again", reason=self._reason(str(event.detail["reason"])))
            case "call_booked" | "call_moved" as kind:
                at = datetime.fromisoformat(event.detail["slot_at"]).astimezone()
                return self.told(f"staff_{kind}", time=format_datetime(at, "short", locale=self._language))
            case "call_started" | "call_done" | "call_missed" | "call_cancelled" as kind:
                return self.told(f"staff_{kind}", agent=event.actor)
        return self._elsewhere(event)

    def _elsewhere(self, event: TicketEvent) -> str:
        """What was done where there are more ways to than in a room."""
        match event.kind:
            case "assigned" if event.detail.get("to"):
                return self.told("staff_taken", agent=str(event.detail["to"]))
            case "reopened":
                return self.told("staff_reopened", agent=event.actor)
            case "merged" | "absorbed":
                return self.told(f"staff_{event.kind}", agent=event.actor, ticket=str(event.detail["other"]))
            case "warned" | "breached" if event.detail.get("notify"):
                return self.told(f"staff_{event.kind}", clock=self.told(f"clock_{event.detail['clock']}"))
        return ""

    def _known(self, view: TicketView) -> str:
        ticket, contact = view.ticket, view.contact
        name = f"{contact.name or self.told('staff_person')} {contact.tier}".strip()
        where = ", ".join(f"{address.channel} {address.handle}" for address in view.addresses)
        due = format_datetime(ticket.promised_at.astimezone(), "short", locale=self._language)
        known = self.told(
            "staff_brief",
            ticket=ticket.number,
            title=ticket.title,
            priority=self.told(f"priority_{ticket.priority}"),
            category=ticket.category,
            reason=self._reason(ticket.reason),
            who=name,
            speaks=ticket.language,
            where=where,
            due=due,
        )
        return "\n".join([known, *self._facts(view)])

    def _facts(self, view: TicketView) -> Iterable[str]:
        for name, value in view.ticket.facts.items():
            yield f"**{escaped(name)}**: {escaped(value)}"
        if view.ticket.tried:
            yield self.told("staff_tried", intents=", ".join(view.ticket.tried))
        if view.ticket.assignee:
            yield self.told("staff_taken", agent=view.ticket.assignee)

    def _reason(self, reason: str) -> str:
        return self.told(f"reason_{reason}")

    def _quoted(self, said: Said, longest: int | None = None) -> str:
        message = said.message
        text = message.text if longest is None or len(message.text) <= longest else f"{message.text[:longest]}…"
        # An approved answer and an agent's words are Markdown already.
        shown = escaped(text) if message.author is Author.USER else text
        return f"**{escaped(self._who(said))}**\n{shown}".strip()

    def _who(self, said: Said) -> str:
        message = said.message
        if message.author is Author.USER:
            return message.author_name or self.told("staff_person")
        return message.author_name or self.told("staff_bot")


def escaped(text: str) -> str:
    """The text as Markdown that shows it as it is: no links in disguise, no headings, no code."""
    pieces: Sequence[str] = ADDRESS.split(INDENT.sub("", text))
    whole = "".join(piece if number % 2 else FORMATTING.sub(r"\\\1", piece) for number, piece in enumerate(pieces))
    return BEGINNING.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", whole)
