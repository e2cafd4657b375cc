"""config.yaml, overridden by `FRONTDESK__SECTION__KEY`, as frozen models.

A key that ends in `_file` names a file whose content becomes the value of the key without `_file`: that is how secrets
come in besides the environment. A channel's section is handed on unread; its own `Settings` read it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from lingua import IsoCode639_1
from pydantic import AfterValidator, BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from bot.access.settings import Desk, Oidc, Translator
from bot.callbacks.section import CallBacksSection
from bot.config_file import PREFIX, ConfigFile
from bot.errors import Misconfigured, Problem
from bot.outside_sections import SatisfactionSection, TicketPageSection, WebhookSection
from bot.public_address import public_address
from bot.routing.settings import Routing
from bot.section import Section
from bot.sla import policies
from bot.sla.sections import DEFAULTS, CalendarSection, PolicySection
from bot.tiers import Tier

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]


def _known(code: str) -> str:
    if not (code.islower() and hasattr(IsoCode639_1, code.upper())):
        raise ValueError(f"{code!r} is not a language that can be told from others: write en, zh, ...")
    return code


#: ISO 639-1, in small letters.
Language = Annotated[str, AfterValidator(_known)]

#: The path of a database in a file, as opposed to one in memory or an address with options.
SQLITE_FILE = re.compile(r"(?!file:|:memory:)[^?]+")


class Brand(Section):
    """What the company is called in answers."""

    name: str = "Example Exchange"


class DatabaseSection(Section):
    """Where everything is kept."""

    url: str = "sqlite:///var/frontdesk.db"

    @field_validator("url")
    @classmethod
    def plain_form(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must be sqlite:///path or postgresql://user@host/name")
        if url.startswith("sqlite") and not SQLITE_FILE.fullmatch(url.removeprefix("sqlite:///")):
            raise ValueError("must name a file: what is kept in memory is lost at every stop")
        _address(url)
        return url


class Web(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    #: Where people reach it, from outside; without it nobody is sent from a public place to the web chat.
    public_url: Annotated[str, AfterValidator(public_address)] | None = None
    #: Hours a link from a public place to the web chat can be opened.
    link_hours: Annotated[int, Field(ge=1, le=168)] = 24


class UnderstandingSection(Section):
    """Rasa: our own supervised child unless `url` names another."""

    url: str | None = None
    token: SecretStr | None = None
    timeout_seconds: Seconds = 5
    #: Until our own Rasa has been away this long, messages wait for it; after that humans get them.
    patience_seconds: Seconds = 45


class Decisions(Section):
    """From confidence to action; every number is a probability as the model reports it."""

    #: From here on the best intent is answered.
    confident: Share = 0.4
    #: From here on an intent with a risk is answered, besides a human; below, a human alone.
    certain: Share = 0.6
    #: From here on an intent is worth offering as a choice.
    plausible: Share = 0.12
    #: Two intents nearer than this are a choice for the user, not for the bot.
    close: Share = 0.1


class ConversationSection(Section):
    """How messages become turns."""

    #: A burst is one turn: the turn starts when nothing came for this long...
    quiet_seconds: Seconds = 0.6
    #: ...or at the latest this long after its first message.
    burst_seconds: Seconds = 4
    #: Characters; a longer message is refused at the door.
    longest_message: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000


class Tickets(Section):
    """How tickets are numbered."""

    prefix: Annotated[str, Field(pattern=r"^[A-Z]{1,6}$")] = "FD"

    #: Days in which a solved ticket is opened again; after them it is closed.
    reopen_days: Annotated[int, Field(ge=1, le=365)] = 7


class Sla(Section):
    """What is promised to whom, and what happens when it is late."""

    policies: Mapping[str, PolicySection] = DEFAULTS


class DeliverySection(Section):
    """How hard a reply is tried."""

    attempts: Annotated[int, Field(ge=1, le=50)] = 8
    #: A message that only waits for room is given up so long after it was queued.
    longest_wait_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 48
    #: A send that takes longer may have arrived.
    timeout_seconds: Seconds = 30

    @property
    def longest_send(self) -> float:
        """Seconds until it is settled what became of a part: a send, a look at the platform, and a moment."""
        return 2 * self.timeout_seconds + 1


class Logs(Section):
    """One line an event; never message text."""

    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Folders(Section):
    """Where things lie, relative to config.yaml."""

    responses: Path = Path("responses")
    intents: Path = Path("intents")
    var: Path = Path("var")


class Settings(BaseSettings):
    """The whole configuration. `channels` maps a name to a section whose `type` is the name unless given."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    brand: Brand = Brand()
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en", "zh")
    database: DatabaseSection = DatabaseSection()
    web: Web = Web()
    understanding: UnderstandingSection = UnderstandingSection()
    decisions: Decisions = Decisions()
    conversation: ConversationSection = ConversationSection()
    tickets: Tickets = Tickets()
    calendars: Mapping[str, CalendarSection] = {}
    sla: Sla = Sla()
    delivery: DeliverySection = DeliverySection()
    call_backs: CallBacksSection = CallBacksSection()
    desk: Desk = Desk()
    routing: Routing = Routing()
    tiers: Mapping[Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")], Tier] = {}
    webhooks: WebhookSection = WebhookSection()
    ticket_page: TicketPageSection = TicketPageSection()
    satisfaction: SatisfactionSection = SatisfactionSection()
    logs: Logs = Logs()
    folders: Folders = Folders()
    channels: dict[str, dict[str, object]] = {"webchat": {}}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @model_validator(mode="before")
    @classmethod
    def secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        return _with_files_read(values)


def load(file: ConfigFile) -> Settings:
    """The settings in `file` and the environment. Raises `Misconfigured` with every problem found."""
    problems = [
        *_strange_variables(),
        *secrets_in_file(file, UnderstandingSection, ("understanding",)),
        *secrets_in_file(file, Translator, ("desk", "translator")),
        *secrets_in_file(file, Oidc, ("desk", "oidc")),
        *_password_in_file(file),
    ]
    try:
        with file.blamed():
            settings = Settings(**file.values())
    except Misconfigured as error:
        raise Misconfigured(problems + error.problems) from error
    except SettingsError as error:
        raise Misconfigured([*problems, Problem("environment", PREFIX, str(error), "write it as JSON")]) from error
    found = policies.problems(settings.calendars, settings.sla.policies)
    problems += [Problem(file.line(keys), ".".join(keys), what, remedy) for keys, what, remedy in found]
    if problems:
        raise Misconfigured(problems)
    return settings


def secrets_in_file(file: ConfigFile, model: type[BaseModel], under: tuple[str, ...]) -> list[Problem]:
    """A problem for every secret of `model` written into the file itself, where backups and commits would spread it."""
    names = [name for name, field in model.model_fields.items() if SecretStr in _parts(field.annotation)]
    return [
        Problem(
            file.line((*under, name)),
            ".".join((*under, name)),
            "a secret in the configuration file",
            f"set {PREFIX}{'__'.join((*under, name)).upper()}, or name a file with {name}_file",
        )
        for name in names
        if file.has((*under, name))
    ]


def _password_in_file(file: ConfigFile) -> list[Problem]:
    keys = ("database", "url")
    try:
        address = _address(str(file.values()["database"]["url"]))
    except (KeyError, TypeError, ValueError):
        # No address, or one that the model names as a problem.
        return []
    if address.password is None and "password" not in parse_qs(address.query, keep_blank_values=True):
        return []
    remedy = f"set {PREFIX}{'__'.join(keys).upper()}, or name a file with url_file"
    return [Problem(file.line(keys), ".".join(keys), "a password in the configuration file", remedy)]


def _address(url: str) -> SplitResult:
    """The parts of a database's address. Raises `ValueError`, which repeats nothing of it."""
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError as error:
        raise ValueError(
            "is no address: the port is a number, and in a password @ is %40, : is %3A, / is %2F"
        ) from error
    return address


def _parts(annotation: object) -> tuple[object, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _strange_variables() -> list[Problem]:
    return [
        Problem(f"environment ({name})", name, "no such section", f"one of {', '.join(Settings.model_fields)}")
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name[len(PREFIX) :].split("__")[0].lower() not in Settings.model_fields
    ]


def _with_files_read(values: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in values.items():
        if key.endswith("_file") and isinstance(value, str):
            read[key.removesuffix("_file")] = _secret(key, Path(value))
        else:
            read[key] = _with_files_read(value) if isinstance(value, dict) else value
    return read


def _secret(key: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{key} names {path}, which cannot be read: {error.strerror}") from error
