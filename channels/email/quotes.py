"""What is new in a mail: quoted history and signatures folded away, line by line.

Only what clients write by themselves is folded. A greeting ("Kind regards") is the person's own word, and so is a list
that begins with hyphens. Where nothing would be left, or the mail is a forwarded one, all of it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from channels.email import phrases
from channels.email.phrases import any_of

#: Lines an attribution is broken into at most.
BROKEN_INTO = 3
#: Characters of an attribution.
LONGEST_ATTRIBUTION = 300

#: The line above a quote, as it ends; and as it begins: with "On", a date, an address.
WROTE = re.compile(rf"({any_of(phrases.WROTE)})\s*[:：]?$", re.IGNORECASE)
ATTRIBUTION = re.compile(
    rf"({any_of(phrases.ON)})\b.*|.*(\d{{4}}|<[^<>]*@[^<>]*>).*|.*\d{{1,2}}[:.]\d\d.*|在.*", re.IGNORECASE
)
#: Some clients write no verb: "2026年3月2日(月) 9:00 Anna <anna@example.com>:"
DATED = re.compile(r"[^<>]{0,80}\d{1,2}[:.]\d\d[^<>]{0,120}<[^<>\s]{3,100}@[^<>\s]{3,100}>\s*[:：]")
RULE = re.compile(r"[-_—*=]{3,}\s*(?P<word>[^-_—*=]{0,60}?)\s*[-_—*=]{0,80}")
ORIGINAL = re.compile(any_of(phrases.ORIGINAL), re.IGNORECASE)
FORWARDED = re.compile(any_of(phrases.FORWARDED), re.IGNORECASE)
#: Lines of the block that Outlook and others put above what is answered, and the first of them.
HEADER = re.compile(rf"[*> ]*({any_of((*phrases.FROM, *phrases.HEADERS))})\s*\*?\s*[:：]", re.IGNORECASE)
FIRST_HEADER = re.compile(rf"[*> ]*({any_of(phrases.FROM)})\s*\*?\s*[:：]\s*\*?\s*\S", re.IGNORECASE)
#: What phones and programs put below a mail.
SENT_FROM = re.compile(any_of(phrases.SENT_FROM), re.IGNORECASE)
LONGEST_SENT_FROM = 80
MARK = re.compile(r"\s*>")
GAP = re.compile(r"\n{3,}")


def folded(text: str) -> str:
    """What the person wrote anew; `text` itself where that would be nothing."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")]
    if any(_is_rule(line, FORWARDED) or line.strip() in phrases.APPLE_FORWARDED for line in lines):
        return "\n".join(lines).strip()
    new = _without_signature(_own(lines))
    return GAP.sub("\n\n", "\n".join(new)).strip() or "\n".join(lines).strip()


def _own(lines: Sequence[str]) -> list[str]:
    """The lines above and between what is quoted."""
    new: list[str] = []
    number = 0
    while number < len(lines):
        if MARK.match(lines[number]):
            number += 1
        elif _ends_here(lines, number):
            break
        elif spread := _attribution(lines, number):
            number += spread
            if not _quoted_next(lines, number):
                break
        else:
            new.append(lines[number])
            number += 1
    return new


def _ends_here(lines: Sequence[str], number: int) -> bool:
    """Whether a client says here that everything below is the mail answered."""
    line = lines[number].strip()
    if _is_rule(line, ORIGINAL):
        return True
    if FIRST_HEADER.match(line[:200]):
        block = [found for found in lines[number : number + 8] if found.strip()][:4]
        return sum(bool(HEADER.match(found[:200])) for found in block) >= min(3, len(block)) > 1
    return False


def _is_rule(line: str, words: re.Pattern[str]) -> bool:
    found = RULE.fullmatch(line.strip()[:200])
    return found is not None and words.fullmatch(found["word"].strip()) is not None


def _attribution(lines: Sequence[str], number: int) -> int:
    """How many lines from here are "On ... Anna wrote:"; 0 where none."""
    joined = ""
    for spread, line in enumerate(lines[number : number + BROKEN_INTO], 1):
        # What is whole by itself is no end of the words above it.
        whole = spread > 1 and not line.startswith("<") and _is_attribution(line.strip())
        if whole or not line.strip() or MARK.match(line):
            return 0
        joined = f"{joined} {line.strip()}".strip()
        if _is_attribution(joined):
            return spread
    return 0


def _is_attribution(line: str) -> bool:
    if len(line) > LONGEST_ATTRIBUTION or not line.endswith((":", "：")):
        return False
    return bool(WROTE.search(line) and ATTRIBUTION.fullmatch(line)) or DATED.fullmatch(line) is not None


def _quoted_next(lines: Sequence[str], number: int) -> bool:
    """Whether the quote is marked, so that what stands below it may be new."""
    return next((bool(MARK.match(line)) for line in lines[number:] if line.strip()), False)


def _without_signature(lines: Sequence[str]) -> list[str]:
    end = next((number for number, line in enumerate(lines) if number and line in {"--", "-- "}), len(lines))
    kept = list(lines[:end])
    while kept and (not kept[-1].strip() or _sent_from(kept[-1].strip()) or _bare_rule(kept[-1].strip())):
        kept.pop()
    return kept


def _sent_from(line: str) -> bool:
    return len(line) <= LONGEST_SENT_FROM and bool(SENT_FROM.fullmatch(line))


def _bare_rule(line: str) -> bool:
    found = RULE.fullmatch(line[:200])
    return found is not None and not found["word"]
