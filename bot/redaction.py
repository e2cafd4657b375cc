"""Secrets people should not send, recognised by their checked forms and taken out of a text. Pure, and linear in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mnemonic import Mnemonic
from stdnum import luhn
from stdnum.cn import ric


class Kind(StrEnum):
    """What a secret is; also the word in its mark."""

    SEED = "seed"
    KEY = "key"
    CARD = "card"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    CODE = "code"
    IDENTITY = "id"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and which kinds those were, in the order they stood."""

    text: str
    kinds: tuple[Kind, ...]


#: Where a secret stands, from and to.
Span = tuple[int, int]

_PLAIN = {ord("０") + digit: ord("0") + digit for digit in range(10)} | {0x3000: " ", 0x00A0: " "}

_SEED_LENGTHS = (24, 21, 18, 15, 12)
_ENGLISH = {word: number for number, word in enumerate(Mnemonic("english").wordlist)}
_CHINESE = {word: number for number, word in enumerate(Mnemonic("chinese_simplified").wordlist)}
_WORD = re.compile(r"[A-Za-z]{3,8}(?![A-Za-z])")
_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
_BETWEEN = re.compile(r"[\s,;.:，、。)\-0-9]{1,8}")
_NEXT_TO = re.compile(r"[\s,，、]{0,3}")
_NAMED_SEED = re.compile(r"seed|mnemonic|recovery phrase|backup phrase|助记词|助記詞|种子|恢复短语", re.IGNORECASE)

_NAMED_KEY = re.compile(r"private[ _-]?key|secret[ _-]?key|privkey|私钥|私鑰|密钥", re.IGNORECASE)
_HEX_KEY = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_KEY = re.compile(rf"(?<![0-9A-Za-z])(?:[5KLc9][{_BASE58}]{{50,51}}|[xyzt]prv[{_BASE58}]{{107}})(?![0-9A-Za-z])")

_CARD = re.compile(r"(?<![0-9A-Za-z.])[2-68][0-9](?:[ -]?[0-9]){11,17}(?![0-9A-Za-z])")
#: Ranges of the known issuers, by their first four digits, with the lengths of their numbers.
_ISSUERS = (
    (4000, 4999, {13, 16, 19}),
    (5100, 5599, {16}),
    (2221, 2720, {16}),
    (2200, 2204, {16}),
    (3400, 3499, {15}),
    (3700, 3799, {15}),
    (6200, 6299, {16, 17, 18, 19}),
    (8100, 8171, {16, 17, 18, 19}),
    (6011, 6011, {16, 19}),
    (6440, 6599, {16, 19}),
    (3528, 3589, {16, 17, 18, 19}),
    (3000, 3059, {14}),
    (3600, 3699, {14}),
    (3800, 3999, {14}),
)

_GAP = r"[ \t]{0,5}"
#: After "is" a word of letters alone may as well be "wrong"; after a colon it is the password.
_PASSWORDS = (
    re.compile(
        rf"(?<![A-Za-z])(?:pass(?:word|code|phrase)|pwd){_GAP}(?:is|was){_GAP}(?::{_GAP})?"
        r"((?=[^\s]{0,99}[0-9@#$%^&*_+=])[^\s]{4,100}|[\"'“][^\"'”\n]{1,100}[\"'”])",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<![A-Za-z])(?:pass(?:word|code|phrase)|pwd){_GAP}[:=：]{_GAP}([^\s]{{4,100}})", re.IGNORECASE),
    re.compile(rf"(?:密码|密碼|口令){_GAP}(?:是|为|為|[:=：]){_GAP}[:：]?{_GAP}([\x21-\x7e]{{4,100}})"),
)
_DIGITS = r"([0-9]{3}[ -][0-9]{3}|[0-9]{4,8})(?![0-9])"
_CODES = (
    re.compile(
        r"(?<![A-Za-z])(?:(?:verification|security|sms|one[- ]time|2fa|mfa|auth|authenticator|authentication|login"
        rf"|confirmation) (?:code|password|pin)|otp|my code|pin){_GAP}(?:is|was|[:=：#])?{_GAP}(?::{_GAP})?{_DIGITS}",
        re.IGNORECASE,
    ),
    re.compile(rf"(?:验证码|驗證碼|校验码|动态码|动态口令|安全码){_GAP}(?:是|为|為|[:=：])?{_GAP}{_DIGITS}"),
)
_CVV = re.compile(rf"(?<![A-Za-z])(?:cvv2?|cvc2?){_GAP}(?:is|[:=：#])?{_GAP}([0-9]{{3,4}})(?![0-9])", re.IGNORECASE)

