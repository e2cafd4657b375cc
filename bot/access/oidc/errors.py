"""Why nobody was signed in.

Refused
├── ProviderAway      the provider gives no answer that can be used: try again later, or take the password
├── ProviderRefused   the provider did not sign them in
├── NotBelieved       what came back does not fit what was asked: begin again
└── NotAnAgent        the provider knows them, and the desk does not
"""

from __future__ import annotations

from bot.errors import Refused


class ProviderAway(Refused):
    """The provider gives no answer that can be used."""


class ProviderRefused(Refused):
    """The provider did not sign them in."""


class NotBelieved(Refused):
    """What came back from the provider does not fit what was asked of it."""


class NotAnAgent(Refused):
    """The provider knows them, and the desk does not; or their address is not vouched for."""
