"""The desk's section of config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.public_address import public_address
from bot.section import Section, Zone


def _issuer(url: str) -> str:
    """As it was written: the provider names itself by it, with or without a slash at its end."""
    public_address(url)
    return url


class Translator(Section):
    """A server of LibreTranslate's API, which translates for agents who ask for it; without `url` nobody does."""

    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    key: SecretStr | None = None
    timeout_seconds: Annotated[float, Field(ge=0, le=3600)] = 10


class Oidc(Section):
    """An OpenID provider that agents may sign in with. An agent is who has the e-mail address it vouches for."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    client_id: Annotated[str, Field(min_length=1)]
    #: None for a client that the provider knows as a public one.
    client_secret: SecretStr | None = None
    #: What the button of the login calls it.
    name: Annotated[str, Field(min_length=1, max_length=60)] = "OpenID Connect"
    #: Whose addresses are believed; empty for all, which is right where the provider knows colleagues alone.
    domains: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")], ...] = ()
    #: Whether somebody of `domains` who is no agent yet becomes one.
    create: bool = False
    #: Values of the ID token's `amr` or `acr` that stand for a second factor; without any, ours alone is one.
    second_factor: tuple[str, ...] = ()
    #: Whether passwords open the desk, too.
    password_login: bool = True
    #: Until an answer of the provider's is given up.
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10

    @model_validator(mode="after")
    def strangers_have_a_domain(self) -> Oidc:
        if self.create and not self.domains:
            raise ValueError("`create` needs `domains`: else whoever the provider knows becomes an agent")
        return self


class Desk(Section):
    """The agents' desk at /desk."""

    #: Hours after which who signed in must do so again, whatever they did meanwhile.
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    #: Minutes without a request after which they must, too.
    idle_minutes: Annotated[int, Field(ge=5, le=1440)] = 120
    #: Who cannot work without a second factor; "leads" are all but plain agents.
    second_factor: Literal["optional", "leads", "everybody"] = "optional"
    #: A file an agent sends, in megabytes.
    longest_file_mb: Annotated[int, Field(ge=1, le=100)] = 20
    #: Seconds in which an agent can take an answer back before it is sent.
    undo_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    translator: Translator = Translator()
    #: None where passwords alone open the desk.
    oidc: Oidc | None = None
    #: Whose days reports count by, as Europe/Berlin or Asia/Shanghai.
    time_zone: Zone = "UTC"
