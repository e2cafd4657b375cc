"""Things in a text whose form can be checked: addresses, hashes, account IDs, e-mail, phones. Knows no Rasa."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from components.addresses import TOKEN, checked, is_hash

#: What can be found, the surer before the less sure: of two that overlap the first stays.
ENTITIES = ("tx_hash", "address", "email", "account_id", "phone")

#: What the value of an entity is called when its checksum does not fit.
CHECKSUM = "checksum"

#: Every pattern is bounded and begins at a border, so that time grows with the length of the text and no faster.
_EMAIL = re.compile(r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-][A-Za-z0-9.-]{2,253}")
_PHONE = re.compile(r"(?<![A-Za-z0-9_+.,/:#-])(?:\+|00)?\(?[0-9](?:[ ().-]{0,2}[0-9]){6,16}(?![A-Za-z0-9_])")
#: Between the word for an account ID and the digits.
_LINK = r"[ \t]{0,3}(?:is|no\.?|number|号码|号|是|为|為)?[ \t:：=#]{0,3}"

_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)

#: Room for every digit that is read.
_EXACT = Context(prec=100)
_FACTORS = {"k": 1_000, "千": 1_000, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}


@dataclass(frozen=True)
class Found:
    """A thing from character `start` up to `end`, its normal form, and the name of the check that it failed."""

    entity: str
    start: int
    end: int
    value: str
    check: str | None = None


class Forms:
    """Finds what of `entities` stands in a text. The longest text of a customer, 10,000 characters, takes milliseconds.

    `regions`: ISO 3166 codes of countries whose mobile numbers are known without a country code.
    `account_words`: after which of them a number is an account's ID.
    """

    def __init__(
        self, entities: Sequence[str] = ENTITIES, regions: Sequence[str] = (), account_words: Sequence[str] = ("uid",)
    ) -> None:
        self._entities = [entity for entity in ENTITIES if entity in entities]
        self._regions = regions
        words = "|".join(map(re.escape, account_words))
        self._account = re.compile(
            rf"(?<![A-Za-z0-9_])(?:{words}){_LINK}([0-9]{{4,20}})(?![A-Za-z0-9_])", re.IGNORECASE
        )

    def find(self, text: str) -> list[Found]:
        """In reading order, none overlapping another."""
        finders: Mapping[str, Callable[[str], Iterator[Found]]] = {
            "tx_hash": _hashes,
            "address": _addresses,
            "email": _emails,
            "account_id": self._accounts,
            "phone": self._phones,
        }
        taken: list[Found] = []
        covered = bytearray(len(text))
        for found in (found for entity in self._entities for found in finders[entity](text)):
            if not any(covered[found.start : found.end]):
                covered[found.start : found.end] = b"\1" * (found.end - found.start)
                taken.append(found)
        return sorted(taken, key=lambda found: found.start)

    def _accounts(self, text: str) -> Iterator[Found]:
        for match in self._account.finditer(text):
            yield Found("account_id", match.start(1), match.end(1), match[1])

    def _phones(self, text: str) -> Iterator[Found]:
        for match in _PHONE.finditer(text):
            number = self._number(match[0])
            if number:
                yield Found("phone", match.start(), match.end(), number)

    def _number(self, written: str) -> str | None:
        """In E.164; None where no network has such a number."""
        abroad = re.sub(r"^00", "+", written)
        for region in [None] if abroad.startswith("+") else self._regions:
            try:
                number = phonenumbers.parse(abroad, region)
            except phonenumbers.NumberParseException:
                continue
            mobile = region is None or phonenumbers.number_type(number) in _MOBILE
            if mobile and phonenumbers.is_valid_number(number):
                return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        return None


def plain_amount(written: str) -> str:
    """A plain decimal: "1234.5" for "1,234.50", "20000" for "2万"; as written where it is no number."""
    number = written.replace(",", "").strip().lower()
    factor = _FACTORS.get(number[-1:], 1)
    digits = number[:-1].strip() if factor > 1 else number
    if not re.fullmatch(r"[0-9]{1,30}(?:\.[0-9]{1,30})?", digits):
        return written
    value = f"{_EXACT.multiply(Decimal(digits), Decimal(factor)):f}"
    return value.rstrip("0").rstrip(".") if "." in value else value


def _hashes(text: str) -> Iterator[Found]:
    for match in TOKEN.finditer(text):
        if is_hash(match[0]):
            yield Found("tx_hash", match.start(), match.end(), match[0])


def _addresses(text: str) -> Iterator[Found]:
    for match in TOKEN.finditer(text):
        read = checked(match[0])
        if read:
            value, fits = read
            yield Found("address", match.start(), match.end(), value, None if fits else CHECKSUM)


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        written = match[0].rstrip(".-")
        try:
            valid = validate_email(written, check_deliverability=False)
        except EmailNotValidError:
            continue
        yield Found("email", match.start(), match.start() + len(written), valid.normalized)
