"""The exam: questions written apart from the training data, each with what it should be understood as."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from bot.errors import Misconfigured, Problem
from bot.language import HAN
from bot.training.examples import Example, examples
from bot.understanding import REFUSALS

#: In a folder of questions the exam of entities: its texts are written for what is marked in them.
ENTITIES = "entities.yml"
#: The columns of a CSV file.
COLUMNS = ("text", "intent")
#: From here on, of 100, a question repeats an example. Above stand pairs that differ in an article or a particle; below
#: come "can we continue in Spanish" and "... in English", and questions that share no more than their first words.
NEAR = 90.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the intent it means; None where the bot should refuse."""

    text: str
    expected: str | None
    #: "intents/tests/account.yml:12"
    where: str

    @property
    def language(self) -> str:
        """`zh` where there is a Chinese character, else `en`.

        Not the detector of conversations: it wavers on texts of two or three words, and answers otherwise when other
        languages are configured, and then the figures of two models would not be of the same questions.
        """
        return "zh" if HAN.search(self.text) else "en"


def read_exam(place: Path) -> list[Question]:
    """The questions in a file, or in the `*.yml` and `*.csv` of a folder.

    Rasa's YAML, or CSV with the columns `text` and `intent`; an empty intent is out of scope. Raises `Misconfigured`
    with every problem found.
    """
    found: list[Question] = []
    problems: list[Problem] = []
    for path in _files(place):
        try:
            found += _questions(path)
        except Misconfigured as error:
            problems += error.problems
    if not (found or problems):
        problems.append(Problem(str(place), "exam", "no questions", "name a YAML or CSV file, or a folder of them"))
    if problems:
        raise Misconfigured(problems)
    return found


def near_duplicates(exam: Sequence[Question], training: Sequence[Example]) -> Iterator[Problem]:
    """A problem for every question that an example of the training data nearly repeats."""
    known = [normal(example.text) for example in training]
    for question in exam:
        match = process.extractOne(normal(question.text), known, scorer=fuzz.ratio, score_cutoff=NEAR)
        if match:
            yield _repeats(question, training[match[2]])


def normal(text: str) -> str:
    """The letters and digits of a text, in small letters; a text without any, as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(re.findall(r"[^\W_]", folded)) or folded.strip()


def _repeats(question: Question, example: Example) -> Problem:
    what = f"{question.text!r} nearly repeats {example.text!r} in {example.where}"
    remedy = "ask it in other words or remove it: what was trained on proves nothing"
    return Problem(question.where, question.expected or "out of scope", what, remedy)


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return [path for path in sorted(place.iterdir()) if path.suffix in {".yml", ".csv"} and path.name != ENTITIES]


def _questions(path: Path) -> list[Question]:
    found = list(_rows(path)) if path.suffix == ".csv" else _examples(path)
    if not found:
        raise Misconfigured([Problem(str(path), "exam", "no questions", "write some, or remove the file")])
    return found


def _examples(path: Path) -> list[Question]:
    return [Question(example.text, _expected(example.intent), example.where) for example in examples(path)]


def _expected(intent: str) -> str | None:
    return None if not intent or intent in REFUSALS else intent


def _rows(path: Path) -> Iterator[Question]:
    rows = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise _broken(f"{path}:1", "other columns than text and intent", "begin with the line `text,intent`")
        for row in rows:
            yield _question(row, f"{path}:{rows.line_num}")
    except csv.Error as error:
        where = f"{path}:{rows.reader.line_num}"
        raise _broken(where, f"{error}", "put texts with commas or quotes in quotes") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _broken(str(path), f"{error.strerror}", "name a file that can be read") from error
    except UnicodeDecodeError as error:
        raise _broken(str(path), f"{error}", "save it as CSV in UTF-8") from error


def _question(row: Mapping[str | None, str | None], where: str) -> Question:
    text, intent = (row.get("text") or "").strip(), row.get("intent")
    if not text or intent is None or None in row:
        raise _broken(where, "not a text and an intent", "write both, with a comma between; the intent may be empty")
    return Question(text, _expected(intent.strip()), where)


def _broken(where: str, what: str, remedy: str) -> Misconfigured:
    return Misconfigured([Problem(where, "exam", what, remedy)])
