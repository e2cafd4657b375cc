"""One way to the provider and back, bound to the browser by a cookie that we signed."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from hmac import compare_digest

from itsdangerous import BadData, URLSafeTimedSerializer

from bot.access.oidc.errors import NotBelieved

#: Seconds somebody may take at the provider's.
LASTS = 600


@dataclass(frozen=True, slots=True)
class Attempt:
    """What comes back must fit it."""

    #: Comes back with the browser, and inside the ID token.
    state: str
    nonce: str
    #: PKCE: only who has it can redeem the code.
    verifier: str
    #: The page to go on to.
    next: str


def new_attempt(wanted: str) -> Attempt:
    """An attempt to reach the page `wanted`."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), wanted)


class Attempts:
    """Attempts as cookies; `key` signs them."""

    def __init__(self, key: bytes) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="desk.oidc")

    def cookie(self, attempt: Attempt) -> str:
        """What the browser is to keep."""
        return str(self._signer.dumps(asdict(attempt)))

    def opened(self, cookie: str, state: str) -> Attempt:
        """The attempt that `state` came back from. Raises `NotBelieved` where this browser began no such one."""
        try:
            attempt = Attempt(**self._signer.loads(cookie, max_age=LASTS))
        except (BadData, TypeError) as error:
            raise NotBelieved("this browser did not begin to sign in, or too long ago") from error
        if not compare_digest(attempt.state.encode(), state.encode()):
            raise NotBelieved("this browser began to sign in elsewhere since")
        return attempt
