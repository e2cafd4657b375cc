"""What signing in needs, in one place: `app.state.gate`."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from bot.access.oidc.attempt import LASTS
from bot.access.oidc.sign_in import SignIn
from bot.access.passwords import Passwords
from bot.access.throttle import Tries
from bot.settings import Settings
from bot.store.agent_tables import Role
from bot.store.database import Database
from bot.store.sessions import Caller, Entry, Lifetime


class Gate:
    """The desk's settings, and what watches over it."""

    def __init__(self, database: Database, settings: Settings, oidc: SignIn | None = None) -> None:
        self.database = database
        self.desk = settings.desk
        self.public_url = settings.web.public_url
        self.brand = settings.brand.name
        self.passwords = Passwords()
        self.tries = Tries()
        self.oidc = oidc
        self.lifetime = Lifetime(
            timedelta(minutes=settings.desk.idle_minutes), timedelta(hours=settings.desk.session_hours)
        )
        self._secure = (self.public_url or "").startswith("https:")
        #: A cookie of this prefix is taken from https alone, and no neighbour under the same domain can set it.
        self.cookie = "__Host-desk" if self._secure else "desk"
        self._attempt = f"{self.cookie}-openid"

    def admit(self, response: Response, token: str) -> None:
        """Gives the browser a new session's cookie."""
        response.set_cookie(self.cookie, token, path="/", httponly=True, samesite="lax", secure=self._secure)

    def dismiss(self, response: Response) -> None:
        """Takes the cookie back."""
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="lax", secure=self._secure)

    def remember(self, response: Response, attempt: str) -> None:
        """Gives the browser the cookie of an attempt at an OpenID provider's."""
        response.set_cookie(self._attempt, attempt, LASTS, path="/", httponly=True, samesite="lax", secure=self._secure)

    def remembered(self, request: Request) -> str:
        """What that cookie holds; empty where there is none."""
        return request.cookies.get(self._attempt, "")

    def forget(self, response: Response) -> None:
        """Takes it back."""
        response.delete_cookie(self._attempt, path="/", httponly=True, samesite="lax", secure=self._secure)

    def token(self, request: Request) -> str:
        """What the cookie holds; empty where there is none."""
        return request.cookies.get(self.cookie, "")

    @property
    def takes_passwords(self) -> bool:
        """Whether a password opens the desk."""
        return self.oidc is None or self.oidc.oidc.password_login

    def lacks_factor(self, entry: Entry) -> bool:
        """Whether the agent must set up a second factor before anything else."""
        asked, agent = self.desk.second_factor, entry.agent
        if agent.totp or entry.session.vouched:
            return False
        return asked == "everybody" or (asked == "leads" and agent.role is not Role.AGENT)


def gate_of(request: Request) -> Gate:
    """The application's gate."""
    gate: Gate = request.app.state.gate
    return gate


def caller_of(request: Request) -> Caller:
    """Where the request comes from."""
    return Caller(request.headers.get("user-agent", ""), request.client.host if request.client else "")
