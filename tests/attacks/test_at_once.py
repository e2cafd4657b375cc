"""Two at the same thing, and people who go while they are in the middle of it: everybody is told, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.access.settings import Desk
from bot.conversation import Content, now
from bot.store import agents, handling, sessions, ticketing
from bot.store.agent_tables import Role
from bot.store.tables import Message, Ticket, TicketEvent, TicketState
from channels.words import Author
from tests.desk.house import PASSWORD, hire
from tests.desk.office import SOON, Office, office
from tests.samples import rows, until

STREAM = "**/desk/live*"

#: Somebody still waits for an answer.
OPEN = {TicketState.NEW, TicketState.OPEN}

expect.set_options(timeout=SOON)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_office(content: Content, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Anna and Bo answer; Ada can do without them."""
    async with office(content, tmp_path_factory.mktemp("office"), desk=Desk(undo_seconds=0)) as opened:
        for name, role in (("Anna", Role.AGENT), ("Bo", Role.AGENT), ("Cleo", Role.AGENT), ("Ada", Role.ADMIN)):
            hire(opened.database, name, role)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages(open_office: Office) -> tuple[Page, Page]:
    """Anna's and Bo's, which hear nothing by themselves: whoever is faster would spare the other the surprise."""
    found = await open_office.seat("Anna"), await open_office.seat("Bo")
    for page in found:
        await page.route(STREAM, lambda route: route.abort())
    return found


async def test_two_solve_at_once(open_office: Office, pages: tuple[Page, Page]) -> None:
    """One of them does; the other is told who did; the user is told once."""
    number = await open_office.comes("ann", "my withdrawal is pending")
    for page in pages:
        await page.goto(f"/desk/tickets/{number}")
    await asyncio.gather(*(page.keyboard.press("s") for page in pages))
    for page in pages:
        await expect(page.locator(".toast").first).to_contain_text(number)
    solved = [event for event in rows(open_office.database, TicketEvent) if event.kind == "solved"]
    ticket = await open_office.ticket(number)
    assert [(event.ticket_id, ticket.state) for event in solved] == [(ticket.id, "solved")]


async def test_two_answer_at_once(open_office: Office, pages: tuple[Page, Page]) -> None:
    """The first has the ticket; the second is told so and still has the words."""
    number = await open_office.comes("bob", "my deposit is pending")
    for page, words in zip(pages, ("It is here.", "It is there."), strict=True):
        await page.goto(f"/desk/tickets/{number}#reply")
        await page.fill("#composer textarea", words)
    await asyncio.gather(*(page.keyboard.press("Control+Enter") for page in pages))
    for page, words in zip(pages, ("It is here.", "It is there."), strict=True):
        await expect(page.locator("#composer.sending")).to_have_count(0)
        kept = await page.locator("#composer textarea").input_value()
        assert (kept, words in _answers(open_office)) in {(words, False), ("", True)}
    assert "It is here." in _answers(open_office) or "It is there." in _answers(open_office)
    assert (await open_office.ticket(number)).assignee in {"Anna", "Bo"}


async def test_who_is_removed_loses_nothing_of_others(open_office: Office, pages: tuple[Page, Page]) -> None:
    """Their page says that it is over, what they tried is not sent, and their tickets are in the queue again."""
    number = await open_office.comes("cleo", "my account is frozen")
    page = await open_office.seat("Cleo")
    await open_office.database.run(handling.take, number, "Cleo", lambda _: "Cleo answers", now())
    await page.goto(f"/desk/tickets/{number}#reply")
    await page.fill("#composer textarea", "half of an answer")
    await open_office.database.run(agents.remove, "Cleo", "Ada", now())
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/desk/login*")
    assert "half of an answer" not in _answers(open_office)
    await until(lambda: not _ticket(open_office, number).assignee)
    assert _ticket(open_office, number).state in OPEN
    await open_office.says("cleo", "are you there?")
    _, bo = pages
    await bo.goto(f"/desk/tickets/{number}")
    await expect(bo.locator(".said.in .text").last).to_have_text("are you there?")


async def test_a_session_that_ends_elsewhere(open_office: Office, pages: tuple[Page, Page]) -> None:
    """The open page leads to the sign-in by itself, and after it the words that were typed are there again."""
    number = await open_office.comes("dora", "hello")
    _, page = pages
    await page.unroute(STREAM)
    await page.goto(f"/desk/tickets/{number}#reply")
    await page.fill("#composer textarea", "a long and careful answer")
    bo = next(agent for agent in await open_office.database.run(agents.all_agents) if agent.name == "Bo")
    await open_office.database.run(sessions.end_all, bo.id)
    await open_office.says("dora", "anybody?")
    await page.wait_for_url("**/desk/login*")
    assert (await open_office.ticket(number)).assignee is None
    await page.fill("[name=email]", "bo@example.org")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/desk/tickets/{number}*")
    await expect(page.locator("#composer textarea")).to_have_value("a long and careful answer")


async def test_a_page_of_another_session(open_office: Office, pages: tuple[Page, Page]) -> None:
    """Who signed in anew beside it is told to load it again, and has the words still; nothing was sent by then."""
    number = await open_office.comes("fred", "hello")
    page, _ = pages
    await page.goto(f"/desk/tickets/{number}#reply")
    await page.fill("#composer textarea", "words of an old page")
    await _sign_in(await page.context.new_page(), "anna")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast.bad")).to_contain_text("load it again")
    assert "words of an old page" not in _answers(open_office)
    await page.reload()
    await expect(page.locator("#composer textarea")).to_have_value("words of an old page")
    await page.focus("#composer textarea")
    await page.keyboard.press("Control+Enter")
    await open_office.hears("telegram", "words of an old page")


async def _sign_in(page: Page, name: str) -> None:
    await page.goto("/desk/login")
    await page.fill("[name=email]", f"{name}@example.org")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")


def _answers(office: Office) -> list[str]:
    return [message.text for message in rows(office.database, Message) if message.author is Author.AGENT]


def _ticket(office: Office, number: str) -> Ticket:
    return office.database.transact(ticketing.find, number)
