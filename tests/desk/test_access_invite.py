"""One-time links: the first admin, invited agents, new passwords."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from bot.conversation import now
from bot.errors import NotFound
from bot.store import agents, invites
from bot.store.access_tables import Invite
from bot.store.agent_tables import Agent, Role
from bot.store.agents import EmailTaken, LastAdmin, NameTaken
from bot.store.database import Database
from bot.store.invites import Filled
from tests.desk.house import PASSWORD, hire, log_in
from tests.samples import NOW, later, rows

FORM = {"name": "Olga", "email": "Olga@Example.org", "password": PASSWORD, "language": "zh"}


async def test_the_first_link_makes_an_admin_once(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """Name, e-mail, password and language are theirs to say; the link opens nothing a second time."""
    token = sqlite.transact(invites.first, now())
    assert "Name" in (await stranger.get(f"/desk/invite/{token}")).text
    assert (await stranger.post(f"/desk/invite/{token}", data=FORM)).headers["location"] == "/desk/login"
    (olga,) = rows(sqlite, Agent)
    assert (olga.name, olga.email, olga.role, olga.language) == ("Olga", "olga@example.org", Role.ADMIN, "zh")
    assert (await stranger.get(f"/desk/invite/{token}")).status_code == 404
    assert (await stranger.post(f"/desk/invite/{token}", data=FORM | {"name": "Eve"})).status_code == 404
    assert len(rows(sqlite, Agent)) == 1
    assert sqlite.transact(invites.first, now()) is None
    assert (await log_in(stranger, "Olga")).status_code == 303


async def test_an_invited_agent_is_who_they_were_invited_as(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """Only the password and the language are theirs to say: no form makes them somebody else, or an admin."""
    token = sqlite.transact(invites.invite, "Ben", "ben@example.org", Role.AGENT, "Olga", now())
    page = await stranger.get(f"/desk/invite/{token}")
    assert "Ben" in page.text
    assert 'name="name"' not in page.text
    await stranger.post(f"/desk/invite/{token}", data=FORM | {"role": "admin"})
    (ben,) = rows(sqlite, Agent)
    assert (ben.name, ben.email, ben.role) == ("Ben", "ben@example.org", Role.AGENT)


BAD = (
    ({"password": "short"}, "at least 10 characters"),
    ({"password": "x" * 201}, "at least 10 characters"),
    ({"password": "aaaaaaaaaaaa"}, "at least 10 characters"),
    ({"password": "OLGA@example.org"}, "at least 10 characters"),
    ({"name": "Olga von Humboldt", "password": "olga von humboldt"}, "at least 10 characters"),
    ({"name": "bot"}, "visible characters"),
    ({"name": "FronTdesk"}, "visible characters"),
    ({"name": "  "}, "visible characters"),
    ({"name": "Ol\u202ega"}, "visible characters"),
    ({"name": "x" * 61}, "visible characters"),
    ({"email": "nobody"}, "no e-mail address"),
    ({"email": "a@b.org\r\nBcc: c@d.org"}, "no e-mail address"),
)


async def test_a_bad_form_is_explained_and_the_link_still_works(stranger: httpx.AsyncClient, sqlite: Database) -> None:
    """Nothing is made, what is wrong is said, and the next try succeeds."""
    token = sqlite.transact(invites.first, now())
    for wrong, said in BAD:
        answer = await stranger.post(f"/desk/invite/{token}", data=FORM | wrong)
        assert answer.status_code == 422
        assert said in answer.text.partition('role="alert"')[2].partition("</p>")[0], wrong
    assert rows(sqlite, Agent) == []
    assert (await stranger.post(f"/desk/invite/{token}", data=FORM)).status_code == 303


async def test_a_made_up_link_opens_nothing(stranger: httpx.AsyncClient) -> None:
    """It is a page that says so."""
    for token in ("x", "%00", "..%2f..%2fetc", "'%20OR%201=1", "%ff"):
        answer = await stranger.get(f"/desk/invite/{token}")
        assert answer.status_code == 404
        assert "<html" in answer.text


def test_a_link_ends_after_a_day(database: Database) -> None:
    """At the last second it works, then no more."""
    token = database.transact(invites.first, NOW)
    assert token
    day = timedelta(hours=24).total_seconds()
    assert database.transact(invites.opened, token, later(day - 1)).agent is None
    with pytest.raises(NotFound):
        database.transact(invites.opened, token, later(day))


def test_a_new_link_replaces_the_one_before(database: Database) -> None:
    """Each start prints another for the first admin; only the newest works, and only digests are stored."""
    old, new = (database.transact(invites.first, later(at)) for at in (0, 60))
    assert old
    assert new
    with pytest.raises(NotFound):
        database.transact(invites.opened, old, later(61))
    (row,) = rows(database, Invite)
    assert new not in repr(row.model_dump())


def test_two_first_links_make_one_admin(database: Database) -> None:
    """A link from before is worth nothing once there is an admin, however it came about."""
    token = database.transact(invites.first, NOW)
    assert token
    hire(database, "Olga", Role.ADMIN)
    with pytest.raises(NotFound):
        database.transact(invites.use, token, Filled("Eve", "eve@example.org", "x", "en"), NOW)


def test_a_reset_takes_everything_until_the_link_is_used(database: Database) -> None:
    """Password, second factor and sessions are gone at once; for a removed agent the link is worth nothing."""
    hire(database)
    token = database.transact(invites.reset, "Anna", "Olga", NOW)
    (anna,) = rows(database, Agent)
    assert (anna.password, anna.totp) == (None, None)
    database.transact(agents.remove, "Anna", "Olga", NOW)
    with pytest.raises(NotFound):
        database.transact(invites.use, token, Filled("Anna", "", "x", "en"), NOW)


def test_names_are_never_given_twice(database: Database) -> None:
    """Not even a removed agent's, in whatever capitals; their e-mail address is free again."""
    hire(database)
    with pytest.raises(EmailTaken):
        database.transact(invites.invite, "Ann", "anna@example.org", Role.AGENT, "Olga", NOW)
    database.transact(agents.remove, "Anna", "Olga", NOW)
    with pytest.raises(NameTaken):
        database.transact(invites.invite, "ANNA", "new@example.org", Role.AGENT, "Olga", NOW)
    database.transact(invites.invite, "Ann", "anna@example.org", Role.AGENT, "Olga", NOW)


