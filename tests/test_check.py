"""`frontdesk check`, as an operator runs it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app

ROOT = Path(__file__).parent.parent


def check() -> Result:
    return CliRunner().invoke(app, ["check"])


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_example_is_flawless(desk: Path) -> None:
    """What ships passes its own check, the exam as well."""
    shutil.copytree(ROOT / "intents" / "tests", desk / "intents" / "tests")
    result = check()
    assert result.exit_code == 0, result.output
    assert "Nothing is wrong." in result.output


def test_unknown_keys_are_named_with_line_and_remedy(desk: Path) -> None:
    """In a section of ours and in a channel's."""
    replace(desk / "config.yaml", "  port: 8080", "  prot: 8080")
    replace(desk / "config.yaml", "  webchat: {}", "  webchat:\n    colour: red")
    result = check()
    assert result.exit_code == 1
    assert "web.prot: unknown key" in result.output
    assert "correct its spelling" in result.output
    replace(desk / "config.yaml", "  prot: 8080", "  port: 8080")
    assert "channels.webchat.colour: unknown key" in check().output


def test_an_unknown_channel_and_a_secret_in_the_file_are_named(desk: Path) -> None:
    """Both at once, each with what to do about it."""
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {identity_secret: hush}\n  shop: {type: pigeon}")
    output = check().output
    assert "channels.webchat.identity_secret: a secret in the configuration file" in output
    assert "FRONTDESK__CHANNELS__WEBCHAT__IDENTITY_SECRET" in output
    assert "hush" not in output
    assert "channels.shop.type: no channel type 'pigeon'" in output
    assert "set type to one of" in output


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        ("acme:Pigeon", "cannot be imported: No module named 'acme'"),
        ("channels.memory:Pigeon", "cannot be imported: module 'channels.memory' has no attribute 'Pigeon'"),
        ("channels.memory:MemorySettings", "is no class made from channels.base.Channel"),
        (":Pigeon", "cannot be imported"),
        ("acme.:", "cannot be imported"),
    ],
)
def test_a_channel_of_ones_own_that_is_none_is_named(desk: Path, type_: str, told: str) -> None:
    """With the setting, its line, why, and what may stand there."""
    replace(desk / "config.yaml", "  webchat: {}", f"  webchat: {{}}\n  shop: {{type: '{type_}'}}")
    output = check().output
    assert f"channels.shop.type: '{type_}' {told}" in output
    assert "module:Class" in output


