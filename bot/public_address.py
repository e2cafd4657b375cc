"""The address under which people reach Frontdesk from outside."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

FORM = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9/._~-]*)?")
#: Hosts that are this machine: what is said to them crosses no net.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def public_address(url: str) -> str:
    """The address without a slash at its end. Raises `ValueError` where what is said there could be read on the way."""
    address = urlsplit(url)
    if not FORM.fullmatch(url) or not (address.scheme == "https" or address.hostname in LOOPBACK):
        raise ValueError(
            "must be https://host or https://host/path (http on this machine alone), and nothing behind it"
        )
    return url.rstrip("/")


def local_address(host: str, port: int) -> str:
    """Where a browser on this machine reaches who listens on `host`."""
    try:
        found = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    name = "localhost" if found.is_unspecified else f"[{host}]" if found.version == 6 else host  # noqa: PLR2004 - IPv6
    return f"http://{name}:{port}"
