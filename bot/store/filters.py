"""What a list shows, in words that fit into an address: `state:open assignee:me priority:urgent 提现`.

Each word is `key:value`; several values stand between commas, and one with a blank in quotes. What has no key is
searched for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from bot.errors import Refused
from bot.store.tables import TicketState
from bot.store.terms import LONGEST_QUERY
from bot.store.ticketing import OVER, RANK

#: The states of a ticket somebody has still to do something about, and of one the user waits on.
ACTIVE = tuple(state for state in TicketState if state not in OVER)
WAITING = (TicketState.NEW, TicketState.OPEN)

#: Words for several states.
GROUPS: Mapping[str, tuple[TicketState, ...]] = {
    "active": ACTIVE,
    "waiting": WAITING,
    "over": OVER,
    "any": tuple(TicketState),
}

#: Characters of a whole query, and of one value.
LONGEST, LONGEST_VALUE = 600, 100

_WORD = re.compile(r'([a-z]+):(?!//)(?:"([^"]*)"|(\S*))(?!\S)|("[^"]*"?|\S+)')


class Order(StrEnum):
    """Which ticket stands first: `URGENCY` VIPs, then by priority, then longest waiting."""

    URGENCY = "urgency"
    DUE = "due"
    NEWEST = "newest"


class Late(StrEnum):
    """How near the deadline is."""

    YES = "yes"
    SOON = "soon"


@dataclass(frozen=True, slots=True)
class Span:
    """From `after` on, until before `before`; None for no bound."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tickets; whatever is empty does not matter."""

    states: tuple[TicketState, ...] = ()
    #: An agent's name, "" for nobody's, None for whosever.
    assignee: str | None = None
    #: "" for tickets of no team, None for any.
    team: str | None = None
    #: "" for contacts without a tier, None for any.
    tier: str | None = None
    categories: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    #: All of them.
    tags: tuple[str, ...] = ()
    late: Late | None = None
    #: The agent who is mentioned in a note.
    mentions: str = ""
    #: Ids of the tickets with such notes, once they are looked up.
    among: tuple[int, ...] = ()
    created: Span = field(default_factory=Span)
    updated: Span = field(default_factory=Span)
    order: Order | None = None
    #: Searched for; also in conversations without a ticket where `everywhere`.
    text: str = ""
    everywhere: bool = False


def parse(query: str, agent: str) -> Filter:
    """What `agent` asks for; "me" is they. Raises `Refused`, in words for whoever wrote it."""
    if len(query) > LONGEST:
        raise Refused(f"the filter has {len(query)} characters; {LONGEST} is the limit")
    found = Filter()
    text: list[str] = []
    for key, quoted, bare, word in _WORD.findall(query):
        if word:
            text.append(word)
        elif key not in _KEYS:
            raise Refused(
                f'there is no filter "{key}:"; known are {", ".join(sorted(_KEYS))}; in quotes it is searched for'
            )
        else:
            found = _KEYS[key](found, key, _values(key, quoted, bare), agent)
    return replace(found, text=" ".join(text)[:LONGEST_QUERY])


def _values(key: str, quoted: str, bare: str) -> tuple[str, ...]:
    if '"' in bare:
        raise Refused(f'"{key}:" has a quote that is not closed')
    found = (quoted,) if quoted else tuple(filter(None, bare.split(",")))
    if not found or any(len(value) > LONGEST_VALUE for value in found):
        raise Refused(f'"{key}:" needs a value of up to {LONGEST_VALUE} characters')
    return found


def _one(key: str, values: Sequence[str]) -> str:
    if len(values) > 1:
        raise Refused(f'"{key}:" takes one value')
    return values[0]


def _word(key: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise Refused(f'"{key}:{value}" says nothing; known are {", ".join(known)}')
    return value


def _states(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    known = [*GROUPS, *TicketState]
    named = [GROUPS.get(value) or (TicketState(_word(key, value, known)),) for value in values]
    return replace(found, states=tuple(dict.fromkeys(state for group in named for state in group)))


def _assignee(found: Filter, key: str, values: Sequence[str], agent: str) -> Filter:
    return replace(found, assignee=_or_none(_person(_one(key, values), agent)))


def _mentions(found: Filter, key: str, values: Sequence[str], agent: str) -> Filter:
    return replace(found, mentions=_person(_one(key, values), agent))


def _person(value: str, agent: str) -> str:
    return agent if value == "me" else value


def _or_none(value: str) -> str:
    return "" if value == "none" else value


def _team(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, team=_or_none(_one(key, values)))


def _tier(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, tier=_or_none(_one(key, values)))


def _categories(found: Filter, _: str, values: Sequence[str], __: str) -> Filter:
    return replace(found, categories=tuple(values))


def _priorities(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, priorities=tuple(_word(key, value, RANK) for value in values))


def _languages(found: Filter, _: str, values: Sequence[str], __: str) -> Filter:
    return replace(found, languages=tuple(values))


def _channels(found: Filter, _: str, values: Sequence[str], __: str) -> Filter:
    return replace(found, channels=tuple(values))


def _tags(found: Filter, _: str, values: Sequence[str], __: str) -> Filter:
    return replace(found, tags=(*found.tags, *values))


def _late(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, late=Late(_word(key, _one(key, values), [*Late])))


def _created(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, created=_span(key, _one(key, values)))


def _updated(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, updated=_span(key, _one(key, values)))


def _span(key: str, value: str) -> Span:
    """Days in UTC, the last one included: 2026-03-01, 2026-03-01..2026-03-31, 2026-03-01.. or ..2026-03-31."""
    first, between, last = value.partition("..")
    try:
        return Span(_day(first), _day(last if between else first, timedelta(days=1)))
    except (ValueError, OverflowError) as error:
        raise Refused(f'"{key}:" takes days as 2026-03-01 or 2026-03-01..2026-03-31, not {value!r}') from error


def _day(value: str, more: timedelta = timedelta()) -> datetime | None:
    return datetime.combine(date.fromisoformat(value), time(), UTC) + more if value else None


def _order(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, order=Order(_word(key, _one(key, values), [*Order])))


def _in(found: Filter, key: str, values: Sequence[str], _: str) -> Filter:
    return replace(found, everywhere=_word(key, _one(key, values), ["tickets", "all"]) == "all")


_KEYS: Mapping[str, Callable[[Filter, str, Sequence[str], str], Filter]] = {
    "state": _states,
    "assignee": _assignee,
    "team": _team,
    "tier": _tier,
    "category": _categories,
    "priority": _priorities,
    "language": _languages,
    "channel": _channels,
    "tag": _tags,
    "late": _late,
    "mentions": _mentions,
    "created": _created,
    "updated": _updated,
    "sort": _order,
    "in": _in,
}
