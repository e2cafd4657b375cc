"""Secrets are taken out of a text, and what only looks like one is left in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from mnemonic import Mnemonic

from bot.redaction import Kind, redact

SEED = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
HASH = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"


@pytest.mark.parametrize("language", ["english", "chinese_simplified"])
@pytest.mark.parametrize("strength", [128, 160, 192, 224, 256])
@pytest.mark.parametrize("data", [b"\x00", b"\x7f", b"\xff"])
def test_seed_phrases_are_taken_out(language: str, strength: int, data: bytes) -> None:
    """A phrase of any length is recognised by its checksum, whatever stands around it."""
    phrase = Mnemonic(language).to_mnemonic(data * (strength // 8))
    found = redact(f"前 this: {phrase} . 后 thank you")
    assert found.kinds == (Kind.SEED,)
    assert found.text == "前 this: [•••• seed] . 后 thank you"


@pytest.mark.parametrize(
    "text",
    [
        SEED.upper(),
        SEED.replace(" ", "\n"),
        SEED.replace(" ", ", "),
        " ".join(f"{number}. {word}" for number, word in enumerate(SEED.split(), 1)),
        "my seed phrase " + " ".join(["abandon"] * 12),
    ],
)
def test_seed_phrase_is_known_however_it_is_written(text: str) -> None:
    """In capitals, in lines, numbered, and mistyped where the text says what it is."""
    assert redact(text).kinds == (Kind.SEED,)
    assert "abandon" not in redact(text).text.lower()


def test_chinese_phrase_without_spaces_needs_its_name() -> None:
    """Everyday characters side by side are a sentence, unless the text calls them a phrase."""
    phrase = Mnemonic("chinese_simplified").to_mnemonic(b"\x7f" * 16).replace(" ", "")
    assert redact(f"我的助记词：{phrase}").kinds == (Kind.SEED,)
    assert redact(phrase).kinds == ()


@pytest.mark.parametrize(
    ("text", "bare", "kind"),
    [
        (f"my private key is {HASH}", "my private key is [•••• key]", Kind.KEY),
        (f"私钥 0x{HASH}，帮我", "私钥 [•••• key]，帮我", Kind.KEY),
        (f"import {WIF} failed", "import [•••• key] failed", Kind.KEY),
        (XPRV, "[•••• key]", Kind.KEY),
        ("card 4111 1111 1111 1111 declined", "card [•••• card] declined", Kind.CARD),
        ("卡号6222021234567890128不行", "卡号[•••• card]不行", Kind.CARD),
        ("4111-1111-1111-1111.", "[•••• card].", Kind.CARD),
        ("４１１１１１１１１１１１１１１１", "[•••• card]", Kind.CARD),
        ("378282246310005", "[•••• card]", Kind.CARD),
        ("my password is hunter2!", "my password is [•••• password]", Kind.PASSWORD),
        ("我的password: correcthorse", "我的password: [•••• password]", Kind.PASSWORD),
        ("Password: correcthorse", "Password: [•••• password]", Kind.PASSWORD),
        ("密码是abc12345，登不上", "密码是[•••• password]，登不上", Kind.PASSWORD),
        ("the verification code is 123456", "the verification code is [•••• code]", Kind.CODE),
        ("OTP 123 456", "OTP [•••• code]", Kind.CODE),
        ("验证码 123456", "验证码 [•••• code]", Kind.CODE),
        ("cvv 123", "cvv [•••• code]", Kind.CODE),
        ("身份证11010519491231002X", "身份证[•••• id]", Kind.IDENTITY),
        ("passport number E12345678", "passport number [•••• id]", Kind.IDENTITY),
        ("护照号：E12345678", "护照号：[•••• id]", Kind.IDENTITY),
    ],
)
def test_secrets_are_taken_out(text: str, bare: str, kind: Kind) -> None:
    """Each kind in the forms people write it, and nothing around it."""
    assert redact(text).text == bare
    assert redact(text).kinds == (kind,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"transaction {HASH} is pending",
        WIF[:-1] + "K",
        XPRV[:-1] + "j",
        "card 4111 1111 1111 1112 declined",
        "order 1234567890123456",
        "order 9000000000000001",
        "my password is wrong",
        "I forgot my password. Is there a way?",
        "密码是多少？",
        "the verification code never came",
        "验证码收不到",
        "error code 123456",
        "110105194912310021",
        "I waited 10 minutes for withdrawal 2026-03-02 10:15:30",
        "all about any long trip will need some extra time before we begin",
        "TXID 0x" + HASH,
        "call +1 415 555 0100 or +86 138 0013 8000",
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    """A hash, an order number, a wrong check digit and talk of a password are no secrets."""
    assert redact(text).text == text
    assert redact(text).kinds == ()


def test_several_are_named_in_order() -> None:
    """Each kind is told once, as they stand in the text."""
    found = redact(f"验证码 123456, card 4111111111111111, {SEED}, 5500005555555559")
    assert found.text == "验证码 [•••• code], card [•••• card], [•••• seed], [•••• card]"
    assert found.kinds == (Kind.CODE, Kind.CARD, Kind.SEED)


@given(some.text())
def test_any_text_is_read(text: str) -> None:
    """Nothing raises, and a text in which nothing was found is as it was."""
    found = redact(text)
    assert found.kinds or found.text == text


@pytest.mark.parametrize(
    "text",
    [
        "abandon " * 12_000,
        "seed " + "abandon " * 12_000,
        "1 " * 50_000,
        "4" * 100_000,
        "4-" * 50_000,
        "password " * 11_000,
        "password is" + " " * 100_000,
        "pwd:" * 25_000,
        "passport" * 12_000,
        "5" + "K" * 100_000,
        "的 " * 50_000,
        "private key " + "a" * 100_000,
    ],
)
def test_hostile_text_takes_no_longer(text: str) -> None:
    """What is made to be slow takes a moment all the same."""
    start = time.perf_counter()
    redact(text)
    assert time.perf_counter() - start < 5
