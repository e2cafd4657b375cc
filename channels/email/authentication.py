"""What our own mail server found out about the sender: SPF, DKIM, DMARC (RFC 8601)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile

import structlog
from authres import AuthenticationResultsHeader, AuthResError  # type: ignore[import-untyped]  # no type information

from channels.email.heads import Head

log = structlog.get_logger()

METHODS = ("spf", "dkim", "dmarc")
MOST = 10
LONGEST = 4_000


def results(head: Head, authserv_id: str | None) -> Mapping[str, str]:
    """Method -> result, from the headers of `authserv_id` alone; anybody can write one in another's name below.

    Only those above the first header of another server count, and of two that name a method the upper one: our own
    server puts its own on top.
    """
    found: dict[str, str] = {}
    if not authserv_id:
        return found
    headers = [_parsed(value[:LONGEST]) for value in head.headers.get("authentication-results", ())]
    for header in takewhile(lambda header: header and header.authserv_id.lower() == authserv_id.lower(), headers):
        found = {**_named(header), **found}
    return found


def _named(header: AuthenticationResultsHeader) -> dict[str, str]:
    """The result of each method; of several signatures one that passes is enough."""
    named: dict[str, str] = {}
    for result in header.results:
        if result.method in METHODS and str(result.result).isalpha() and named.get(result.method) != "pass":
            named[result.method] = str(result.result).lower()
    return named


def _parsed(value: str) -> AuthenticationResultsHeader | None:
    try:
        return AuthenticationResultsHeader.parse(f"Authentication-Results: {' '.join(value.split())}")
    except (AuthResError, ValueError, AttributeError) as error:
        log.info("authentication_results_unreadable", reason=type(error).__name__)
        return None
