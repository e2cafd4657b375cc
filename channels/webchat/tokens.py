"""Who a visitor is: signed tokens for the browser, the host site's signed identity, and links to files."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from pydantic import SecretStr

from channels.vouched import Value, Vouched, checked
from channels.webchat.errors import Code, Refused

ALGORITHM = "HS256"
#: How long a link to a file works.
FILE_LIFE = timedelta(hours=1)
#: The furthest end an identity may have, so that a leaked one is soon worth nothing.
IDENTITY_LIFE = timedelta(hours=24)
#: Two honest clocks may differ by this much.
SKEW = timedelta(minutes=1)
#: Characters in any claim that is kept.
LONGEST_CLAIM = 200
#: The claim that is an attribute as well.
TIER = "tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A person in a browser, as far as a signature vouches."""

    handle: str
    expires_at: datetime
    name: str = ""
    verified_by: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: What the host site signed of them besides; None for whom it signed nothing.
    vouched: Vouched | None = None


class Tokens:
    """Signs and reads the tokens of one web chat; each kind has an audience of its own, so none passes for another."""

    def __init__(self, name: str, key: bytes, visitor_life: timedelta, identity_secret: SecretStr | None) -> None:
        self._audience = f"frontdesk/{name}"
        self._key = key
        self._life = visitor_life
        self._identity_secret = identity_secret

    def anonymous(self) -> Visitor:
        """Somebody new, whose handle cannot be guessed."""
        return Visitor(handle=f"anon:{secrets.token_hex(16)}", expires_at=_now() + self._life)

    def renewed(self, visitor: Visitor) -> Visitor:
        """A full life again once less than half is left. An identity is renewed by the host site alone."""
        if visitor.verified_by or visitor.expires_at - _now() > self._life / 2:
            return visitor
        return replace(visitor, expires_at=_now() + self._life)

    def sign(self, visitor: Visitor) -> str:
        claims = {
            "sub": visitor.handle,
            "exp": visitor.expires_at,
            "aud": f"{self._audience}/visitor",
            "name": visitor.name,
            "by": visitor.verified_by,
            "attributes": dict(visitor.attributes),
        }
        if visitor.vouched:
            claims["vouched"] = dict(visitor.vouched.attributes)
            claims["vouched_at"] = visitor.vouched.at.timestamp()
        return jwt.encode(claims, self._key, ALGORITHM)

    def visitor(self, token: str) -> Visitor:
        """Raises `Refused` (401)."""
        claims = self._read(token, "visitor")
        return Visitor(
            handle=claims["sub"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            name=claims.get("name", ""),
            verified_by=claims.get("by", ""),
            attributes=claims.get("attributes", {}),
            vouched=_kept(claims),
        )

    def identity(self, token: str) -> Visitor:
        """The host site's user. Raises `Refused`: 403 without a secret to check with, 401 for a claim nobody signed."""
        if self._identity_secret is None:
            raise Refused(403, Code.IDENTITY_OFF, "set identity_secret to let the host site sign identities")
        key = self._identity_secret.get_secret_value().encode()
        try:
            claims = jwt.decode(token, key, [ALGORITHM], options={"require": ["exp", "sub"], "verify_aud": False})
        except jwt.ExpiredSignatureError as error:
            raise Refused(401, Code.IDENTITY_EXPIRED, "the identity has expired") from error
        except (jwt.InvalidTokenError, OverflowError, TypeError) as error:
            raise Refused(401, Code.IDENTITY_INVALID, f"not a valid identity: {error}") from error
        return _identified(claims)

    def sign_file(self, handle: str, file_id: int) -> str:
        claims = {"sub": handle, "exp": _now() + FILE_LIFE, "aud": f"{self._audience}/file", "file": file_id}
        return jwt.encode(claims, self._key, ALGORITHM)

    def file_handle(self, token: str, file_id: int) -> str:
        """Whose file `file_id` is. Raises `Refused` (401), also for a token made for another file."""
        claims = self._read(token, "file")
        if claims.get("file") != file_id:
            raise Refused(401, Code.TOKEN_INVALID, "the token is for another file")
        return str(claims["sub"])

    def _read(self, token: str, kind: str) -> dict[str, Any]:
        audience = f"{self._audience}/{kind}"
        try:
            return jwt.decode(
                token, self._key, [ALGORITHM], audience=audience, options={"require": ["exp", "sub", "aud"]}
            )
        except jwt.ExpiredSignatureError as error:
            raise Refused(401, Code.TOKEN_EXPIRED, "the token has expired") from error
        except jwt.InvalidTokenError as error:
            raise Refused(401, Code.TOKEN_INVALID, f"not a valid token: {error}") from error


def _identified(claims: Mapping[str, Any]) -> Visitor:
    ends = int(claims["exp"])
    # Compared as a number: what is in milliseconds lies beyond every calendar.
    if ends > (_now() + IDENTITY_LIFE + SKEW).timestamp():
        raise Refused(401, Code.IDENTITY_INVALID, "exp is more than 24 hours ahead; it counts seconds")
    said = {name: _claim(claims, name) for name in ("sub", "name", "email", "tier")}
    if not said["sub"]:
        raise Refused(401, Code.IDENTITY_INVALID, "sub is empty")
    return Visitor(
        handle=f"user:{said['sub']}",
        expires_at=datetime.fromtimestamp(ends, UTC),
        name=said["name"],
        verified_by="site",
        attributes={name: said[name] for name in ("name", "email", "tier") if said[name]},
        vouched=_vouched(claims, said["tier"], ends),
    )


def _vouched(claims: Mapping[str, Any], tier: str, ends: int) -> Vouched | None:
    """The claim `attributes`, and the tier: said at `iat`, or where that is missing a day before `exp`.

    So an old identity shown again does not undo what the company has said since.
    """
    given = claims.get("attributes")
    if given is not None and not isinstance(given, dict):
        raise Refused(401, Code.IDENTITY_INVALID, "attributes is not an object of names and values")
    try:
        found: dict[str, Value | None] = checked({**({TIER: tier} if tier else {}), **(given or {})})
        said = float(claims.get("iat", ends - IDENTITY_LIFE.total_seconds()))
        at = datetime.fromtimestamp(min(said, _now().timestamp()), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise Refused(401, Code.IDENTITY_INVALID, str(error)) from error
    return Vouched(found, at) if found else None


def _kept(claims: Mapping[str, Any]) -> Vouched | None:
    """What stands in a token of ours."""
    if "vouched" not in claims:
        return None
    return Vouched(claims["vouched"], datetime.fromtimestamp(claims["vouched_at"], UTC))


def _claim(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST_CLAIM or not value.isprintable():
        raise Refused(401, Code.IDENTITY_INVALID, f"{name} is not a printable text of {LONGEST_CLAIM} characters")
    return value


def _now() -> datetime:
    return datetime.now(UTC)
