"""What `frontdesk announce` refuses, shows and lists, without any platform."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.__main__ import app
from bot.store import announcements
from bot.store.announcements import Target
from bot.store.database import Database
from channels.words import Place, Sent
from tests.samples import NOW

pytestmark = pytest.mark.usefixtures("company")

CONFIG = """
channels:
  telegram:
    token_file: telegram.token
    base_url: http://127.0.0.1:9/bot
    announce: [{place: "@exchange_news", language: en}, {place: -1001000000002, language: zh}]
  x:
    api_key_file: telegram.token
    api_secret_file: telegram.token
    access_token_file: telegram.token
    access_secret_file: telegram.token
    announce: [{language: en}]
  discord: {token_file: telegram.token}
  webchat: {}
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of a company that is on Telegram and X; the log of before at the end."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "telegram.token").write_text("7200000001:AAF-5Jq_secret_of_the_frontdesk_bot", encoding="utf-8")
    (tmp_path / "en.md").write_text("**TON** is listed: [all of it](https://example.org/ton).", encoding="utf-8")
    (tmp_path / "long.md").write_text("TON 上线。" * 60, encoding="utf-8")
    (tmp_path / "endless.md").write_text("TON is listed. " * 1_300, encoding="utf-8")
    (tmp_path / "huge.md").write_text("TON is listed. " * 10_000, encoding="utf-8")
    (tmp_path / "noise.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(6_000_000))
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def invoked(*arguments: str, said: str = "") -> tuple[int, str]:
    """The status, and everything it wrote with its lines joined."""
    result = CliRunner().invoke(app, ["announce", *arguments], input=said)
    assert "secret_of_the" not in result.output
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--text", "en=en.md", "--to", "webchat"), "webchat cannot announce: webchat has no public places"),
        (("--text", "en=en.md", "--to", "pigeon"), "there is no channel 'pigeon'"),
        (("--text", "en=en.md", "--to", "discord"), "under channels.discord.announce"),
        (("--text", "fr=en.md"), "is in fr"),
        (("--text", "en=gone.md"), "cannot be read"),
        (("--text", "en=binary.md"), "not text in UTF-8"),
        (("--text", "en=huge.md"), "at most 20,000"),
        (("--text", "en=-"), "it is empty"),
        (("--text", "en=-", "--text", "zh=-"), "only one text"),
        (("--text", "en=en.md", "--text", "en=en.md"), "two texts in en"),
        (("--text", "en.md"), "write it as en=FILE"),
        (("--text", "EN=en.md"), "write it as en=FILE"),
        (("--text", "en=en.md", "--picture", "gone.png"), "cannot be read"),
        (("--text", "en=en.md", "--picture", "en.md"), "a picture is PNG"),
        (("--text", "en=en.md", "--picture", "noise.png"), "at most 5,000,000 there"),
    ],
)
def test_what_cannot_be_announced(arguments: tuple[str, ...], said: str) -> None:
    """Is refused with the reason, and nothing is written down."""
    status, told = invoked("send", *arguments, "--yes")
    assert (status, said in told) == (1, True), told
    assert invoked("list") == (0, "Nothing has been announced.")


def test_a_long_text_is_refused_where_it_must_be_one_post() -> None:
    """As X counts it, Chinese twice; without X it is possible, in several messages where it takes several."""
    status, told = invoked("send", "--text", "en=long.md", "--yes")
    assert status == 1
    assert "x: 600 characters as it counts them, and one message there takes 280: shorten it, or" in told
    status, told = invoked("send", "--text", "en=long.md", "--to", "telegram", "--dry-run")
    assert (status, "telegram @exchange_news (en, 420 of 4,096)" in told) == (0, True)
    status, told = invoked("send", "--text", "en=endless.md", "--to", "telegram", "--dry-run")
    assert (status, "(en, 19,499, 5 messages)" in told) == (0, True), told[:200]


def test_places_without_a_text_are_named() -> None:
    """A language that was forgotten is seen before anybody says yes."""
    _, told = invoked("send", "--text", "en=en.md", "--dry-run")
    assert "Without a text in their language: telegram -1001000000002 (zh)" in told


def test_place_listed_twice() -> None:
    """Would hear everything twice, so it is refused."""
    config = Path("config.yaml")
    twice = "[{language: en}, {language: en}]"
    config.write_text(config.read_text(encoding="utf-8").replace("[{language: en}]", twice), encoding="utf-8")
    status, told = invoked("send", "--text", "en=en.md", "--dry-run")
    assert (status, "channels.x.announce lists timeline twice in en" in told) == (1, True)


def test_preview_reads_as_people_will() -> None:
    """Formatting is gone where it will be seen, and links show where they lead."""
    status, told = invoked("send", "--text", "en=en.md", "--dry-run")
    assert status == 0
    assert told.count("│ TON is listed: all of it (https://example.org/ton).") == 2
    assert "x timeline" in told


def test_what_was_announced_is_shown_and_corrected_where_that_can_be() -> None:
    """The list counts places, the corrections of a platform without any are refused, and so is another language."""
    database = Database("sqlite:///var/frontdesk.db")
    database.migrate()
    place = Place(account="", handle="", public=True)
    number = database.transact(announcements.create, [Target("x", place, "en", "TON is listed.")], None, "anna", NOW)
    (post,) = database.transact(announcements.view, number).posts
    database.transact(announcements.part_sent, post.id, 0, Sent(platform_id="4711"), NOW, last=True)
    database.close()
    assert "anna en 1 sent TON is listed." in invoked("list")[1]
    assert "x timeline (en): sent as 4711" in invoked("show", "1")[1]
    status, told = invoked("correct", "1", "--text", "en=en.md", "--yes")
    assert (status, "x cannot change what was posted: withdraw it and announce it anew" in told) == (1, True)
    status, told = invoked("correct", "1", "--text", "zh=long.md", "--yes")
    assert (status, "announcement 1 was not made in zh" in told) == (1, True)


def test_what_there_is_not() -> None:
    """A number that was never given is named, and the list is JSON where that is asked for."""
    for command in (("show", "7"), ("resume", "7"), ("withdraw", "7", "--yes")):
        assert invoked(*command) == (1, "frontdesk: there is no announcement 7: `frontdesk announce list` names them")
    assert json.loads(invoked("list", "--json")[1]) == []
