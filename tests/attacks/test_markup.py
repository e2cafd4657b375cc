"""Everything that people outside and colleagues write, with markup in it, on every page: text stays text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import ConsoleMessage, Dialog, Page, expect

from bot.access.settings import Desk
from bot.conversation import Content, now
from bot.store import agents, audit, handling, invites, pages, phrases, ticketing, tokens, turns, views
from bot.store.agent_tables import Role
from bot.store.call_tables import CallBack, CallState
from bot.store.database import Session
from bot.store.invites import Filled
from bot.store.rating_tables import Rating
from bot.store.tables import Message, MessageState
from bot.ticket_page.links import Opened
from channels.words import Attachment, Author, Inbound, Place
from tests.attacks.house import PNG
from tests.desk.house import HASH
from tests.desk.office import SOON, Office, office
from tests.samples import arrive, escalation, outcome, turn_of

expect.set_options(timeout=SOON)

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Runs `hit` wherever a page takes it for more than text; short and visible enough for names.
NAME = '"><img src=x class=evil onerror=hit()>{{7+7}}{name}'

TEXT = (
    f"{NAME}</textarea></template></title><script>hit()</script><svg class=evil onload=hit()><b class=evil>b</b>"
    "<a class=evil href=javascript:hit()>a</a>' onmouseover='hit() ${7+7} {%raw%} {0} {ticket} "
    "[https://bank.example](javascript:hit()) [b](data:text/html,<script>hit()</script>) ![p](x) <https://evil.example>"
)

#: Turns what stands behind it around, is not seen, or ends a line.
HIDDEN = "\u202eesrever\u2066\u200b\u2028\ufeff"

#: What it says of where to go on is not shown.
SIGN_IN = f"/desk/login?next={quote(NAME)}"

#: What is on a page because somebody wrote it there.
MADE = (
    ".evil, a[href^='javascript' i], a[href^='data' i], img[src='x'], [onerror], [onload], [onmouseover], "
    "script:not([src^='/desk/static/']):not([src^='static/']), iframe, object, embed, style, base"
)


class Watch:
    """What a page did that it should not have done."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        page.on("dialog", self._dialog)
        page.on("console", self._console)

    async def clean(self, where: str) -> None:
        """Nothing ran, and no element is of anybody's making."""
        made = await self.page.locator(MADE).evaluate_all("those => those.map(one => one.outerHTML)")
        ran = await self.page.evaluate("window.ran ?? ''")
        assert (where, made, ran, self.found) == (where, [], "", [])

    async def _dialog(self, dialog: Dialog) -> None:
        self.found.append(dialog.message)
        await dialog.dismiss()

    def _console(self, said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            self.found.append(said.text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full_office(content: Content, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """Everybody's words are hostile; the ticket is FD-1001, and Ada has all roles."""
    async with office(content, tmp_path_factory.mktemp("office"), desk=Desk(undo_seconds=0)) as opened:
        for name, email, role in (("Ada", "ada@example.org", Role.ADMIN), (NAME, "evil@example.org", Role.LEAD)):
            token = opened.database.transact(invites.invite, name, email, role, "command line", now())
            opened.database.transact(invites.use, token, Filled(name, email, HASH, "en"), now())
        await _arrives(opened)
        opened.database.transact(_beside)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(full_office: Office) -> Page:
    """Ada's."""
    page = await full_office.seat("Ada", accept_downloads=False)
    await page.add_init_script("window.hit = () => { window.ran = document.currentScript?.outerHTML ?? 'ran' }")
    return page


@pytest.fixture(scope="module")
def watch(page: Page) -> Watch:
    """Over Ada's page."""
    return Watch(page)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "path",
    [
        "/desk?view=all",
        f"/desk?q={quote(NAME)}",
        f"/desk?q={quote(TEXT[:290])}&view={quote(NAME[:20])}",
        "/desk?q=evil",
        "/desk/tickets/FD-1001?view=all",
        "/desk/wall",
        "/desk/reports",
        f"/desk/reports?team={quote(NAME)}&category={quote(NAME)}&language={quote(NAME[:40])}",
        "/desk/calls",
        "/desk/phrases?change=1",
        "/desk/agents",
        "/desk/agents/2",
        "/desk/tokens",
        "/desk/audit",
        f"/desk/audit?actor={quote(NAME)}&action={quote(NAME)}&since={quote(NAME)}",
        "/desk/profile",
        f"/desk/tickets/{quote(NAME, safe='')}",
        SIGN_IN,
    ],
)
async def test_nothing_runs_on_the_desk(
    full_office: Office, page: Page, watch: Watch, path: str, language: str
) -> None:
    """Whatever page it is, in both languages: no element is theirs, and what they wrote stands there."""
    full_office.database.transact(_speaks, language)
    await page.goto(path)
    await watch.clean(path)
    if path not in {"/desk/reports", "/desk/profile", SIGN_IN}:
        assert NAME.casefold() in (await page.evaluate(SEEN)).casefold()


async def test_nothing_runs_while_the_page_is_open(full_office: Office, page: Page, watch: Watch) -> None:
    """What comes in, a preview, a file's name, what is picked, a note and a refusal are put there as text."""
    await page.goto("/desk/tickets/FD-1001")
    await full_office.says("eve", f"again {TEXT}")
    await expect(page.locator(".said.in .text").last).to_have_text(f"again {TEXT}")
    await watch.clean("a message")
    await page.fill("#composer textarea", TEXT)
    await page.click("[data-preview]")
    await expect(page.locator("#composer .shown")).to_contain_text("{{7+7}}")
    await watch.clean("a preview")
    await page.click("[data-preview]")
    await page.set_input_files("#composer [type=file]", {"name": f"{NAME}.png", "mimeType": "image/png", "buffer": PNG})
    await expect(page.locator("#composer .chosen")).to_contain_text(NAME)
    await watch.clean("a file")
    for picker in ("phrases", "answers", "intents"):
        await page.evaluate(f"document.getElementById('{picker}').showModal()")
        await page.fill(f"#{picker} input", "evil" if picker == "phrases" else "withdrawal")
        await expect(page.locator(f"#{picker} .pick").first).to_be_visible()
        await watch.clean(picker)
        await page.click(f"#{picker} [data-close]")
    await page.click("[data-mode=note]")
    await page.fill("#composer textarea", f"noted {TEXT}")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".line.note .text").last).to_have_text(f"noted {TEXT}")
    await watch.clean("a note")
    await page.evaluate("into => import('/desk/static/ticket.js').then(ticket => ticket.act('merge', {into}))", NAME)
    await expect(page.locator(".toast").last).to_contain_text("<IMG SRC=X")
    await watch.clean("a refusal")


