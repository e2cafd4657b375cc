"""Which page a request comes from, and where somebody may be sent on to: pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HOME = "/desk"

#: A path of the desk: nothing that a browser could take for another host, or would shorten to a path beside the desk.
INSIDE = re.compile(r"(?!.*/(?:\.|%2[eE]){2}(?:[/?]|$))/desk(?:[/?][!#-\[\]-~]*)?")


def is_ours(headers: Headers, public_url: str | None) -> bool:
    """Whether a page of ours sent the request. Every browser says with what changes something which page it was."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is None:
        return "sec-fetch-site" in headers
    return _host(origin) in {headers.get("host", "").lower(), _host(public_url or "")} - {""}


def inside(wanted: str) -> str:
    """The path of the desk that `wanted` is, or the desk's first page."""
    return wanted if INSIDE.fullmatch(wanted) else HOME


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
