"""What is asked of a provider, and what of its answers is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.access.oidc.attempt import Attempt, new_attempt
from bot.access.oidc.check import provider_problems
from bot.access.oidc.errors import ProviderAway, ProviderRefused
from bot.access.oidc.provider import LASTS, Provider
from bot.access.oidc.transport import Line
from bot.access.settings import Oidc
from bot.config_file import ConfigFile
from bot.conversation import now
from tests.desk.idp import BACK, CLIENT, SECRET, Answer, Idp, authorized, provided


@pytest.fixture
async def idp() -> AsyncIterator[Idp]:
    async with provided() as found:
        yield found


def provider_of(idp: Idp, seconds: float = 5, secret: str = SECRET) -> Provider:
    """As the desk uses it."""
    oidc = Oidc(issuer=idp.issuer, client_id=CLIENT, client_secret=SecretStr(secret))
    return Provider(oidc, Line(idp.issuer, seconds, _nowhere))


async def _nowhere(_: str, __: int) -> Sequence[str]:
    """Whatever is looked up is inside."""
    return ["10.0.0.7"]


async def identity(provider: Provider, attempt: Attempt | None = None, at: Any = None) -> str:
    """The address the provider vouches for, there and back."""
    attempt = attempt or new_attempt("/desk")
    back = await authorized(await provider.address(attempt, BACK, at or now()))
    return (await provider.identity(httpx.URL(back).params["code"], attempt, BACK, at or now())).email


async def test_it_is_asked_for_its_keys_once_an_hour_and_when_they_changed(idp: Idp) -> None:
    """Whoever signs in after it changed its key notices nothing."""
    provider = provider_of(idp)
    for _ in range(2):
        assert await identity(provider) == "anna@example.org"
    assert idp.asked.count("/jwks") == 1
    idp.kid = "second"
    assert await identity(provider) == "anna@example.org"
    assert idp.asked.count("/jwks") == 2
    await provider.address(new_attempt("/desk"), BACK, now() + LASTS + timedelta(seconds=1))
    assert idp.asked.count("/jwks") == 3


async def test_a_code_works_once_for_who_began_and_knows_our_secret(idp: Idp) -> None:
    """The provider refuses the code a second time, without the attempt's verifier, and with another secret."""
    provider, attempt = provider_of(idp), new_attempt("/desk")
    code = httpx.URL(await authorized(await provider.address(attempt, BACK, now()))).params["code"]
    assert (await provider.identity(code, attempt, BACK, now())).email == "anna@example.org"
    with pytest.raises(ProviderRefused):
        await provider.identity(code, attempt, BACK, now())
    code = httpx.URL(await authorized(await provider.address(attempt, BACK, now()))).params["code"]
    with pytest.raises(ProviderRefused):
        await provider.identity(code, new_attempt("/desk"), BACK, now())
    with pytest.raises(ProviderRefused):
        await identity(provider_of(idp, secret="wrong"))


async def flood(honest: web.Response) -> web.Response:
    """The truth, and nothing behind it, at length."""
    return web.Response(text=f"{honest.text}{' ' * 300_000}")


async def packed(honest: web.Response) -> web.Response:
    """The truth, packed though it was asked for plain."""
    honest.enable_compression(web.ContentCoding.gzip)
    return honest


async def inward(_: web.Response) -> web.Response:
    raise web.HTTPFound("/inside")


async def hang(honest: web.Response) -> web.Response:
    """Until the other side has gone."""
    await asyncio.Event().wait()
    return honest


async def nested(_: web.Response) -> web.Response:
    return web.Response(text="[" * 100_000)


async def listed(_: web.Response) -> web.Response:
    return web.Response(text="[]")


async def broken(_: web.Response) -> web.Response:
    return web.Response(text="{}", status=503)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
@pytest.mark.parametrize("answer", [flood, packed, inward, hang, nested, listed, broken])
async def test_answers_that_are_not_fit_for_use_are_none(idp: Idp, path: str, answer: Answer) -> None:
    """Too long, packed, redirected inward, never, no object: nothing more is asked, and nobody is believed."""
    idp.answers[path] = answer
    with pytest.raises(ProviderAway):
        await identity(provider_of(idp, 0.2 if answer is hang else 5))
    assert idp.asked[-1] == path


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/keys",
        "https://127.0.0.1:1/keys",
        "https://localhost/keys",
        "https://[::1]/",
        "https://keys.example.org/",
        "https://user:word@example.org/",
        "file:///etc/passwd",
        7,
        None,
    ],
)
async def test_addresses_inside_are_never_asked(idp: Idp, address: object) -> None:
    """A host that is not the provider's own must be a public one, whatever name it has."""
    idp.discovery = {"jwks_uri": address}
    with pytest.raises(ProviderAway, match=r"an address that is|no usable answer: Refused"):
        await provider_of(idp).address(new_attempt("/desk"), BACK, now())


async def test_another_public_host_is_asked_at_the_address_that_was_looked_at() -> None:
    """Under its own name, for its certificate too; the provider's own host is asked as it is, wherever it lies."""

    async def outside(_: str, __: int) -> Sequence[str]:
        return ["8.8.8.8"]

    line = Line("https://idp.example.org/realms/staff", 5, outside)
    aimed = await line._aimed(httpx.Request("GET", "https://keys.example.net/jwks?v=1"))
    assert (str(aimed.url), aimed.headers["host"]) == ("https://8.8.8.8/jwks?v=1", "keys.example.net")
    assert aimed.extensions["sni_hostname"] == "keys.example.net"
    own = await line._aimed(httpx.Request("GET", "https://idp.example.org/keys"))
    assert (own.url.host, "sni_hostname" in own.extensions) == ("idp.example.org", False)


@pytest.mark.parametrize("keys", [{}, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]}])
async def test_keys_that_are_none_are_told_as_that(idp: Idp, keys: dict[str, Any]) -> None:
    """Whatever stands in their place."""

    async def answer(_: web.Response) -> web.Response:
        return web.json_response(keys)

    idp.answers["/jwks"] = answer
    with pytest.raises(ProviderAway):
        await provider_of(idp).address(new_attempt("/desk"), BACK, now())


async def test_a_provider_of_another_name_is_not_the_one(idp: Idp) -> None:
    """What says in discovery that it is somebody else is not asked further."""
    idp.discovery = {"issuer": "https://accounts.example.net"}
    with pytest.raises(ProviderAway):
        await provider_of(idp).address(new_attempt("/desk"), BACK, now())
    assert idp.asked == ["/.well-known/openid-configuration"]


async def test_check_tells_what_is_wrong_with_it(idp: Idp, tmp_path: Path) -> None:
    """At its line: nothing where it is as configured, else that it calls itself otherwise, or does not answer."""
    path = tmp_path / "config.yaml"
    path.write_text(f"desk:\n  oidc:\n    issuer: {idp.issuer}\n", encoding="utf-8")
    file, oidc = ConfigFile(path), Oidc(issuer=idp.issuer, client_id=CLIENT)
    assert await provider_problems(None, file, now()) == []
    assert await provider_problems(oidc, file, now()) == []
    (problem,) = await provider_problems(oidc.model_copy(update={"issuer": f"{idp.issuer}/"}), file, now())
    assert (problem.where.endswith("config.yaml:3"), problem.key) == (True, "desk.oidc.issuer")
    assert "calls itself otherwise" in problem.what
    idp.answers["/jwks"] = broken
    (problem,) = await provider_problems(oidc, file, now())
    assert problem.what == "the provider answered 503"
