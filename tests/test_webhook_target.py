"""Where webhooks may go."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import Refused
from bot.webhooks.target import checked, is_public, resolve, target

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - an address to be refused
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_inner_address_is_public(address: str) -> None:
    """Loopback, private, link-local, metadata, multicast and what wraps one of them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """Of both families."""
    assert is_public(address)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_a_wrapped_address_is_no_more_public_than_the_one_inside(number: int) -> None:
    """As IPv6 says it of every IPv4 address."""
    plain = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    assert is_public(f"::ffff:{plain}") == is_public(plain)
    assert not is_public(f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/in",
        "ftp://hooks.example/in",
        "https://",
        "https:///in",
        "hooks.example",
        "https://user@hooks.example/",
        "https://user:hunter2@hooks.example/",
        "https://hooks.example/#in",
        "https://hooks.example:99999/",
        "https://[::1/",
        "https://hooks.example/a b",
        "https://hooks.example/\n",
        "https://höoks.example/",
        "https://hooks.example/" + "x" * 1000,
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "http://localhost/",
    ],
)
def test_an_address_webhooks_cannot_have_is_refused(url: str) -> None:
    """Without repeating what was in it."""
    with pytest.raises(Refused) as refused:
        checked(url, allow_private=False)
    assert "hunter2" not in str(refused.value)


def test_http_is_for_this_machine_alone_and_on_demand() -> None:
    """Also where private addresses are allowed."""
    assert checked("http://127.0.0.1:8000/in", allow_private=True)
    assert checked("https://10.0.0.1/in", allow_private=True)
    with pytest.raises(Refused):
        checked("http://10.0.0.1/in", allow_private=True)


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "017700000001", "localhost"])
async def test_other_ways_to_write_an_inner_address_lead_nowhere(host: str) -> None:
    """The system's resolver reads them, and what it reads is looked at."""
    with pytest.raises(Refused):
        await target(f"https://{host}/in", resolve, 0, allow_private=False)


async def test_one_inner_address_among_several_spoils_the_host() -> None:
    """Whatever turn it is."""

    async def both(_: str, __: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    for turn in range(2):
        with pytest.raises(Refused, match="not public"):
            await target("https://hooks.example/in", both, turn, allow_private=False)


async def test_the_address_looked_at_is_the_one_connected_to() -> None:
    """The host is asked for once; what it would say next time plays no part, and the name goes along for TLS."""
    told = iter([["93.184.216.34"], ["127.0.0.1"]])

    async def rebinding(_: str, __: int) -> list[str]:
        await asyncio.sleep(0)
        return next(told)

    found = await target("https://hooks.example:8443/in?x=1", rebinding, 1, allow_private=False)
    assert (found.url, found.host) == ("https://93.184.216.34:8443/in?x=1", "hooks.example")
    assert found.netloc == "hooks.example:8443"
    with pytest.raises(Refused):
        await target("https://hooks.example:8443/in?x=1", rebinding, 2, allow_private=False)


async def test_ipv6_addresses_are_connected_to_and_taken_in_turns() -> None:
    """Each try takes the next one."""

    async def two(_: str, __: int) -> list[str]:
        return ["2606:4700::1111", "93.184.216.34"]

    urls = [(await target("https://hooks.example/in", two, turn, allow_private=False)).url for turn in range(3)]
    assert urls == [
        "https://[2606:4700::1111]:443/in",
        "https://93.184.216.34:443/in",
        "https://[2606:4700::1111]:443/in",
    ]
