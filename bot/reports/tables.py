"""What a report shows: tables of plain values, each with the chart that is drawn of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Literal, TypeVar

from bot.redaction import redact
from bot.reports.figures import (
    Between,
    Spread,
    Standing,
    first_responses,
    policy,
    promise,
    resolutions,
    share,
    spread,
)
from bot.store.reporting import Rated, TicketFacts, Unanswered
from bot.store.talks import Outcome, Talks

Key = TypeVar("Key")

#: How the value of a column is to be shown. `word` is one of the desk's own; durations are seconds, shares from 0 to 1.
Kind = Literal[
    "word", "day", "channel", "language", "category", "intent", "text", "count", "share", "duration", "mean", "examples"
]

#: Scores from here on are good.
GOOD = 4

#: Messages shown of each intent, and intents.
MOST_EXAMPLES, MOST_INTENTS = 3, 30

OUTCOMES = (Outcome.BOT, Outcome.HUMAN, Outcome.WAITING, Outcome.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Example:
    """A ticket and what its user wrote."""

    number: str
    said: str


Cell = str | int | float | date | None | Sequence[Example]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name, and how its values are to be shown."""

    name: str
    kind: Kind = "count"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values. `chart` is drawn of the columns `series`: by day, or one bar a row."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    chart: Literal["", "days", "bars"] = ""
    series: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was read for a report."""

    dates: Sequence[date]
    #: In which they are days.
    zone: tzinfo
    talks: Sequence[Talks]
    #: Approved answers of the bot, by intent.
    answers: Mapping[str, int]
    tickets: Sequence[TicketFacts]
    unanswered: Sequence[Unanswered]
    ratings: Sequence[Rated] = field(default_factory=tuple)


def tables(found: Found, category_of: Callable[[str], str], between: Between, now: datetime) -> list[Table]:
    """The whole report; `between` is the time that counts for humans."""
    return [
        _outcomes(found.talks),
        _talks_by("days", "day", found.talks, lambda each: each.date, found.dates),
        _talks_by("channels", "channel", found.talks, lambda each: each.channel),
        _talks_by("languages", "language", found.talks, lambda each: each.language),
        _categories(found, category_of),
        _opened(found),
        _times(found, between),
        _kept(found.tickets, now),
        _ratings(found.ratings),
        _unanswered(found.unanswered),
        _agents(found.tickets, between),
    ]


def _outcomes(talks: Sequence[Talks]) -> Table:
    counted = _counted(talks, lambda each: each.outcome)
    whole = counted.total()
    rows = [(outcome.value, counted[outcome], share(counted[outcome], whole)) for outcome in OUTCOMES]
    return Table("outcomes", [Column("outcome", "word"), Column("talks"), Column("share", "share")], rows)


def _talks_by(
    name: str,
    kind: Literal["day", "channel", "language"],
    talks: Sequence[Talks],
    key: Callable[[Talks], str | date],
    always: Iterable[date] = (),
) -> Table:
    """Talks by what `key` says of them; `always` are keys with a row of their own, and their order."""
    counted = _counted(talks, lambda each: (key(each), each.outcome))
    whole = _counted(talks, key)
    keys: list[str | date] = list(always) or sorted(whole, key=lambda each: (-whole[each], str(each)))
    rows: list[Sequence[Cell]] = [(each, whole[each], *(counted[each, end] for end in OUTCOMES)) for each in keys]
    series = [outcome.value for outcome in OUTCOMES]
    columns = [Column(kind, kind), Column("talks"), *map(Column, series)]
    return Table(name, columns, rows, "days" if kind == "day" else "bars", series)


def _counted(talks: Iterable[Talks], key: Callable[[Talks], Key]) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for each in talks:
        counted[key(each)] += each.count
    return counted


def _categories(found: Found, category_of: Callable[[str], str]) -> Table:
    answers: Counter[str] = Counter()
    for intent, count in found.answers.items():
        answers[category_of(intent)] += count
    tickets = Counter(each.category for each in found.tickets)
    keys = sorted({*answers, *tickets}, key=lambda each: (-answers[each] - tickets[each], each))
    columns = [Column("category", "category"), Column("answers"), Column("tickets")]
    return Table("categories", columns, [(k, answers[k], tickets[k]) for k in keys], "bars", ["answers", "tickets"])


def _opened(found: Found) -> Table:
    """Tickets by the day they were opened."""
    opened = Counter((each.created_at.astimezone(found.zone).date(), each.over) for each in found.tickets)
    both = [(day, opened[day, True], opened[day, False]) for day in found.dates]
    rows = [(day, over + going, over, going) for day, over, going in both]
    columns = [Column("day", "day"), Column("tickets"), Column("over"), Column("not_over")]
    return Table("opened", columns, rows, "days", ["over", "not_over"])


def _times(found: Found, between: Between) -> Table:
    alone = [each for each in found.talks if each.outcome is Outcome.BOT]
    rows = [
        ("first_response", "bot", *_spread(_of_bot(alone, lambda each: each.first))),
        ("first_response", "human", *_spread(first_responses(found.tickets, between))),
        ("resolution", "bot", *_spread(_of_bot(alone, lambda each: each.last))),
        ("resolution", "human", *_spread(resolutions(found.tickets, between))),
    ]
    words = [Column("what", "word"), Column("who", "word")]
    return Table(
        "times", [*words, Column("measured"), Column("median", "duration"), Column("ninety", "duration")], rows
    )


def _of_bot(talks: Iterable[Talks], seconds: Callable[[Talks], int | None]) -> Spread:
    times: Counter[float] = Counter()
    for each in talks:
        if (passed := seconds(each)) is not None:
            times[passed] += each.count
    return spread(times)


def _spread(found: Spread) -> tuple[int, float | None, float | None]:
    return found.count, found.median, found.ninety


def _kept(tickets: Sequence[TicketFacts], now: datetime) -> Table:
    rows = [
        ("policy", *_standings(policy(each, now) for each in tickets)),
        ("promise", *_standings(promise(each, now) for each in tickets)),
    ]
    columns = [Column("what", "word"), Column("kept"), Column("missed"), Column("running"), Column("share", "share")]
    return Table("kept", columns, rows)


def _standings(standings: Iterable[Standing | None]) -> tuple[int, int, int, float | None]:
    counted = Counter(standings)
    kept, missed = counted[Standing.KEPT], counted[Standing.MISSED]
    return kept, missed, counted[Standing.RUNNING], share(kept, kept + missed)


def _ratings(ratings: Sequence[Rated]) -> Table:
    scores: dict[str, list[int]] = {}
    for each in ratings:
        scores.setdefault(each.channel, []).append(each.score)
    rows = [
        (channel, len(given), sum(given) / len(given), share(sum(score >= GOOD for score in given), len(given)))
        for channel, given in sorted(scores.items())
    ]
    columns = [Column("channel", "channel"), Column("ratings"), Column("mean", "mean"), Column("good", "share")]
    return Table("ratings", columns, rows)


def _unanswered(unanswered: Sequence[Unanswered]) -> Table:
    groups: dict[str, list[Unanswered]] = {}
    for each in unanswered:
        groups.setdefault(each.intent, []).append(each)
    largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[:MOST_INTENTS]
    rows = [(intent, len(its), *_why(its), tuple(_examples(its))) for intent, its in largest]
    columns = [Column("intent", "intent"), Column("tickets"), Column("unsure"), Column("unhelpful")]
    return Table("unanswered", [*columns, Column("examples", "examples")], rows)


def _why(its: Sequence[Unanswered]) -> tuple[int, int]:
    reasons = Counter(each.reason for each in its)
    return reasons["unsure"], reasons["unhelpful"]


def _examples(its: Sequence[Unanswered]) -> Iterator[Example]:
    for each in its[:MOST_EXAMPLES]:
        # Secrets were taken out when it came; a second look costs nothing.
        yield Example(each.number, redact(each.said))


def _agents(tickets: Sequence[TicketFacts], between: Between) -> Table:
    """By name: this is no contest."""
    theirs: dict[str, list[TicketFacts]] = {}
    for each in tickets:
        if each.assignee:
            theirs.setdefault(each.assignee, []).append(each)
    rows = [
        (name, len(its), sum(each.solved_at is not None for each in its), first_responses(its, between).median)
        for name, its in sorted(theirs.items(), key=lambda each: (each[0].casefold(), each[0]))
    ]
    columns = [Column("agent", "text"), Column("tickets"), Column("solved"), Column("first_median", "duration")]
    return Table("agents", columns, rows)
