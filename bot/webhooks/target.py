"""Where a webhook may go: to public addresses alone, and the one that was looked at is the one connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from bot.errors import Refused
from bot.public_address import LOOPBACK

Ip = IPv4Address | IPv6Address

#: Host and port to addresses. Raises `OSError`.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: Characters.
LONGEST_URL = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """An address to connect to, and who is to be found there."""

    host: str
    #: The request's address with the IP in place of the host, and what stood there.
    url: str
    netloc: str


def checked(url: str, *, allow_private: bool) -> str:
    """The address, if it is one that webhooks may have. Raises `Refused`, which repeats nothing of it."""
    parts = _parts(url)
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL or not parts.hostname:
        raise Refused(f"the address must be https://host/path of at most {LONGEST_URL} plain characters")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused("the address must hold no user, no password and no fragment")
    at_home = allow_private and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and at_home):
        raise Refused("the address must begin with https://")
    if not allow_private and _is_private_literal(parts.hostname):
        raise Refused("the address must be a public one")
    return url


async def target(url: str, resolve: Resolve, turn: int, *, allow_private: bool) -> Target:
    """Where to connect. Of several addresses another one at each `turn`.

    Raises `Refused` where one of them is not public, and `OSError` where there is none.
    """
    parts = _parts(checked(url, allow_private=allow_private))
    host, port = str(parts.hostname), parts.port or {"https": 443, "http": 80}[parts.scheme]
    found = await resolve(host, port)
    if not found:
        raise OSError("the host has no address")
    if not allow_private and not all(is_public(address) for address in found):
        raise Refused("the host leads to an address that is not public")
    address = found[turn % len(found)]
    shown = f"[{address}]" if ":" in address else address
    return Target(host, parts._replace(netloc=f"{shown}:{port}").geturl(), parts.netloc)


def is_public(address: str) -> bool:
    """Whether it is an address of the internet, whatever it is wrapped in."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return all(found.is_global and not found.is_multicast and not found.is_reserved for found in _layers(ip))


async def resolve(host: str, port: int) -> list[str]:
    """As the system resolves it, which also reads 127.1, 0x7f000001 and 2130706433."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _layers(ip: Ip) -> list[Ip]:
    """The address and the IPv4 addresses in it; NAT64's are reserved already."""
    if isinstance(ip, IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    return [ip, *(address for address in (ip.sixtofour, *(ip.teredo or ())) if address)]


def _is_private_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host in LOOPBACK
    return not is_public(host)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Refused("the address is none") from error
    return parts