_RESIDENT = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_PASSPORT = re.compile(
    rf"(?:passport|护照|護照)(?:{_GAP}(?:number|no\.?|号码|号|號碼)){{0,1}}{_GAP}(?:is|是|为|[:：#])?{_GAP}"
    r"([A-Z]{1,2}[0-9]{6,8}|[0-9]{8,9})(?![0-9A-Za-z])",
    re.IGNORECASE,
)


def redact(text: str) -> Redacted:
    """The text with a mark as `[•••• card]` in place of each secret."""
    plain = text.translate(_PLAIN)
    found = sorted((start, -end, kind) for kind, find in _FINDERS for start, end in find(plain))
    pieces: list[str] = []
    kinds: list[Kind] = []
    done = 0
    for start, negative_end, kind in found:
        if start < done:
            # A secret inside another; what reaches beyond it goes with it.
            done = max(done, -negative_end)
            continue
        pieces += [text[done:start], f"[•••• {kind}]"]
        kinds.append(kind)
        done = -negative_end
    return Redacted("".join([*pieces, text[done:]]), tuple(dict.fromkeys(kinds)))


def _seeds(text: str) -> Iterator[Span]:
    named = bool(_NAMED_SEED.search(text))
    yield from _phrases(text, _WORD, _BETWEEN, _ENGLISH, sure=named)
    # The characters are everyday ones: side by side they are a sentence, unless the text says what they are.
    yield from _phrases(text, _CHARACTER, _NEXT_TO if named else _BETWEEN, _CHINESE, sure=False)


def _phrases(
    text: str, word: re.Pattern[str], between: re.Pattern[str], known: dict[str, int], *, sure: bool
) -> Iterator[Span]:
    for run in _runs(text, word, between, known):
        numbers = [known[one[0].lower()] for one in run]
        if sure and len(run) >= min(_SEED_LENGTHS):
            # Mistyped, it is still nearly all of a secret.
            yield run[0].start(), run[-1].end()
            continue
        first = 0
        while first <= len(run) - min(_SEED_LENGTHS):
            length = next((one for one in _SEED_LENGTHS if _is_seed(numbers[first : first + one], one)), 0)
            if length:
                yield run[first].start(), run[first + length - 1].end()
            first += length or 1


def _runs(
    text: str, word: re.Pattern[str], between: re.Pattern[str], known: dict[str, int]
) -> Iterator[list[re.Match[str]]]:
    """Words of the list that follow each other."""
    run: list[re.Match[str]] = []
    for found in word.finditer(text):
        if run and not between.fullmatch(text, run[-1].end(), found.start()):
            yield run
            run = []
        if found[0].lower() in known:
            run.append(found)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _is_seed(numbers: list[int], length: int) -> bool:
    """By the checksum of BIP39: eleven bits a word, of which one in 33 is checked."""
    if len(numbers) != length:
        return False
    bits = 0
    for number in numbers:
        bits = bits << 11 | number
    check = length * 11 // 33
    entropy = (bits >> check).to_bytes(length * 4 // 3, "big")
    return hashlib.sha256(entropy).digest()[0] >> (8 - check) == bits & ((1 << check) - 1)


def _keys(text: str) -> Iterator[Span]:
    yield from (found.span() for found in _BASE58_KEY.finditer(text) if _has_checksum(found[0]))
    # Alone it is more likely the hash of a transaction.
    if _NAMED_KEY.search(text):
        yield from (found.span() for found in _HEX_KEY.finditer(text))


def _has_checksum(encoded: str) -> bool:
    number = 0
    for character in encoded:
        number = number * 58 + _BASE58.index(character)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def _cards(text: str) -> Iterator[Span]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"[^0-9]", "", found[0])
        issued = any(low <= int(digits[:4]) <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)
        if issued and luhn.is_valid(digits):
            yield found.span()


def _passwords(text: str) -> Iterator[Span]:
    return (found.span(1) for pattern in _PASSWORDS for found in pattern.finditer(text))


def _codes(text: str) -> Iterator[Span]:
    return (found.span(1) for pattern in (*_CODES, _CVV) for found in pattern.finditer(text))


def _identities(text: str) -> Iterator[Span]:
    yield from (found.span() for found in _RESIDENT.finditer(text) if ric.is_valid(found[0]))
    yield from (found.span(1) for found in _PASSPORT.finditer(text))


_FINDERS: tuple[tuple[Kind, Callable[[str], Iterator[Span]]], ...] = (
    (Kind.SEED, _seeds),
    (Kind.KEY, _keys),
    (Kind.CARD, _cards),
    (Kind.PASSWORD, _passwords),
    (Kind.CODE, _codes),
    (Kind.IDENTITY, _identities),
)
