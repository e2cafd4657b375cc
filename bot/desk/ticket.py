"""One ticket as the desk shows it: the hand-over brief, the clocks, what can be done, the conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from bot.desk.moments import share, short
from bot.desk.quantities import language_name
from bot.desk.suggesting import Suggestion, suggestions
from bot.desk.talk import Entry, Teller
from bot.policy import RISK, Policy
from bot.store.desk import Opened
from bot.store.linking import Linked
from bot.store.opening import Line, OpenTicket
from bot.store.rating_tables import Rating
from bot.store.selecting import SOON
from bot.store.tables import Address, Ticket, TicketState
from bot.store.ticketing import OVER
from channels.words import Author


@dataclass(frozen=True, slots=True)
class Clock:
    """When something is due; `kind` is late, soon or "" for neither."""

    name: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Known:
    """A fact by its title; no value where it was not told."""

    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Act:
    """A button over the ticket and its key."""

    name: str
    key: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else at the ticket."""

    agent: str
    writing: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the templates of a ticket ask for."""

    number: str
    title: str
    category: str
    priority: str
    state: str
    assignee: str
    language: str
    speaks: str
    tier: str
    team: str
    tags: Sequence[str]
    reason: str
    risk: str
    goal: str
    sure: str
    facts: Sequence[Known]
    tried: Sequence[str]
    promised_at: datetime
    #: "4/5", with the words that came with it; "" where nothing was said.
    rated: str
    clocks: Sequence[Clock]
    who: str
    addresses: Sequence[Address]
    linked: Sequence[Linked]
    merged_into: str
    entries: Sequence[Entry]
    #: The end of an address that asks for what was before; "" where nothing was.
    earlier: str
    acts: Sequence[Act]
    others: Sequence[Other]
    suggestions: Sequence[Suggestion]
    mark: str


def shown(opened: Opened, teller: Teller, policy: Policy, agent: str, now: datetime) -> Shown:
    """The ticket for `agent`, at `now`."""
    view, words = opened.open, teller.words
    ticket = view.ticket
    asked = _asked(view.said)
    return Shown(
        number=ticket.number,
        title=ticket.title,
        category=ticket.category,
        priority=ticket.priority,
        state=ticket.state.value,
        assignee=ticket.assignee or "",
        language=ticket.language,
        speaks=language_name(ticket.language, words.language),
        tier=ticket.tier or (view.contact.tier if view.contact else ""),
        team=ticket.team,
        tags=ticket.tags,
        reason=ticket.reason,
        risk=ticket.facts.get(RISK, ""),
        goal=teller.title(asked.message.intent) if asked and asked.message.intent else ticket.title,
        sure=share(asked.message.confidence, words.language) if asked and asked.message.confidence else "",
        facts=list(_facts(ticket, policy, words.language)),
        tried=[teller.title(intent) for intent in ticket.tried],
        promised_at=ticket.promised_at,
        rated=_rated(opened.rating),
        clocks=list(_clocks(ticket, now)),
        who=named(view) or words("desk.somebody"),
        addresses=view.addresses,
        linked=opened.linked,
        merged_into=opened.merged_into,
        entries=teller.entries(view.said, view.events),
        earlier=_earlier(view),
        acts=list(_acts(ticket, agent, {event.kind for event in view.events})),
        others=[Other(other.agent, other.writing_at is not None) for other in opened.looking],
        suggestions=suggestions(view.said, teller.answers, words, ticket.language),
        mark=opened.mark,
    )


def named(opened: OpenTicket) -> str:
    """What the ticket's user is called: by name, else by handle; "" where another ticket took the conversation over."""
    names = [opened.contact.name if opened.contact else "", *(each.name for each in opened.addresses)]
    return next(filter(None, [*names, *(short(each.handle) for each in opened.addresses)]), "")


def _earlier(opened: OpenTicket) -> str:
    asked = {"before": opened.before, "events_before": opened.events_before}
    return urlencode({name: value for name, value in asked.items() if value is not None})


def _asked(said: Sequence[Line]) -> Line | None:
    """What the user was last understood to want."""
    wants = [each for each in said if each.message.author is Author.USER and each.message.intent]
    return wants[-1] if wants else None


def _rated(rating: Rating | None) -> str:
    return f"{rating.score}/5 {rating.comment or ''}".strip() if rating else ""


def _facts(ticket: Ticket, policy: Policy, language: str) -> Iterator[Known]:
    """Those that were told, then those a human will have to ask for."""
    category = policy.categories.get(ticket.category)
    for name in dict.fromkeys([*ticket.facts, *(category.facts if category else ())]):
        if name != RISK:
            yield Known(_title(name, policy, language), ticket.facts.get(name, ""))


def _title(name: str, policy: Policy, language: str) -> str:
    fact = policy.facts.get(name)
    titles: Mapping[str, str] = fact.title if fact else {}
    return titles.get(language, name.replace("_", " "))


def _clocks(ticket: Ticket, now: datetime) -> Iterator[Clock]:
    for name in ("first_response", "next_response", "resolution"):
        at: datetime | None = getattr(ticket, f"{name}_due_at")
        if at is not None and ticket.state not in OVER:
            yield Clock(name, at, nearness(at, now))


def nearness(at: datetime | None, now: datetime) -> str:
    """Whether a deadline is late or soon; "" for neither, and for none."""
    if at is None or at > now + SOON:
        return ""
    return "late" if at <= now else "soon"


#: Lines of what can be undone.
JOINED = frozenset({"merged", "absorbed", "split", "split_off"})


def _acts(ticket: Ticket, agent: str, happened: set[str]) -> Iterator[Act]:
    if ticket.state in OVER:
        if ticket.state is TicketState.SOLVED:
            yield Act("reopen", "x", "main")
    else:
        if ticket.assignee != agent:
            yield Act("take", "t", "main")
        yield Act("solve", "s", "main" if ticket.assignee == agent else "")
        yield Act("release", "b")
        yield Act("assign", "a")
        if ticket.state is not TicketState.ON_HOLD:
            yield Act("hold", "h")
        yield Act("merge", "m")
        yield Act("split", "p")
    yield Act("link", "i")
    if happened & JOINED:
        yield Act("undo", "u")
