"""What the checked entities find, in Rasa's own Python; all but the last tests without Rasa."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.rasa.project import PYTHON, ROOT

FIND = """\
import json, sys, time
from components.checked_forms import Forms, plain_amount
forms = Forms(regions=["CN"], account_words=["uid", "user id", "账户id"])
texts = json.load(sys.stdin)
began = time.process_time()
found = [[(one.entity, text[one.start:one.end], one.value, one.check) for one in forms.find(text)] for text in texts]
json.dump({"found": found, "amounts": [plain_amount(text) for text in texts], "took": time.process_time() - began},
          sys.stdout)
"""

PROCESS = """\
import json, sys
from components.checked_entities import CheckedEntities
from rasa.shared.nlu.training_data.message import Message
component = CheckedEntities({**CheckedEntities.get_default_config(), "regions": ["CN"]})
text, before = json.load(sys.stdin)
(message,) = component.process([Message({"text": text, "entities": before})])
json.dump(message.as_dict(only_output_properties=True)["entities"], sys.stdout)
"""

BITCOIN, WRONG = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"
ETHEREUM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
HASH = "9f2c1d7be04a5583c6e19a7d20b84f6611d3e5a97c02b8f44e6a1097d35cb8e2"
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQUjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"

ADDRESSES = [
    BITCOIN,
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ETHEREUM,
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
    "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",
    "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
    "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
]
#: Without a checksum.
SOLANA = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


def run(program: str, given: Any) -> Any:
    """What a program for Rasa's Python makes of `given`."""
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", program],
        cwd=ROOT / "intents",
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def found(*texts: str) -> list[list[list[str | None]]]:
    """Entity, words, value and failed check of everything in each text."""
    result: list[list[list[str | None]]] = run(FIND, texts)["found"]
    return result


def test_addresses_are_found_as_written() -> None:
    """Of every chain, alone and amid Chinese, with a checksum that fits."""
    whole = [*ADDRESSES, SOLANA]
    assert found(*whole) == [[["address", address, address, None]] for address in whole]
    assert found(*(f"转到{address}了" for address in whole)) == [[["address", one, one, None]] for one in whole]


def mistyped(address: str) -> str:
    """With one character changed for another of its kind, in the middle."""
    place = 20
    other = "q" if address[place] != "q" else "p"
    return address[:place] + (other.upper() if address.isupper() else other) + address[place + 1 :]


def test_mistyped_addresses_are_told_from_intact_ones() -> None:
    """One wrong character fails the checksum; the address is kept as it was written."""
    wrong = [WRONG, ETHEREUM.replace("5aA", "5AA"), *(mistyped(one) for one in ADDRESSES if one != ETHEREUM)]
    assert found(*wrong) == [[["address", address, address, "checksum"]] for address in wrong]


def test_a_letter_that_no_address_has_is_a_mistake() -> None:
    """A zero for an o makes a mistyped address, not none."""
    typed = BITCOIN.replace("L", "0")
    assert found(typed) == [[["address", typed, typed, "checksum"]]]


def test_an_address_in_small_letters_gets_its_checksum() -> None:
    """EIP-55 is added where none was written, so that agents can compare."""
    assert found(ETHEREUM.lower()) == [[["address", ETHEREUM.lower(), ETHEREUM, None]]]


def test_hashes_are_no_addresses() -> None:
    """64 hexadecimal digits with and without 0x, and Solana's 64 bytes."""
    hashes = [HASH, f"0x{HASH}", f"0x{HASH.upper()}", SIGNATURE]
    assert found(*hashes) == [[["tx_hash", one, one, None]] for one in hashes]


