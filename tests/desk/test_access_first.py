"""How the first admin comes about: by what `frontdesk up` prints."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from bot.app import App
from bot.commands import up
from bot.conversation import Content
from bot.settings import Settings
from bot.store.agent_tables import Role
from bot.store.database import Database
from tests.desk.house import browser_of, hire

FORM = {"name": "Olga", "email": "olga@example.org", "password": "correct horse battery"}


async def test_every_start_prints_a_link_until_there_is_an_admin(
    sqlite: Database, content: Content, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole application opens it, the newest alone; afterwards nothing is printed."""
    said = StringIO()
    monkeypatch.setattr(up, "err", Console(file=said, width=40))
    database = settings.database.model_copy(update={"url": sqlite.url})
    web = settings.web.model_copy(update={"public_url": "https://desk.example.org"})
    app = App(settings.model_copy(update={"database": database, "web": web}), content, {}, None)
    hire(sqlite, "Lea", Role.LEAD)
    for _ in range(2):
        await up._invite_first_admin(app, "0.0.0.0", 8080)  # noqa: S104 - as it stands in a configuration
    old, new = re.findall(r"^https://desk\.example\.org(/desk/invite/[\w-]+)$", said.getvalue(), re.MULTILINE)
    async with browser_of(app.site(), home="https://desk.example.org") as browser:
        assert (await browser.get(old)).status_code == 404
        assert (await browser.post(new, data=FORM)).status_code == 303
    said.truncate(0)
    await up._invite_first_admin(app, "0.0.0.0", 8080)  # noqa: S104 - same
    assert "invite" not in said.getvalue()
    app.database.close()
    await app.mind.close()
