"""Which of the configured languages a message is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

#: Below this probability the best guess is not better than what the conversation speaks already.
SURE = 0.75

#: Fewer letters than this say little in an alphabet ("ok", "deposit")...
SHORT = 8
#: ...and fewer than this say little in Chinese.
SHORT_HAN = 2

#: Characters that are looked at.
LONGEST = 1000

#: Runs of Latin letters and signs, and runs of other letters: Chinese needs no space around "TRC20".
_RUNS = re.compile(r"[A-Za-z0-9@._/:+-]+|[^\W\d_A-Za-z]+")

#: In a run of Latin letters: a number, an address, the capitals of a coin. It is in no language.
_CODE = re.compile(r".*[\d@_/].*|[A-Z]{2,6}[.:+-]*", re.DOTALL)

#: A Chinese character.
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


class Languages:
    """The configured languages; the first is the default."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = tuple(codes)
        self.default = self.codes[0]
        known = [Language.from_iso_code_639_1(getattr(IsoCode639_1, code.upper())) for code in self.codes]
        self._detector = LanguageDetectorBuilder.from_languages(*known).build() if len(known) > 1 else None

    def known(self, tag: str | None) -> str | None:
        """The configured language that a BCP 47 tag names: "zh" for "zh-Hant-TW"; None for any other."""
        code = (tag or "").replace("_", "-").split("-")[0].lower()
        return code if code in self.codes else None

    def of(self, text: str, spoken: str | None) -> str:
        """The language of `text`; of short, mixed or unclear text `spoken`, where the conversation has a language."""
        words = " ".join(run for run in _RUNS.findall(text[:LONGEST]) if not _CODE.fullmatch(run))
        if self._detector is None or not any(character.isalpha() for character in words):
            return spoken or self.default
        best = self._detector.compute_language_confidence_values(words)[0]
        if spoken and (_short_or_mixed(words) or best.value < SURE):
            return spoken
        return best.language.iso_code_639_1.name.lower()


def _short_or_mixed(words: str) -> bool:
    han = len(HAN.findall(words))
    others = sum(character.isalpha() for character in words) - han
    return (han > 0 and others > 0) or (han < SHORT_HAN and others < SHORT)
