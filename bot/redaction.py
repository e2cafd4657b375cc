"""Secrets people should not send: found by forms that can be checked, replaced by a mark before anything is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, partial
from hashlib import sha256
from itertools import groupby
from typing import Any

import phonenumbers
from mnemonic import Mnemonic
from stdnum import luhn
from stdnum.bitcoin import b58decode
from stdnum.cn import ric
from stdnum.us import ssn


class Secret(StrEnum):
    """What was found."""

    SEED = "seed"
    KEY = "key"
    IDENTITY = "identity"
    CARD = "card"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - a word, not a password


#: What stands in a text in its place, for readers of either language.
MARKS: Mapping[Secret, str] = {
    Secret.SEED: "[🔒 recovery phrase · 助记词]",
    Secret.KEY: "[🔒 private key · 私钥]",
    Secret.IDENTITY: "[🔒 ID number · 证件号]",
    Secret.CARD: "[🔒 card number · 银行卡号]",
    Secret.CODE: "[🔒 one-time code · 验证码]",
    Secret.PASSWORD: "[🔒 password · 密码]",
}

#: How many words a recovery phrase has (BIP39).
PHRASES = (24, 21, 18, 15, 12)

#: Digits in a telephone number with its country code (E.164).
LONGEST_PHONE = 15

_GAP = r"[\s,;，；、]+(?:\d{1,2}[.):]?[\s]*)?"
_WORDS = re.compile(rf"(?<![a-z'])[a-z]{{3,8}}(?:{_GAP}[a-z]{{3,8}}){{11,}}(?![a-z'])", re.IGNORECASE)
_HAN = re.compile(rf"[\u4e00-\u9fff](?:{_GAP}[\u4e00-\u9fff]){{11,}}|(?<=助记词)[是为：: ]*[\u4e00-\u9fff]{{12,24}}")
_WORD = re.compile(r"[a-z]+|[\u4e00-\u9fff]", re.IGNORECASE)

_WIF = re.compile(r"\b[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}\b|\b[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{107}\b")
_HEX = re.compile(
    r"(?:private|secret|priv)[\s_-]?key[^\n]{0,40}?\b((?:0x)?[0-9a-f]{64})\b|[私密][钥鑰匙][^\n]{0,40}?((?:0x)?[0-9a-f]{64})(?![0-9a-f])",
    re.IGNORECASE,
)
_RIC = re.compile(r"(?<![A-Za-z0-9])\d{17}[\dXx](?![A-Za-z0-9])")
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_PASSPORT = re.compile(
    r"(?:passport|护照|護照)(?:\s?(?:number|no\.?|号码|號碼|号|號))?\s?(?:is|[:：是为為#])?\s?\b([A-Z]{0,2}\d{6,9})(?!\w)",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![A-Za-z0-9+])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])")
#: Issuers' prefixes, and how many digits their numbers have.
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|(?:62|6011|64[4-9]|65|35)\d{12,17}"
)
_CODE = re.compile(
    r"(?:(?:verification|security|one[- ]time|sms|auth\w*|login|confirmation|email|2fa)\s+(?:code|password|pin)"
    r"|\botp|\b2fa|验证码|驗證碼|动态码|校验码|短信码)[^\d\n]{0,20}(?<!\d)(\d{4,8})(?!\d)"
    r"|(?<!\d)(\d{4,8})(?!\d)[^\d\n]{0,12}(?:(?:verification|sms|one[- ]time) code|\botp\b|验证码|驗證碼)",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"(?:password|passwd|\bpwd|passcode|\bpin\b|密码|密碼|口令)\s?(?:is|was|[:：=是为為])\s?[\"'“]?([!-~]{4,64})",
    re.IGNORECASE,
)
_TELLING = re.compile(r"\d|[@#$%^&*_+=~\\|/<>]")


def redact(text: str) -> str:
    """The text with a mark in place of every secret; linear in its length."""
    for secret, pattern, check in _RULES:
        text = pattern.sub(partial(_marked, secret=secret, check=check), text)
    return text


def redact_all(value: Any) -> Any:
    """A payload with every text in it redacted, however deep."""
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {key: redact_all(inner) for key, inner in value.items()}
        case list() | tuple():
            return [redact_all(inner) for inner in value]
        case _:
            return value


def unmarked(text: str) -> str:
    """What else a redacted text says."""
    for mark in MARKS.values():
        text = text.replace(mark, " ")
    return text.strip()


def marked(text: str) -> bool:
    """Whether a secret was taken out of the text."""
    return any(mark in text for mark in MARKS.values())


def _marked(match: re.Match[str], *, secret: Secret, check: Callable[[str], str]) -> str:
    """The match with what `check` says is the secret in it replaced; as it is where that is nothing."""
    group = next((number for number in range(1, (match.lastindex or 0) + 1) if match[number]), 0)
    inner = check(match[group])
    if not inner:
        return match[0]
    start = match.start(group) - match.start() + match[group].index(inner)
    return match[0][:start] + MARKS[secret] + match[0][start + len(inner) :]


def _phrase(run: str) -> str:
    """The stretch of a run of words that is a recovery phrase; "" where none is."""
    words = list(_WORD.finditer(run))
    begin = 0
    for known, group in groupby(words, lambda word: any(word[0].lower() in listed for listed in _lists())):
        length = len(list(group))
        if known and length >= PHRASES[-1]:
            first, last = _within([word[0].lower() for word in words[begin : begin + length]])
            if last:
                return run[words[begin + first].start() : words[begin + last - 1].end()]
        begin += length
    return ""


def _within(words: list[str]) -> tuple[int, int]:
    """Where in a stretch of listed words a phrase begins and ends: all of it where it is as long as one, or far longer.

    (0, 0) where no checksum is right: twelve such words in a row may be a sentence.
    """
    if len(words) in PHRASES or len(words) > 2 * PHRASES[0]:
        return 0, len(words)
    places = ((first, first + length) for length in PHRASES for first in range(len(words) - length + 1))
    return next((place for place in places if _sums_up(words[slice(*place)])), (0, 0))


def _sums_up(words: list[str]) -> bool:
    return any(
        mnemonic.check(" ".join(words))
        for listed, mnemonic in zip(_lists(), _mnemonics(), strict=True)
        if words[0] in listed
    )


@cache
def _mnemonics() -> list[Mnemonic]:
    return [Mnemonic(language) for language in ("english", "chinese_simplified", "chinese_traditional")]


@cache
def _lists() -> list[frozenset[str]]:
    return [frozenset(mnemonic.wordlist) for mnemonic in _mnemonics()]


def _base58(value: str) -> str:
    raw = bytes(b58decode(value))
    return value if sha256(sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:] else ""


def _card(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    return value if _ISSUERS.fullmatch(digits) and luhn.is_valid(digits) and not _phone(digits) else ""


def _phone(digits: str) -> bool:
    """Whether they are a telephone number without its plus: of those with 13 digits one in ten looks like a card's."""
    if len(digits) > LONGEST_PHONE:
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))


def _password(value: str) -> str:
    """A word after "is" may say how the password is; a digit or a sign in it says that it is one."""
    bare = value.rstrip(".,!?\"'")
    return bare if _TELLING.search(bare) else ""


def _resident(value: str) -> str:
    return value if ric.is_valid(value) else ""


def _social(value: str) -> str:
    return value if ssn.is_valid(value) else ""


def _as_it_is(value: str) -> str:
    return value


_RULES: tuple[tuple[Secret, re.Pattern[str], Callable[[str], str]], ...] = (
    (Secret.SEED, _WORDS, _phrase),
    (Secret.SEED, _HAN, _phrase),
    (Secret.KEY, _WIF, _base58),
    (Secret.KEY, _HEX, _as_it_is),
    (Secret.IDENTITY, _RIC, _resident),
    (Secret.IDENTITY, _SSN, _social),
    (Secret.IDENTITY, _PASSPORT, _as_it_is),
    (Secret.CARD, _CARD, _card),
    (Secret.CODE, _CODE, _as_it_is),
    (Secret.PASSWORD, _PASSWORD, _password),
)
