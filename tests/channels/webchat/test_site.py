"""The script, its texts, its settings, and which sites may use it."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from pydantic import ValidationError

from channels.webchat.errors import Code
from channels.webchat.script import HERE, Script
from channels.webchat.settings import WebChatSettings

TEXTS: dict[str, dict[str, dict[str, str]]] = json.loads((HERE / "texts.json").read_text("utf-8"))


async def test_script_is_served_and_cached(client: httpx.AsyncClient) -> None:
    """The script comes with an ETag; asking again with it costs nothing."""
    answer = await client.get("widget.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    again = await client.get("widget.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_script_is_small() -> None:
    """The script with its style and the texts of all languages stays under 30 kB as served."""
    assert len(Script().body) < 30_000


@pytest.mark.parametrize("language", TEXTS)
def test_languages_say_the_same(language: str) -> None:
    """Every language has every text, with the same placeholders."""

    def shape(texts: dict[str, dict[str, str]]) -> dict[tuple[str, str], list[str]]:
        return {
            (group, key): sorted(re.findall(r"{\w+}", text))
            for group, entries in texts.items()
            for key, text in entries.items()
        }

    assert shape(TEXTS[language]) == shape(TEXTS["en"])
    assert all(text.strip() for group in TEXTS[language].values() for text in group.values())


@pytest.mark.parametrize("language", TEXTS)
def test_every_refusal_has_a_text(language: str) -> None:
    """Each error code of the server can be told to the visitor."""
    assert set(Code) <= set(TEXTS[language]["errors"])


class TestOrigins:
    """A chat for one site only."""

    @pytest.fixture
    def settings(self) -> WebChatSettings:
        return WebChatSettings(type="webchat", origins=("https://shop.example",))

    @pytest.mark.parametrize(("origin", "allowed"), [("https://shop.example", True), ("https://evil.example", False)])
    async def test_only_named_sites_may_read(self, client: httpx.AsyncClient, origin: str, *, allowed: bool) -> None:
        """A browser on another site is told nothing, before a request and after it."""
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        before = await client.options("messages", headers=asked | {"Access-Control-Request-Headers": "authorization"})
        after = await client.post("session", json={}, headers={"Origin": origin})
        for answer in (before, after):
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert (before.status_code == 200) is allowed


async def test_any_site_may_use_an_open_chat(client: httpx.AsyncClient) -> None:
    """By default every origin may, without cookies; errors and pauses are readable there too."""
    answer = await client.post("messages", headers={"Origin": "https://any.example"})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["access-control-expose-headers"] == "Retry-After"


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"origins": ["https://shop.example/path"]}, "write it as https://example.com"),
        ({"origins": ["shop.example"]}, "write it as https://example.com"),
        ({"rate": "often"}, "write it as 20/minute"),
        ({"address_rate": "often"}, "write it as 20/minute"),
        ({"address_sessions": "often"}, "write it as 20/minute"),
        ({"file_types": ["image/svg+xml"]}, "choose from"),
        ({"identity_secret": "short"}, "openssl rand -hex 32"),
        ({"visitor_days": 0}, "greater than or equal to 1"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_wrong_setting_names_its_remedy(setting: dict[str, object], remedy: str) -> None:
    """A setting that cannot work is refused with what to write instead."""
    with pytest.raises(ValidationError, match=re.escape(remedy)):
        WebChatSettings.model_validate({"type": "webchat", **setting})


def test_secret_is_never_printed() -> None:
    """The shared secret does not show in a printed setting."""
    settings = WebChatSettings.model_validate({"type": "webchat", "identity_secret": "s" * 40})
    assert "sss" not in repr(settings)