def test_a_channel_of_ones_own_is_taken(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a file of the company's; a key it does not know is a problem like any other."""
    text = "from channels.memory import Memory\n\nclass Pigeon(Memory):\n    pass\n"
    (desk / "own_pigeon.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(desk), *sys.path])
    replace(desk / "config.yaml", "  webchat: {}", "  shop: {type: 'own_pigeon:Pigeon', loft: 1}")
    assert "channels.shop.loft: unknown key" in check().output


def test_a_secret_file_that_is_missing_is_named(desk: Path) -> None:
    """The key and the path, not a traceback."""
    replace(desk / "config.yaml", "  webchat: {}", "  webchat: {identity_secret_file: /nowhere/secret}")
    result = check()
    assert result.exit_code == 1
    assert "identity_secret_file" in result.output
    assert "/nowhere/secret" in result.output


@pytest.mark.usefixtures("desk")
def test_an_unreachable_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the key to change; its password is not repeated."""
    monkeypatch.setenv("FRONTDESK__DATABASE__URL", "postgresql://me:hush@127.0.0.1:1/none")
    result = check()
    assert result.exit_code == 1
    assert "database.url" in result.output
    assert "start the database" in result.output
    assert "hush" not in result.output


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hush@127.0.0.1:1/none",
        "postgresql://127.0.0.1:1/none?password=hush",
        "postgresql://me:hu/hush@127.0.0.1:1/none",
    ],
)
def test_a_password_in_the_file_is_named(desk: Path, url: str) -> None:
    """Also one that breaks the address. It is told where it belongs, and not repeated."""
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", url)
    result = check()
    assert result.exit_code == 1
    assert "config.yaml:10: database.url: " in result.output
    assert "FRONTDESK__DATABASE__URL" in result.output
    assert "hush" not in result.output


def test_a_database_without_a_password_may_stand_in_the_file(desk: Path) -> None:
    """Only that it does not answer is a problem."""
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", "postgresql://me@127.0.0.1:1/none")
    output = check().output
    assert "1 problem found." in output
    assert "start the database" in output


@pytest.mark.parametrize("url", ["postgresql://u@h:abc/n", "postgresql://[::1/n", "sqlite:///", "sqlite:///:memory:"])
def test_an_address_that_is_none_is_named(desk: Path, url: str) -> None:
    """A port that is no number, and SQLite without a file: a problem with its line, not a traceback."""
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", f'"{url}"')
    result = check()
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "config.yaml:10: database.url: Value error, " in result.output


def test_check_makes_nothing(desk: Path) -> None:
    """Neither the database nor its folder."""
    before = sorted(desk.rglob("*"))
    assert check().exit_code == 0
    assert sorted(desk.rglob("*")) == before


def test_an_unusable_database_file_is_named(desk: Path) -> None:
    """A path below a file, a folder, and a file that is no database."""
    (desk / "var").touch()
    assert "is not a folder that can be written to" in check().output
    (desk / "var").unlink()
    (desk / "var" / "frontdesk.db").mkdir(parents=True)
    assert "var/frontdesk.db cannot be read" in check().output
    (desk / "var" / "frontdesk.db").rmdir()
    (desk / "var" / "frontdesk.db").write_bytes(b"notes, and no database")
    assert "var/frontdesk.db is not an SQLite database" in check().output


@pytest.mark.parametrize("code", ["xx", "EN", "zh-TW", ""])
def test_an_unknown_language_is_named(desk: Path, code: str) -> None:
    """Although there are answers for it."""
    shutil.copytree(desk / "responses" / "en", desk / "responses" / (code or "none"))
    replace(desk / "config.yaml", "[en, zh]", f'[en, "{code}"]')
    result = check()
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert f"config.yaml:7: languages.1: Value error, {code!r} is not a language" in result.output


def test_gaps_in_the_content_are_named(desk: Path) -> None:
    """An intent without an answer in one language, an answer without an intent, an unknown placeholder: all at once."""
    replace(desk / "responses/zh/withdrawal.yml", "utter_withdrawal_time:", "utter_withdrawal_tmie:")
    replace(desk / "responses/en/frontdesk.yml", "{ticket}", "{tikcet}")
    output = check().output
    assert "utter_withdrawal_time: no answer in zh" in output
    assert "utter_withdrawal_tmie: an answer without an intent" in output
    assert "unknown placeholder {tikcet}" in output
    assert "use one of {brand}, {ticket}, {when}" in output
    assert "3 problems found." in output


def test_gaps_in_the_policy_are_named(desk: Path) -> None:
    """Categories and facts that do not exist, texts that lack a language."""
    path = desk / "responses" / "escalation.yml"
    replace(path, "categories:\n", "categories:\n  odd:\n    title: {en: Odd}\n    facts: [shoe_size]\n")
    output = check().output
    assert "categories.odd.facts: no fact 'shoe_size'" in output
    assert "categories.odd.title: no text in zh" in output


def test_problems_of_the_policy_and_the_domain_have_the_line_of_their_key(desk: Path) -> None:
    """The line that is to be mended, not just the file."""
    path = desk / "responses" / "escalation.yml"
    replace(path, "intents:\n", "intents:\n  odd_one: {category: nowhere}\n")
    replace(desk / "intents" / "domain.yml", "intents:\n", "intents:\n- unheard_of\n")
    output = check().output
    line = 1 + path.read_text(encoding="utf-8").splitlines().index("  odd_one: {category: nowhere}")
    assert f"escalation.yml:{line}: intents.odd_one: not in the domain" in output
    assert f"escalation.yml:{line}: intents.odd_one: no category 'nowhere'" in output
    assert "domain.yml:6: utter_unheard_of: no answer in en" in output


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("risk: danger", "odd.risk: no risk class 'danger'\n    → use one of security, money, legal, or leave it out"),
        ("rsik: money", "odd.rsik: unknown property\n    → use one of about, risk, use_entities, ignore_entities"),
        ("risk: money", "odd: a risk without a category\n    → add it under intents in escalation.yml"),
    ],
)
def test_a_risk_that_would_not_count_is_named(desk: Path, written: str, told: str) -> None:
    """Misspelt, or of an intent that is nobody's business: with the line in the domain."""
    answer(desk, "  - text: Odd")
    replace(desk / "intents" / "domain.yml", "- odd\n", f"- odd:\n    {written}\n")
    line = 6 if told.startswith("odd:") else 7
    assert f"domain.yml:{line}: {'intents.' if line == 7 else ''}{told}" in check().output


def test_phrases_that_would_not_count_are_named(desk: Path) -> None:
    """Of an intent that is none or has no answer, missing in a language, or without words."""
    odd = "  odd: {en: [hi], zh: [喂]}\n  deny: {en: [no], zh: [不]}\n  greet: {en: [hi, '!?'], zh: []}\n"
    replace(desk / "responses" / "escalation.yml", "phrases:\n", f"phrases:\n{odd}")
    output = check().output
    assert "phrases.odd: no intent that has an answer" in output
    assert "phrases.deny: no intent that has an answer" in output
    assert "phrases.greet: no phrase in zh" in output
    assert "phrases.greet.en: a phrase without words" in output
    assert "4 problems found." in output


def answer(desk: Path, *lines: str) -> str:
    """What is wrong with an answer of these variations, in both languages."""
    domain = desk / "intents" / "domain.yml"
    if "- odd\n" not in domain.read_text(encoding="utf-8"):
        replace(domain, "intents:\n", "intents:\n- odd\n")
        examples = "nlu:\n- intent: odd\n  examples: |\n    - how very odd\n    - odd enough\n"
        (desk / "intents" / "data" / "odd.yml").write_text(examples, encoding="utf-8")
    for language in ("en", "zh"):
        text = "\n".join(["responses:", "  utter_odd:", *lines])
        (desk / "responses" / language / "odd.yml").write_text(text, encoding="utf-8")
    return check().output


@pytest.mark.parametrize(
    "bound", ["channel: webchat", "condition: [{type: slot, name: language, value: en}]"], ids=["channel", "condition"]
)
def test_an_answer_that_some_channel_has_no_words_of_is_named(desk: Path, bound: str) -> None:
    """All its variations are bound to a channel or a condition; one that is free mends it."""
    lines = ["  - text: Odd", f"    {bound}"]
    output = answer(desk, *lines)
    assert "en/odd.yml:2: utter_odd: nothing to say on some channel" in output
    assert "2 problems found." in output
    assert "Nothing is wrong." in answer(desk, *lines, "  - text: Even")


@pytest.mark.parametrize(
    ("button", "what"),
    [
        ("{payload: human}", "a button without a title"),
        ("{title: Go}", "a button that does nothing: payload ''"),
        ("{title: Go, payload: /withdrawal_time}", "a button that does nothing: payload '/withdrawal_time'"),
        ("{title: Go, payload: 'intent:nowhere'}", "a button that does nothing: payload 'intent:nowhere'"),
    ],
)
def test_a_button_that_does_nothing_is_named(desk: Path, button: str, what: str) -> None:
    """Without a title, without a payload, with one in Rasa's own notation, with an intent that is none."""
    output = answer(desk, "  - text: Odd", f"    buttons: [{button}]")
    assert f"en/odd.yml:2: utter_odd: {what}" in output
    assert "2 problems found." in output


@pytest.mark.parametrize("payload", ["intent:withdrawal_time", "human", "didnt_help"])
def test_a_button_that_works_is_no_problem(desk: Path, payload: str) -> None:
    """What the bot acts on may be pressed."""
    buttons = f"    buttons: [{{title: Go, payload: '{payload}'}}]"
    assert "Nothing is wrong." in answer(desk, "  - text: Odd", buttons)


def test_broken_yaml_is_named_with_its_line(desk: Path) -> None:
    """A response file that cannot be read stops nothing else from being checked."""
    replace(desk / "responses/en/frontdesk.yml", "responses:", "responses: [")
    replace(desk / "config.yaml", "sqlite:///var/frontdesk.db", "postgresql://127.0.0.1:1/none")
    output = check().output
    assert "frontdesk.yml:" in output
    assert "database.url" in output


def test_bad_data_is_named_beside_bad_answers(desk: Path) -> None:
    """With file and line, in the same run; of the exam nothing is said until the data is whole."""
    replace(desk / "responses/en/frontdesk.yml", "responses:", "responses: [")
    replace(desk / "intents/data/account.yml", "    - how do i sign up\n", "    - how do i [sign up](action\n")
    output = check().output
    assert "frontdesk.yml:" in output
    assert "intents/data/account.yml:6: register_account: broken entity markup" in output


def test_the_exam_is_held_to_the_data_and_the_domain(desk: Path) -> None:
    """A question that was trained on and one of no intent, each with its line; the data's line is beside it."""
    (desk / "intents/tests").mkdir()
    (desk / "intents/tests/new.csv").write_text("text,intent\nHow do I sign up?,register_account\nx,y\n", "utf-8")
    output = check().output
    assert "intents/tests/new.csv:2: register_account: 'How do I sign up?' nearly repeats" in output
    assert "intents/data/account.yml:6" in output
    assert "intents/tests/new.csv:3: y: not in the domain" in output
    assert "2 problems found." in output


def test_a_domain_that_cannot_be_read_is_named_once(desk: Path) -> None:
    """Though both the answers and the data are held to it."""
    (desk / "intents/domain.yml").unlink()
    output = check().output
    assert "domain.yml" in output
    assert "1 problem found." in output


def test_an_exam_that_cannot_be_read_is_named(desk: Path) -> None:
    """With its line, not a traceback."""
    (desk / "intents/tests").mkdir()
    (desk / "intents/tests/new.yml").write_text("nlu: [", "utf-8")
    assert "intents/tests/new.yml:1: yaml:" in check().output


def test_a_staff_room_for_a_channel_that_is_none_is_named(desk: Path) -> None:
    """And one that is right is no problem: ids are numbers, as they are written."""
    (desk / "token").write_text("123456789:AAF-5Jq_secret_of_the_frontdesk_bot", encoding="utf-8")
    staff = "staff: {group: -1002000000001, agents: {4711: Anna}, from: [webchat, shop]}"
    replace(desk / "config.yaml", "  webchat: {}", f"  webchat: {{}}\n  telegram:\n    token_file: token\n    {staff}")
    output = check().output
    assert "channels.telegram.staff.from: no channel 'shop'" in output
    assert "1 problem found" in output
    replace(desk / "config.yaml", ", shop]", "]")
    assert check().exit_code == 0
    replace(desk / "config.yaml", "4711: Anna", "anna: Anna")
    assert "channels.telegram.staff.agents" in check().output
