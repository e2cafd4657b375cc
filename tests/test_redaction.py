"""Secrets are taken out before anything is kept, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mnemonic import Mnemonic

from bot.redaction import MARKS, Secret, marked, redact, redact_all, unmarked

ENGLISH = "legal winner thank year wave sausage worth useful legal winner thank yellow"
LONG = Mnemonic("english").to_mnemonic(bytes(range(32)))
CHINESE = Mnemonic("chinese_simplified").to_mnemonic(bytes(range(16)))
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
HASH = "4e3a3754410177e6937ef1f84bba68ea139e8d1a2258c5f85db9f1cd715a1bdd"
RESIDENT = "11010519491231002X"


@pytest.mark.parametrize(
    ("said", "kept", "secret"),
    [
        (f"my phrase: {ENGLISH} please help", "my phrase: {} please help", Secret.SEED),
        (f"{LONG}", "{}", Secret.SEED),
        (LONG.upper(), "{}", Secret.SEED),
        (f"{ENGLISH} help", "{} help", Secret.SEED),
        (", ".join(ENGLISH.split()), "{}", Secret.SEED),
        ("\n".join(f"{n}. {word}" for n, word in enumerate(ENGLISH.split(), 1)), "1. {}", Secret.SEED),
        (ENGLISH.replace("yellow", "wave"), "{}", Secret.SEED),
        (f"we abandon ability {ENGLISH}", "we abandon ability {}", Secret.SEED),
        (f"我的助记词是 {CHINESE}", "我的助记词是 {}", Secret.SEED),
        (f"key {WIF}!", "key {}!", Secret.KEY),
        (f"Private key: {HASH}", "Private key: {}", Secret.KEY),
        (f"私钥是0x{HASH}，丢了", "私钥是{}，丢了", Secret.KEY),
        ("pay with 4111 1111 1111 1111 today", "pay with {} today", Secret.CARD),
        ("银行卡6222021234567890128丢了", "银行卡{}丢了", Secret.CARD),
        ("378282246310005", "{}", Secret.CARD),
        (f"身份证号{RESIDENT}", "身份证号{}", Secret.IDENTITY),
        ("my ssn is 536-90-4399.", "my ssn is {}.", Secret.IDENTITY),
        ("passport number is E12345678", "passport number is {}", Secret.IDENTITY),
        ("护照号：G12345678", "护照号：{}", Secret.IDENTITY),
        ("my verification code is 482913", "my verification code is {}", Secret.CODE),
        ("验证码 482913 不对", "验证码 {} 不对", Secret.CODE),
        ("482913 是我收到的验证码", "{} 是我收到的验证码", Secret.CODE),
        ("My password is hunter2!", "My password is {}!", Secret.PASSWORD),
        ("密码：Abc@12345", "密码：{}", Secret.PASSWORD),
        ("pin is 1234", "pin is {}", Secret.PASSWORD),
    ],
)
def test_secret_is_taken_out(said: str, kept: str, secret: Secret) -> None:
    """The mark names what stood there, and the words around it stay."""
    found = redact(said)
    assert found == kept.format(MARKS[secret])
    assert redact(found) == found
    assert marked(found)


@pytest.mark.parametrize(
    "said",
    [
        f"where is {HASH}?",
        "0x" + HASH,
        "order 4111111111111112 is not filled",
        "call me at +62 812 3456 78901",
        "my password is wrong",
        "my password is not working, password: please reset",
        "密码是多少？忘记密码怎么办",
        "error code 50011 when I log in",
        "I did not get the verification code",
        "没收到验证码，等了30分钟",
        "UID 123456789, amount 1500.50 USDT, FD-1042",
        "the quick brown fox jumps over the lazy dog and then it runs away from the big bad wolf again",
        "请问我的提现为什么一直没有到账我已经等了三天了能不能帮我看一下到底是什么原因造成的",
        "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "passport is not accepted",
    ],
)
def test_what_is_no_secret_stays(said: str) -> None:
    """Hashes, addresses, amounts, numbers of tickets and ordinary sentences are left alone."""
    assert redact(said) == said
    assert not marked(said)


def test_several_are_all_taken_out() -> None:
    """One message may carry more than one kind, and each more than once."""
    found = redact(f"{ENGLISH}\ncards 4111111111111111 and 5555555555554444, password: q1w2e3")
    assert {secret for secret, mark in MARKS.items() if mark in found} == {Secret.SEED, Secret.CARD, Secret.PASSWORD}
    assert found.count(MARKS[Secret.CARD]) == 2
    assert unmarked(found).startswith("cards")


def test_payload_is_redacted_however_deep() -> None:
    """Texts in a payload are redacted wherever they stand; numbers and names of fields stay."""
    raw = {"id": 4111111111111111, "message": {"text": "4111111111111111", "parts": [["pin is 1234"], None]}}
    clean = redact_all(raw)
    assert clean["id"] == raw["id"]
    assert clean["message"]["text"] == MARKS[Secret.CARD]
    assert clean["message"]["parts"] == [[f"pin is {MARKS[Secret.PASSWORD]}"], None]


@given(st.text(max_size=300))
def test_any_text_is_survived(said: str) -> None:
    """Whatever is written, redacting ends, and doing it twice changes nothing more."""
    once = redact(said)
    assert redact(once) == once


def test_long_text_takes_no_time() -> None:
    """A text made to be slow is read as fast as any other: the test would not end otherwise."""
    for said in ("abandon " * 1500, "1 " * 5000, "password is " * 900, "护照" * 5000, "我 " * 5000):
        redact(said)