def test_names_differ_by_more_than_capitals_in_every_alphabet(database: Database) -> None:
    """Databases lower letters each in their own way; the same name again is explained, not a fault."""
    for name, same in (("Ünal", "üNAL"), ("Straße", "STRASSE"), ("李雷", "李雷")):
        database.transact(invites.invite, name, f"{len(name)}@example.org", Role.AGENT, "Olga", NOW)
        with pytest.raises(NameTaken):
            database.transact(invites.invite, same, "another@example.org", Role.AGENT, "Olga", NOW)


def test_two_admins_who_remove_each_other_leave_one(database: Database) -> None:
    """However close together: the second finds that nobody else is left."""
    for name in ("Olga", "Otto"):
        hire(database, name, Role.ADMIN)

    def remove(pair: tuple[str, str]) -> bool:
        try:
            database.transact(agents.remove, *pair, NOW)
        except LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(remove, [("Olga", "Otto"), ("Otto", "Olga")])) == [False, True]
    assert database.transact(agents.has_admin)


def test_signs_a_database_refuses_are_nobodys_address(database: Database) -> None:
    """Who types them is told like everybody who is wrong; nothing falls over."""
    hire(database)
    for typed in ("anna@example.org\0", "\0", "\x1b", "\ud800"):
        assert database.transact(agents.by_email, typed) is None