async def test_an_answer_of_an_agent_runs_nothing(full_office: Office, page: Page, watch: Watch) -> None:
    """Its Markdown is shown, and only links to the web are links."""
    await full_office.database.run(handling.take, "FD-1001", "Ada", lambda _: "x", now())
    await page.goto("/desk/tickets/FD-1001?view=all")
    await page.fill("#composer textarea", f"**bold** {TEXT}")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".said.agent strong").last).to_have_text("bold")
    await watch.clean("an answer")
    links = await page.locator(".said.agent a").evaluate_all("those => those.map(one => [one.protocol, one.rel])")
    assert all(protocol in {"https:", "http:"} and "noopener" in rel for protocol, rel in links)


async def test_nothing_runs_on_the_user_s_page(full_office: Office, watch: Watch, page: Page) -> None:
    """What the person wrote, what agents answered, names of files; in both languages, with a draft that was refused."""
    path = full_office.database.transact(_path, full_office)
    for language in ("en", "zh"):
        await page.goto(f"{path}?language={language}&done={quote(NAME)}")
        await watch.clean(path)
        assert NAME in await page.inner_text("body")
    await page.evaluate("document.querySelector('[name=once]').value = 'no'")
    await page.fill("textarea", TEXT)
    await page.click("button.main")
    await expect(page.locator(".notice")).to_be_visible()
    await watch.clean("a draft")


