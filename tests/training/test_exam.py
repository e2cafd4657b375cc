from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.training.exam import Question, near_duplicates, normal, read_exam
from bot.training.examples import Example

YAML = """\
version: "3.1"
nlu:
- intent: withdrawal_time
  examples: |
    - when does my [BTC](coin) come
    - [以太坊]{"entity": "network", "value": "ETH"}提现要多久
- regex: coin
  examples: |
    - BTC
- intent: out_of_scope
  examples: |
    - tell me a joke
"""


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def problem(path: Path) -> str:
    """The one problem of an exam."""
    with pytest.raises(Misconfigured) as raised:
        read_exam(path)
    (found,) = raised.value.problems
    return str(found)


def test_yaml_is_read_as_rasa_reads_it(tmp_path: Path) -> None:
    """Without markup and what is no intent; each question knows its line, its language, and whether it is in scope."""
    path = write(tmp_path / "exam.yml", YAML)
    exam = read_exam(path)
    assert exam == [
        Question("when does my BTC come", "withdrawal_time", f"{path}:5"),
        Question("以太坊提现要多久", "withdrawal_time", f"{path}:6"),
        Question("tell me a joke", None, f"{path}:12"),
    ]
    assert [question.language for question in exam] == ["en", "zh", "en"]


def test_rasas_long_form_is_read(tmp_path: Path) -> None:
    """Examples that are mappings with a `text`."""
    path = write(tmp_path / "exam.yml", "nlu:\n- intent: greet\n  examples:\n  - text: |\n      hello\n  - text: hi\n")
    assert read_exam(path) == [Question("hello", "greet", f"{path}:4"), Question("hi", "greet", f"{path}:6")]


def test_csv_is_read(tmp_path: Path) -> None:
    """An empty intent is out of scope, as is one named so; Excel's mark at the head is no letter."""
    path = write(tmp_path / "exam.csv", '\ufefftext,intent\n"well, hello",greet\nwhat is love,\nblah,out_of_scope\n')
    assert read_exam(path) == [
        Question("well, hello", "greet", f"{path}:2"),
        Question("what is love", None, f"{path}:3"),
        Question("blah", None, f"{path}:4"),
    ]


def test_a_folder_is_read_but_for_the_entities(tmp_path: Path) -> None:
    """Both kinds, in the order of their names; the exam of entities asks for something else."""
    write(tmp_path / "b.yml", YAML)
    write(tmp_path / "entities.yml", YAML)
    write(tmp_path / "a.csv", "text,intent\nhello,greet\n")
    write(tmp_path / "notes.txt", "not a question")
    assert [question.text for question in read_exam(tmp_path)] == [
        "hello",
        "when does my BTC come",
        "以太坊提现要多久",
        "tell me a joke",
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("e.yml", "nlu: [", ":1: yaml:"),
        ("e.yml", "- a list", ":1: yaml: not a mapping"),
        ("e.yml", "nlu: 7\n", ":1: nlu: not a list"),
        ("e.yml", "nlu:\n- 7\n", ":2: nlu: not a mapping"),
        ("e.yml", "nlu:\n- intent: a\n", ":2: a: no examples"),
        ("e.yml", "nlu:\n- intent: a\n  examples: |\n    - b\n    c\n", ":5: a: no example, so Rasa skips it"),
        ("e.yml", "nlu:\n- intent: a\n  examples:\n  - text:\n", ":4: a: no example, so Rasa skips it"),
        ("e.yml", "version: '3.1'\n", ": exam: no questions"),
        ("e.csv", "question,intent\nhello,greet\n", ":1: exam: other columns"),
        ("e.csv", "text,intent\n", ": exam: no questions"),
        ("e.csv", "text,intent\nhello\n", ":2: exam: not a text and an intent"),
        ("e.csv", "text,intent\n ,greet\n", ":2: exam: not a text and an intent"),
        ("e.csv", "text,intent\nwell, hello,greet\n", ":2: exam: not a text and an intent"),
        ("e.csv", 'text,intent\n"well" hello,greet\n', ":2: exam: ',' expected"),
        ("e.csv", "", ":1: exam: other columns"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    """With file, line and remedy."""
    path = write(tmp_path / name, content)
    told = problem(path)
    assert f"{path}{said}" in told
    assert "→" in told


@pytest.mark.parametrize("name", ["latin.csv", "latin.yml"])
def test_other_encodings_are_named(tmp_path: Path, name: str) -> None:
    """Not a traceback."""
    (tmp_path / name).write_bytes(b"text,intent\n\xe9t\xe9,greet\n")
    assert "in UTF-8" in problem(tmp_path / name)


@pytest.mark.parametrize("name", ["none.csv", "none.yml"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """Not a traceback."""
    assert "name a file that can be read" in problem(tmp_path / name)


def test_an_empty_folder_is_no_exam(tmp_path: Path) -> None:
    """A mistyped folder must not pass for an exam that went well."""
    assert "no questions" in problem(tmp_path)


def test_every_broken_file_is_named(tmp_path: Path) -> None:
    """All at once."""
    write(tmp_path / "a.csv", "")
    write(tmp_path / "b.yml", "nlu: [")
    with pytest.raises(Misconfigured) as raised:
        read_exam(tmp_path)
    assert len(raised.value.problems) == 2


def example(text: str) -> Example:
    return Example(text, "any", "data.yml:7", text)


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("What is an NFT?", "what is an nft"),
        ("ＮＦＴ是什么？", "NFT 是什么"),
        ("forgot password", "forgot my password"),
        ("提币手续费是多少?", "提币手续费多少"),
    ],
)
def test_near_duplicates_are_named(question: str, known: str) -> None:
    """Capitals, signs, width, blanks, a word or particle more: the question and the example, each with its line."""
    (found,) = near_duplicates([Question(question, "any", "exam.yml:3")], [example("hello"), example(known)])
    assert found.where == "exam.yml:3"
    assert "data.yml:7" in found.what


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("Can we continue in Spanish?", "can we continue in English"),
        ("What is the difference between a call and a put?", "what's the difference between a list and a tuple"),
        ("........", "%%%%%%"),
        ("怎么设置止盈止损？", "怎么设置止损"),
    ],
)
def test_likeness_is_no_duplicate(question: str, known: str) -> None:
    """Questions that share their frame ask for something else."""
    assert list(near_duplicates([Question(question, None, "exam.csv:3")], [example(known)])) == []


def test_texts_without_letters_stay_what_they_are() -> None:
    """Else all of them would be one."""
    assert normal(" ?! ") == "?!"
    assert normal("Ａ_b 1") == "ab1"
