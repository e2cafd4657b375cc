from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from channels.email import Email
from tests.channels.email.server import Post


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs the servers' certificates."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate in a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def sealed(post: Post, authority: trustme.CA) -> AsyncIterator[dict[str, object]]:
    """Settings for the same provider behind TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    loop = asyncio.get_running_loop()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await post.imap_line._pass(reader, writer)

    def session() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(post, authenticator=post._authenticated, auth_required=True, tls_context=context)

    imap = await asyncio.start_server(passed, "127.0.0.1", 0, ssl=context)
    smtp = await loop.create_server(session, "127.0.0.1", 0)
    yield {
        "imap_port": imap.sockets[0].getsockname()[1],
        "imap_tls": True,
        "smtp_port": smtp.sockets[0].getsockname()[1],
        "smtp_tls": "starttls",
    }
    imap.close()
    smtp.close()


async def test_both_servers_are_reached_through_tls(post: Post, sealed: dict[str, object], trusted: Path) -> None:
    """With the authority we trust both let us in."""
    post.settings = {**sealed, "ca_bundle": str(trusted)}
    assert list(await Email("email", post.configured()).connect()) == []


async def test_unknown_certificate_gets_no_password(post: Post, sealed: dict[str, object]) -> None:
    """A server nobody vouches for is told as wrong, and hears nothing of us."""
    post.settings = dict(sealed)
    wrong = await Email("email", post.configured()).connect()
    assert len(wrong) == 2
    assert "imap_tls" in wrong[0]
    assert "smtp_tls" in wrong[1]
