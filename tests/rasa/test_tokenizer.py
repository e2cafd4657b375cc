from __future__ import annotations

import pytest

from tests.rasa.driven import Components

MIXED = "我的USDT提現 still pending嗎？😀\u3000ok"


@pytest.mark.parametrize(
    "text", [MIXED, "臺灣的頭髮", "𠮷野家 in 東京", "\u200b\ufeff", "a\x00b\u2028c", "👨‍👩‍👧 提现"]
)
def test_offsets_are_those_of_the_text(components: Components, text: str) -> None:
    """Tokens are in order, do not overlap, leave out nothing but blanks, and are as long as what they stand for."""
    tokens = components.call("tokens", text=text, simplify=False)
    assert [text[start:end] for _, start, end in tokens] == [token for token, _, _ in tokens]
    assert "".join(token for token, _, _ in tokens) == "".join(text.split())
    simplified = components.call("tokens", text=text)
    assert [places for _, *places in simplified] == [places for _, *places in tokens]


def test_a_chinese_character_is_a_token(components: Components) -> None:
    """Chinese is cut into characters, anything else at blanks and where Chinese begins."""
    words = [token for token, _, _ in components.call("tokens", text=MIXED)]
    assert words == ["我", "的", "USDT", "提", "现", "still", "pending", "吗", "？😀", "ok"]


@pytest.mark.parametrize(("traditional", "simplified"), [("提現一直沒到賬嗎", "提现一直没到账吗"), ("頭髮", "头发")])
def test_traditional_is_read_as_simplified(components: Components, traditional: str, simplified: str) -> None:
    """Featurizers read the same tokens from both ways of writing."""
    assert components.call("tokens", text=traditional) == components.call("tokens", text=simplified)


def test_blanks_have_no_tokens(components: Components) -> None:
    """Neither an empty text nor one of blanks of any kind has tokens."""
    assert components.call("tokens", text=" \u3000\t\n") == []
