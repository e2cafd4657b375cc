"""Sections of config.yaml for what leaves the house: webhooks, the user's page of a ticket, the question how it was."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.section import Section


class WebhookSection(Section):
    """How the outside is told of tickets."""

    #: Addresses in private networks may be told too, and this machine by http; for trying it out.
    allow_private: bool = False
    #: An endpoint that takes longer has not answered.
    timeout_seconds: Annotated[float, Field(ge=1, le=60)] = 15
    #: Deliveries on their way to one endpoint at a time.
    at_once: Annotated[int, Field(ge=1, le=32)] = 4
    #: Days what was told can be looked at and told again.
    keep_days: Annotated[int, Field(ge=1, le=365)] = 30


class TicketPageSection(Section):
    """The page on which a user follows a ticket; there is one where `web.public_url` is set."""

    #: Days a link to it opens.
    link_days: Annotated[int, Field(ge=1, le=365)] = 30
    #: Types of channels on which no link is given: mails are passed on to others, and who has the link has the page.
    not_on: tuple[str, ...] = ("email",)


class SatisfactionSection(Section):
    """Whether people are asked how it was."""

    enabled: bool = True
    #: Minutes after a ticket is solved.
    after_minutes: Annotated[int, Field(ge=0, le=1440)] = 5
    #: A score up to this reopens the ticket; 0 never does.
    reopen_up_to: Annotated[int, Field(ge=0, le=5)] = 0
