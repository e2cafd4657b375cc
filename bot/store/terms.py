"""Text to the terms it is found by, and what somebody looks for to phrases of such terms; the same on every database.

Text is cut at all that is neither letter nor digit, so "FD-1042" and "li@example.com" are phrases of plain words.
Chinese, Japanese and Korean are written without blanks: there each character makes a term with the one behind it, and
the last of a run stands alone. Terms hold letters and digits only: no query means anything to a database's own syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Characters of a text that are looked at, and of a term; of a longer word its beginning counts.
LONGEST_TEXT = 20_000
LONGEST_TERM = 100

#: Terms of a text: PostgreSQL knows no position behind this one.
MOST_TERMS = 16_000

#: What is looked for at a time: characters, phrases, and terms of a phrase.
LONGEST_QUERY = 300
MOST_PHRASES = 12
MOST_WORDS = 40

#: Characters of a prefix: below that half of all words begin with it.
SHORTEST_PREFIX = 2

#: Characters of a snippet, and of those before its first mark.
SNIPPET = 160
BEFORE = 40

#: Stands between a text and its single characters, so that no phrase reaches from the one into the others.
GAP = "\ue000"

_UNSPACED = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_ALONE = re.compile(rf"[{_UNSPACED}]")
_ASKED = re.compile(r'"([^"]*)"?|(\S+)')
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
#: A character with the marks that combine with it.
_CLUSTER = re.compile(r".[\u0300-\u036f\u0653-\u0655\u3099\u309a\uff9e\uff9f]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that stand one behind the other; of the last only the beginning where `prefix`."""

    terms: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text, on one line; `marks` are (start, end) in it, in order, none in another."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def terms(text: str) -> list[str]:
    """What `text` is found by, in order; behind `GAP` each unspaced character once, for queries of one character."""
    plain = _plain(text[:LONGEST_TEXT])
    found = [term for term, _ in _cut(plain)][:MOST_TERMS]
    alone = dict.fromkeys(_ALONE.findall(plain))
    return [*found, GAP, *alone] if alone else found


def phrases(query: str) -> list[Phrase]:
    """What is looked for, all of it at once: words, and between quotes phrases; none where nothing can be found.

    By its beginning is found what ends in `*`, holds a digit, or is several words without a blank between.
    """
    found = [_phrase(quoted or word, quoted=bool(quoted)) for quoted, word in _ASKED.findall(query[:LONGEST_QUERY])]
    return list(dict.fromkeys(phrase for phrase in found if phrase))[:MOST_PHRASES]


def snippet(text: str, wanted: Sequence[Phrase]) -> Snippet:
    """The part of `text` where the first of `wanted` stands, or its beginning."""
    text = text[:LONGEST_TEXT]
    marks = _marks(text, wanted)
    start = max(0, marks[0][0] - BEFORE) if marks else 0
    end = start + SNIPPET
    shown = "".join(" " if char.isspace() else char for char in text[start:end])
    before, after = "…" if start else "", "…" if len(text) > end else ""
    shift = len(before) - start
    inside = tuple((first + shift, min(last, end) + shift) for first, last in marks if first < end)
    return Snippet(f"{before}{shown}{after}", inside)


def _plain(text: str) -> str:
    """Without what a reader passes over: case, width and accents."""
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", bare).casefold()


def _cut(plain: str) -> Iterator[tuple[str, int]]:
    """Each term and where it begins."""
    for run in _RUN.finditer(plain):
        word, at = run.group(), run.start()
        if not _ALONE.match(word):
            yield word[:LONGEST_TERM], at
            continue
        for place in range(len(word)):
            yield word[place : place + 2], at + place


def _phrase(asked: str, *, quoted: bool) -> Phrase | None:
    found = [term for term, _ in _cut(_plain(asked))]
    if len(found) > 1 and _ALONE.fullmatch(found[-1]) and len(found[-2]) == 2 and _ALONE.match(found[-2]):  # noqa: PLR2004 - a pair
        # The pair before it says as much, and more may follow in the text.
        found.pop()
    if not found:
        return None
    *_, last = found
    words = tuple(found[:MOST_WORDS])
    if _ALONE.fullmatch(last):
        # Alone it is asked for among the single characters; behind others it may begin a pair.
        return Phrase(words, prefix=len(words) > 1)
    open_end = asked.endswith("*") or len(found) > 1 or any(map(str.isdigit, last))
    return Phrase(words, prefix=open_end and not quoted and not _ALONE.match(last) and len(last) >= SHORTEST_PREFIX)


def _marks(text: str, wanted: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Where `wanted` stand in `text`; what overlaps is one."""
    plain, starts, ends = _traced(text)
    found = list(_cut(plain))
    spans = sorted(span for phrase in wanted for span in _spans(found, phrase))
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        start, end = starts[first], ends[last - 1]
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _spans(found: Sequence[tuple[str, int]], phrase: Phrase) -> Iterator[tuple[int, int]]:
    *exact, last = phrase.terms
    size = len(phrase.terms)
    begins = phrase.prefix or _ALONE.fullmatch(last)
    for place in range(len(found) - size + 1):
        here = [term for term, _ in found[place : place + size]]
        if here[:-1] == exact and (here[-1].startswith(last) if begins else here[-1] == last):
            yield found[place][1], found[place + size - 1][1] + len(last)


def _traced(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The plain text, and of each of its characters where that of `text` begins and ends which it was made of."""
    if text.isascii():
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        made = _plain(cluster.group())
        plain.append(made)
        starts += [cluster.start()] * len(made)
        ends += [cluster.end()] * len(made)
    return "".join(plain), starts, ends