@pytest.mark.parametrize(
    ("text", "entity", "words", "value"),
    [
        ("write to Ann.B+x@Example.ORG.", "email", "Ann.B+x@Example.ORG", "Ann.B+x@example.org"),
        ("邮箱是foo@gmail.com谢谢", "email", "foo@gmail.com", "foo@gmail.com"),
        ("call +1 (415) 555-2671!", "phone", "+1 (415) 555-2671", "+14155552671"),
        ("0044 20 7946 0958", "phone", "0044 20 7946 0958", "+442079460958"),
        ("打13812345678找我", "phone", "13812345678", "+8613812345678"),
        ("UID 12345678", "account_id", "12345678", "12345678"),
        ("my user id is: 87654321", "account_id", "87654321", "87654321"),
        ("账户ID：5550001", "account_id", "5550001", "5550001"),
        ("uid: 13812345678", "account_id", "13812345678", "13812345678"),
    ],
)
def test_people_and_accounts(text: str, entity: str, words: str, value: str) -> None:
    """E-mail has its domain in small letters, phones are in E.164, an ID follows its word."""
    assert found(text) == [[[entity, words, value, None]]]


def test_what_only_resembles_is_left_alone() -> None:
    """Order numbers, words, file names, versions, broken e-mail, phones of no network, parts of longer words."""
    harmless = [
        "order 2024010112345678",
        "Donaudampfschifffahrtsgesellschaft",
        "1" * 32,
        "d41d8cd98f00b204e9800998ecf8427e",
        "v1.2.3-4 on 2024-01-02 10:30",
        "a@b, @ann and ann@",
        "+1 000 000 0000",
        "uid please",
        f"x{ETHEREUM}",
        f"{ETHEREUM}0",
        "0x5aAeb6053F",
    ]
    assert found(*harmless) == [[] for _ in harmless]


def test_amounts_are_plain_decimals() -> None:
    """Marks between thousands go, words for them are multiplied out, what is no number stays."""
    written = ["1,234.50", "2万", "2 万", "1.5k", "3千", "1.2亿", "0.05", "100", "007", "0.00", "9" * 30, "much"]
    plain = ["1234.5", "20000", "20000", "1500", "3000", "120000000", "0.05", "100", "7", "0", "9" * 30, "much"]
    assert run(FIND, written)["amounts"] == plain


HOSTILE = [
    "a",
    "1",
    "1 ",
    "a@",
    "a@b.",
    "+1",
    "1-",
    "((",
    "0x",
    "uid ",
    "uid:",
    "bc1",
    f"{WRONG} ",
    "+14155552671 ",
    "a.",
]


def test_hostile_texts_take_linear_time() -> None:
    """Ten thousand characters of whatever repeats are read within a fraction of a second each."""
    texts = [(one * 10_000)[:10_000] for one in HOSTILE] + [
        "uid:" + " " * 9_990,
        "a@" + "b." * 5_000,
        "a." * 5_000 + "@",
    ]
    assert run(FIND, texts)["took"] < 0.25 * len(texts)


def entity(name: str, text: str, words: str) -> dict[str, Any]:
    """As another extractor tells it."""
    start = text.index(words)
    return {"entity": name, "start": start, "end": start + len(words), "value": words, "extractor": "Regex"}


def test_rasa_tells_what_was_checked() -> None:
    """Beside what others found, in reading order, with the check that failed; a name within an address is dropped."""
    text = f"1,500 USDT from btc@mail.com to {WRONG}, fd-31"
    before = [entity(*one) for one in (("amount", text, "1,500"), ("coin", text, "USDT"), ("coin", text, "btc"))]
    told = run(PROCESS, [text, [*before, entity("ticket_number", text, "fd-31")]])
    assert [(one["entity"], one["value"], one.get("check")) for one in told] == [
        ("amount", "1500", None),
        ("coin", "USDT", None),
        ("email", "btc@mail.com", None),
        ("address", WRONG, "checksum"),
        ("ticket_number", "FD-31", None),
    ]
    assert [one["extractor"] for one in told] == ["Regex", "Regex", "CheckedEntities", "CheckedEntities", "Regex"]
    assert text[told[3]["start"] : told[3]["end"]] == WRONG


def test_what_another_took_for_all_of_it_stays() -> None:
    """A number that is an amount is no phone."""
    text = "13812345678 USDT, not 13912345678"
    told = run(PROCESS, [text, [entity("amount", text, "13812345678")]])
    assert [(one["entity"], one["value"]) for one in told] == [("amount", "13812345678"), ("phone", "+8613912345678")]
