from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings
from bot.config_file import ConfigFile
from bot.errors import Misconfigured
from bot.settings import Settings


def load(folder: Path, text: str) -> Settings:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return settings.load(ConfigFile(path))


def test_an_empty_file_is_a_working_configuration(tmp_path: Path) -> None:
    """Every key has a default: SQLite under var/, our own Rasa, English and Chinese, the web chat."""
    found = load(tmp_path, "")
    assert found.database.url == "sqlite:///var/frontdesk.db"
    assert found.understanding.url is None
    assert found.languages == ("en", "zh")
    assert found.channels == {"webchat": {}}


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also inside a channel's section, which is merged and not replaced."""
    monkeypatch.setenv("FRONTDESK__WEB__PORT", "9999")
    monkeypatch.setenv("FRONTDESK__CHANNELS__WEBCHAT__RATE", "5/minute")
    found = load(tmp_path, "web: {port: 1, host: 0.0.0.0}\nchannels:\n  webchat: {visitor_days: 3}\n")
    assert (found.web.port, found.web.host) == (9999, "0.0.0.0")  # noqa: S104 - a value like any other
    assert found.channels["webchat"] == {"visitor_days": 3, "rate": "5/minute"}


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key ending in _file names it, in the file or the environment; its last line break does not count."""
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    found = load(tmp_path, f"understanding:\n  token_file: {secret}\n")
    assert found.understanding.token
    assert found.understanding.token.get_secret_value() == "s3cret"
    monkeypatch.setenv("FRONTDESK__CHANNELS__SHOP__TOKEN_FILE", str(secret))
    assert load(tmp_path, "").channels["shop"] == {"token": "s3cret"}


def test_a_secret_never_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings prints no token."""
    monkeypatch.setenv("FRONTDESK__UNDERSTANDING__TOKEN", "s3cret")
    assert "s3cret" not in repr(load(tmp_path, ""))


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file and in the environment."""
    monkeypatch.setenv("FRONTDESK__WBE__PORT", "1")
    with pytest.raises(Misconfigured) as raised:
        load(tmp_path, "web:\n  prot: 1\n  port: high\ndatabase:\n  url: mysql://x\n")
    told = {(problem.where, problem.key) for problem in raised.value.problems}
    assert told == {
        ("config.yaml:2", "web.prot"),
        ("config.yaml:3", "web.port"),
        ("config.yaml:5", "database.url"),
        ("environment (FRONTDESK__WBE__PORT)", "FRONTDESK__WBE__PORT"),
    }


@pytest.mark.parametrize("more", ["client_secret: s3cret", "create: true", "timeout_seconds: 0", "domains: ['@a.org']"])
def test_a_provider_that_opens_the_desk_is_set_up_with_care(tmp_path: Path, more: str) -> None:
    """Its secret stands elsewhere, not everybody it knows becomes an agent, and a domain is one."""
    own = "issuer: 'https://idp.example.org/', client_id: frontdesk"
    found = load(tmp_path, f"desk: {{oidc: {{{own}}}}}").desk.oidc
    assert found
    assert found.issuer == "https://idp.example.org/"
    with pytest.raises(Misconfigured) as raised:
        load(tmp_path, f"desk: {{oidc: {{{own}, {more}}}}}")
    assert "s3cret" not in str(raised.value)


def test_nothing_is_said_to_a_provider_in_the_clear(tmp_path: Path) -> None:
    """But to one on this machine, for trying it out."""
    assert load(tmp_path, "desk: {oidc: {issuer: 'http://localhost:8081/realms/x', client_id: x}}").desk.oidc
    with pytest.raises(Misconfigured, match="https://host"):
        load(tmp_path, "desk: {oidc: {issuer: 'http://idp.example.org', client_id: x}}")


@pytest.mark.parametrize("text", ["web: [", "- a\n- b\n", "web: {port: 1}\nweb: {port: 2}\n"])
def test_what_is_not_a_mapping_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    """Broken YAML, a list, a key given twice."""
    with pytest.raises(Misconfigured, match=r"config\.yaml:"):
        load(tmp_path, text)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    """A file saved in another encoding is not read as something else."""
    path = tmp_path / "config.yaml"
    path.write_bytes("brand: {name: Bören}".encode("latin-1"))
    with pytest.raises(Misconfigured, match="UTF-8"):
        ConfigFile(path)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://support.example.org/", "https://support.example.org"),
        ("https://example.org:8443/help", "https://example.org:8443/help"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_from_outside_is_taken(tmp_path: Path, url: str, kept: str) -> None:
    """With https, or on this machine alone."""
    assert load(tmp_path, f"web: {{public_url: '{url}'}}").web.public_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://support.example.org",
        "http://127.0.0.1.example.org",
        "https://user:pass@example.org",
        "https://example.org/?a=1",
        "https://example.org/#a",
        "https://example.org/a b",
        "https://[::1",
        "javascript:alert(1)",
        "support.example.org",
        "",
    ],
)
def test_an_address_that_could_be_read_on_the_way_is_refused(tmp_path: Path, url: str) -> None:
    """Or that is none."""
    with pytest.raises(Misconfigured) as raised:
        load(tmp_path, f"web: {{public_url: '{url}'}}")
    assert [problem.key for problem in raised.value.problems] == ["web.public_url"]
