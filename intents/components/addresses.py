"""Wallet addresses and transaction hashes: their forms, and whether their checksums fit. Knows no Rasa.

Bitcoin and Litecoin (base58check, bech32, bech32m), Dogecoin, TRON, XRP, Solana, and every chain with Ethereum's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256

import base58
import bech32
from Crypto.Hash import keccak

#: What may be one: bounded, so that a text of any length is searched in linear time.
TOKEN = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z0-9]{25,90}(?![A-Za-z0-9_])")

#: What polymod leaves of an intact bech32 and bech32m string (BIP 173, BIP 350).
_BECH32, _BECH32M = 1, 0x2BC830A3
#: Bytes of what a segwit address pays to: in version 0, and the most in later ones.
_LENGTHS_0, _LONGEST = (20, 32), 40

_SHORT = base58.BITCOIN_ALPHABET.decode()
_HEX_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_BASE58_HASH = re.compile(rf"[{_SHORT}]{{86,88}}")
_SIGNATURE_BYTES, _KEY_BYTES, _ACCOUNT_BYTES, _CHECKSUM_BYTES = 64, 32, 21, 4

#: Returns the address in its usual form; raises `ValueError` where its checksum does not fit.
Check = Callable[[str], str]


def is_hash(token: str) -> bool:
    """Whether it is a transaction hash: 64 hexadecimal digits, or a Solana signature."""
    if _BASE58_HASH.fullmatch(token):
        return len(base58.b58decode(token)) == _SIGNATURE_BYTES
    return bool(_HEX_HASH.fullmatch(token))


def checked(token: str) -> tuple[str, bool] | None:
    """A wallet address in its usual form and whether its checksum fits; None for anything else."""
    for form, check in _FORMS:
        if form.fullmatch(token):
            try:
                return check(token), True
            except ValueError:
                return (token, False) if _looks_drawn(token) else None
    return (token, True) if _is_solana(token) else None


def _looks_drawn(token: str) -> bool:
    """Whether letters and digits are mixed as in an address, not as in a word or a serial number."""
    if token.lower().startswith(("0x", "bc1", "ltc1")):
        return True
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(map(kind, token)) for kind in kinds)


def _is_solana(token: str) -> bool:
    """Solana's addresses carry no checksum: their length in bytes must do."""
    if not _SOLANA.fullmatch(token) or not _looks_drawn(token):
        return False
    return len(base58.b58decode(token)) == _KEY_BYTES


def _evm(token: str) -> str:
    """EIP-55: the case of letters is the checksum; letters of one case have none."""
    digits = token[2:]
    digest = keccak.new(digest_bits=256, data=digits.lower().encode()).hexdigest()
    pairs = zip(digits.lower(), digest, strict=False)
    right = "".join(digit.upper() if int(nibble, 16) > 7 else digit for digit, nibble in pairs)  # noqa: PLR2004
    if digits not in (right, digits.lower(), digits.upper()):
        raise ValueError("EIP-55")
    return f"0x{right}"


def _segwit(token: str) -> str:
    prefix, _, rest = token.lower().partition("1")
    if not set(rest) <= set(bech32.CHARSET):
        raise ValueError("not bech32")
    data = [bech32.CHARSET.index(letter) for letter in rest]
    version, left = data[0], bech32.bech32_polymod(bech32.bech32_hrp_expand(prefix) + data)
    program = bech32.convertbits(data[1:-6], 5, 8, False) or []
    fits = len(program) in _LENGTHS_0 if version == 0 else 1 < len(program) <= _LONGEST
    if left != (_BECH32M if version else _BECH32) or not fits:
        raise ValueError("bech32")
    return token


def _base58check(token: str, versions: bytes, alphabet: bytes = base58.BITCOIN_ALPHABET) -> str:
    raw = base58.b58decode(token, alphabet=alphabet)
    payload, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    intact = sha256(sha256(payload).digest()).digest()[:_CHECKSUM_BYTES] == checksum
    if not intact or len(payload) != _ACCOUNT_BYTES or payload[0] not in versions:
        raise ValueError("base58check")
    return token


_SOLANA = re.compile(rf"[{_SHORT}]{{36,44}}")
#: The letters that cannot be in base58 are let in: whoever types one for another has mistyped an address.
_FORMS: tuple[tuple[re.Pattern[str], Check], ...] = (
    (re.compile(r"0x[0-9a-fA-F]{40}"), _evm),
    (re.compile(r"(?:bc|ltc)1[a-z0-9]{11,87}|(?:BC|LTC)1[A-Z0-9]{11,87}"), _segwit),
    (re.compile(r"[13][A-Za-z0-9]{25,34}"), partial(_base58check, versions=b"\x00\x05")),
    (re.compile(r"T[A-Za-z0-9]{33}"), partial(_base58check, versions=b"\x41")),
    (re.compile(r"[LM][A-Za-z0-9]{33}"), partial(_base58check, versions=b"\x30\x32")),
    (re.compile(r"D[A-Za-z0-9]{33}"), partial(_base58check, versions=b"\x1e")),
    (re.compile(r"r[A-Za-z0-9]{24,34}"), partial(_base58check, versions=b"\x00", alphabet=base58.XRP_ALPHABET)),
)