async def test_signs_that_hide_change_nothing_beside_them(page: Page, watch: Watch) -> None:
    """What turns text around ends where the words of its writer end."""
    await page.goto("/desk/tickets/FD-1001?view=all")
    await watch.clean("hidden signs")
    for theirs in (".row .who", ".row .second > *", ".row .third > *", ".said.in .text", "h1 bdi", ".brief dd bdi"):
        assert await page.locator(theirs).count()
        assert (theirs, await page.locator(theirs).evaluate_all(APART)) == (theirs, True)


#: Whether each stands apart from the direction of what is around it.
APART = """those => those.every(one => {
  const style = getComputedStyle(one);
  return style.display === "block" || one.dir === "auto" || /isolate|plaintext/.test(style.unicodeBidi);
})"""

#: Everything that can be read on a page, fields included.
SEEN = "document.body.textContent + [...document.querySelectorAll('input, textarea')].map(one => one.value).join(' ')"


async def _arrives(office: Office) -> None:
    """Eve's first message, and her ticket."""
    files = [Attachment(name=name, media_type="image/png", data=PNG) for name in (f"{NAME}.png", "..\\..\\x.exe")]
    place = Place(account="desk", handle="eve")
    said = Inbound(
        event_id="first",
        place=place,
        text=TEXT + HIDDEN,
        name=NAME + HIDDEN,
        verified_by=NAME,
        beside={"subject": TEXT, NAME: NAME},
        language=NAME,
    )
    arrival = arrive(office.database, said, now(), channel="telegram", files=await office.app.files.keep(files))
    ends = outcome(
        f"Your ticket is {{ticket}} {TEXT}",
        escalation=escalation(title=NAME + HIDDEN, facts={NAME: TEXT, "coin": TEXT}, tried=[NAME], priority="urgent"),
        understood={"ranking": [[NAME, 0.8], ["withdrawal_pending", 0.1]]},
        intent=NAME,
        confidence=0.8,
    )
    await office.database.run(turns.finish, turn_of(office.database, arrival.conversation_id), ends, now())


def _beside(session: Session) -> None:
    """What stands around the ticket."""
    ticket, at = ticketing.find(session, "FD-1001"), now()
    ticket.tags, ticket.tier, ticket.team, ticket.assignee = [NAME], NAME, NAME, NAME
    ticket.first_response_due_at = ticket.waiting_since = at
    _, conversation, _ = pages.newest_place(session, "FD-1001")
    failed = Message(
        conversation_id=conversation.id,
        channel="telegram",
        account="desk",
        author=Author.AGENT,
        author_name=NAME,
        text=TEXT,
        state=MessageState.FAILED,
        error=NAME,
        created_at=at,
    )
    calls = [
        CallBack(
            ticket_id=ticket.id,
            conversation_id=conversation.id,
            number="+14155552671",
            account=TEXT,
            problem=TEXT,
            language="en",
            state=state,
            slot_at=at + timedelta(hours=hours),
            due_at=at,
            agent=NAME,
            outcome=result,
            note=TEXT,
            created_at=at,
        )
        for hours, (state, result) in enumerate(
            ((CallState.CALLING, ""), (CallState.SCHEDULED, ""), (CallState.DONE, "reached"))
        )
    ]
    rating = Rating(
        ticket_id=ticket.id,
        conversation_id=conversation.id,
        channel="telegram",
        agent=NAME,
        asked_at=at,
        score=1,
        comment=TEXT,
        at=at,
    )
    session.add_all([failed, *calls, rating])
    ticketing.add_event(session, ticket, NAME, "note", at, text=TEXT)
    ticketing.add_event(session, ticket, NAME, "changed", at, what=NAME, to=NAME)
    ticketing.add_event(session, ticket, NAME, NAME, at, text=TEXT)
    phrases.keep(session, f"evil {NAME}", "en", f"{{name}} {TEXT}", NAME, at)
    views.keep(session, "", NAME, "state:active")
    tokens.create(session, NAME, at)
    audit.note(session, NAME, NAME, NAME, at, what=TEXT)


def _speaks(session: Session, language: str) -> None:
    agents.set_language(session, 1, language)


def _path(session: Session, office: Office) -> str:
    ticket_id, conversation, version = pages.newest_place(session, "FD-1001")
    links = office.app.pages
    return f"/tickets/{links.token(links.half(Opened(ticket_id, conversation.id, version), now()))}"
