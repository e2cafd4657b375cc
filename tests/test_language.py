from __future__ import annotations

import pytest

from bot.language import Languages

LANGUAGES = Languages(["en", "zh"])


@pytest.mark.parametrize(
    ("text", "spoken", "language"),
    [
        ("how long does a withdrawal take?", None, "en"),
        ("how long does a withdrawal take?", "zh", "en"),
        ("提现要多久", None, "zh"),
        ("提现要多久", "en", "zh"),
        ("人工", "en", "zh"),
        ("hi", None, "en"),
        ("BTC", None, "en"),
        ("充TRC20到账慢", None, "zh"),
        ("充TRC20到账慢", "en", "zh"),
    ],
)
def test_a_message_is_answered_in_its_own_language(text: str, spoken: str | None, language: str) -> None:
    """Whatever was spoken before, a whole sentence decides; with nothing before, even a word does."""
    assert LANGUAGES.of(text, spoken) == language


@pytest.mark.parametrize(
    "text", ["ok", "BTC", "TRC20", "😀", "0x52908400098527886E0F7030069857D2E4169EE7", "123", "好"]
)
@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_short_text_keeps_the_language(text: str, spoken: str) -> None:
    """A coin, a number or a single word changes nothing."""
    assert LANGUAGES.of(text, spoken) == spoken


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_mixed_text_keeps_the_language(spoken: str) -> None:
    """People who mix languages are answered in the one they speak already."""
    assert LANGUAGES.of("USDT 提现 pending 怎么办", spoken) == spoken


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-Hant-TW", "zh"), ("en_US", "en"), ("ZH", "zh"), ("fr", None), (None, None)]
)
def test_a_language_tag_is_read_to_its_first_part(tag: str | None, language: str | None) -> None:
    """Browsers and platforms name regions and scripts that the answers do not tell apart."""
    assert LANGUAGES.known(tag) == language


def test_one_language_needs_no_detection() -> None:
    """With a single configured language everything is in it."""
    assert Languages(["zh"]).of("hello there my friend", None) == "zh"
