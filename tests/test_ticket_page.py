"""The user's own page of a ticket, over HTTP, through the real parts: what it shows, takes, and keeps to itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, update
from structlog.testing import capture_logs

from bot.conversation import Content, now
from bot.desk.texts import texts
from bot.errors import StorageDown
from bot.store import handling, pages, ticketing
from bot.store.database import Session
from bot.store.tables import Contact, Conversation, Message, MessageState, Ticket, TicketConversation, TicketState
from bot.ticket_page.form import FILE_BYTES, MOST_FILES
from bot.ticket_page.links import Opened
from channels.words import Attachment, Inbound, Owner
from tests.page_house import HERE, LINK, House, running
from tests.samples import escalated, inbound, notice, rows, timeline, until


@pytest.fixture
async def house(tmp_path: Path, content: Content, migrated_sqlite: Path) -> AsyncIterator[House]:
    """One people reach from outside."""
    async with running(tmp_path, content, migrated_sqlite) as house:
        yield house


async def test_status_says_where_it_stands_who_has_it_and_when(house: House) -> None:
    """In the language of the conversation, with a link for that person alone, which the database does not have."""
    await house.link()
    [told] = await house.talk.say("FD-1001")
    assert "in the queue" in told.text
    assert "within 4 hours" in told.text
    seen = await house.app.hosts["memory"].transcript(told.place)
    assert LINK.findall(seen.messages[-1].text) == LINK.findall(told.text)
    kept = rows(house.app.database, Message)[-1].text
    (half,) = LINK.findall(kept)
    assert half not in LINK.findall(told.text)
    await house.shows(half, 404)

    def taken(session: Session) -> None:
        ticket = ticketing.find(session, "FD-1001")
        ticket.assignee, ticket.state, ticket.promised_at = "Anna", TicketState.OPEN, now() - timedelta(hours=2)
        for conversation in ticketing.conversations(session, ticket):
            conversation.language = "zh"

    house.app.database.transact(taken)
    [told] = await house.talk.say("FD-1001")
    assert "由 Anna 负责" in told.text
    assert "已经超时2小时" in told.text


async def test_the_page_shows_the_ticket_and_what_was_said(house: House) -> None:
    """State, dates, the user's words as text and ours as Markdown; no note, no suggestion, no link to itself."""
    path = await house.link()
    hostile = "<script>alert(1)</script> & \u202egnp"
    await house.talk.say(hostile)
    await house.app.tickets.note("FD-1001", "Anna", "secret note")
    await house.app.tickets.reply("FD-1001", "Anna", "**Hello** [you](javascript:alert(1)) ![](https://evil/x.png)")
    await until(lambda: any(sent.author == "agent" for sent in house.talk.channel.sent))
    withheld = update(Message).where(col(Message.author) == "bot").values(state=MessageState.WITHHELD)
    house.app.database.transact(lambda session: session.execute(withheld))
    shown = await house.shows(path)
    assert "<strong>Hello</strong>" in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; gnp" in shown
    assert "<script>alert" not in shown
    assert 'href="javascript' not in shown
    assert "secret note" not in shown
    assert "passed you on" not in shown
    assert "We have answered and are waiting to hear from you." in shown
    assert "Anna" in shown
    assert HERE not in shown.replace(f"{HERE}/evil", "")


async def test_the_page_goes_out_under_a_strict_policy(house: House) -> None:
    """No referrer, no cache, no search engine, no script or style in the page itself; its own files are there."""
    path = await house.link()
    answer = await house.client.get(path)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert not re.search(r"<script(?![^>]+src=)|<style|\son\w+=|\sstyle=", answer.text)
    for file in re.findall(r'(?:href|src)="(static/[^"]+)"', answer.text):
        assert (await house.client.get(f"/tickets/{file}")).status_code == 200, file


async def test_the_page_is_in_english_and_chinese(house: House) -> None:
    """Every text exists in both, and the user chooses."""
    path = await house.link()
    assert "Who has it" in await house.shows(path)
    assert "负责人" in await house.shows(f"{path}?language=zh")
    assert "Who has it" in await house.shows(f"{path}?language=xx")
    names = [{name for name in texts()[code] if name.startswith("ticket_page.")} for code in ("en", "zh")]
    assert names[0] == names[1]


async def test_what_is_added_reaches_the_humans(house: House) -> None:
    """From where the user writes, redacted like everything, with its files, marked for agents; the bot says nothing."""
    path = await house.link()
    before = len(house.talk.channel.sent)
    answer = await house.adds(path, "my card is 4111 1111 1111 1111", [("..\\..\\x.exe", b"MZ" * 50)])
    assert (answer.status_code, answer.headers["location"]) == (303, "?language=en&done=received")
    assert answer.headers["referrer-policy"] == "no-referrer"
    await until(lambda: timeline(house.app.database)[-1] == ("frontdesk", "redacted"))
    view = await house.app.tickets.show("FD-1001")
    last = [said for said in view.said if said.message.author == "user"][-1]
    assert "4111" not in last.message.text
    assert (last.files[0].name, last.beside["via"]) == ("x.exe", "ticket page")
    assert (view.owner, view.ticket.state) == (Owner.QUEUE, TicketState.NEW)
    assert [sent.author for sent in house.talk.channel.sent[before:]] in ([], ["system"])
    shown = await house.shows(f"{path}?done=received")
    assert "Thank you, we have it." in shown
    download = re.search(r'href="([^"]+/files/\d+)"', shown)
    assert download
    file = await house.client.get(f"/tickets/{download[1]}")
    assert (file.content, file.headers["content-security-policy"]) == (b"MZ" * 50, "sandbox; default-src 'none'")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["referrer-policy"] == "no-referrer"


async def test_a_form_sent_twice_is_taken_once(house: House) -> None:
    """Also where the ticket was solved in between: it stays solved."""
    path = await house.link()
    once = "a" * 32
    await house.adds(path, "it was 500 USDT", once=once)
    await until(lambda: timeline(house.app.database)[-1] == ("user", "message"))
    await house.app.tickets.solve("FD-1001", "Anna")
    again = await house.adds(path, "it was 500 USDT", once=once)
    assert again.headers["location"].endswith("done=received")
    assert [text for text, _ in house.said()].count("it was 500 USDT") == 1
    assert rows(house.app.database, Ticket)[0].state is TicketState.SOLVED


async def test_a_solved_ticket_is_reopened(house: House) -> None:
    """From the link of the solved notice, with words or without; it goes to the queue, and the platform is told."""
    await house.talk.say("agent")
    await house.app.tickets.solve("FD-1001", "Anna")
    solved = await house.newest(2)
    link = LINK.search(solved.text)
    assert link
    assert "Not solved?" in await house.shows(link[1])
    answer = await house.adds(link[1])
    assert answer.headers["location"].endswith("done=reopened")
    ticket = rows(house.app.database, Ticket)[0]
    assert (ticket.state, ticket.solved_at, ticket.assignee) == (TicketState.NEW, None, None)
    assert timeline(house.app.database)[-1] == ("user", "reopened")
    assert rows(house.app.database, Conversation)[0].owner is Owner.QUEUE


async def test_a_closed_ticket_stays_closed(house: House) -> None:
    """The page says so and has no form; who sends one all the same is refused."""
    path = await house.link()

    def closed(session: Session) -> None:
        handling.hand_back(session, "FD-1001", "Anna", "solved", notice, now())
        ticketing.find(session, "FD-1001").state = TicketState.CLOSED

    house.app.database.transact(closed)
    assert "<form" not in await house.shows(path)
    answer = await house.adds(path, "still wrong", once="b" * 32)
    assert answer.status_code == 409
    assert "still wrong" not in [text for text, _ in house.said()]


async def test_a_ticket_that_went_on_as_another_is_not_reopened(house: House) -> None:
    """Two at once in one conversation nobody could tell apart."""
    path = await house.link()
    # What the user comes with next is another matter: of the same one the ticket would be open again.
    await house.app.tickets.change("FD-1001", "Anna", category="withdrawal")
    await house.app.tickets.solve("FD-1001", "Anna")
    await house.newest(3)
    await house.talk.say("agent")
    assert "Another ticket of yours" in await house.shows(path)
    assert (await house.adds(path, "and this?", once="c" * 32)).status_code == 409


async def test_what_cannot_be_taken_is_said_and_nothing_is_lost(house: House) -> None:
    """Nothing, too much text, too many or too large files, a form that is none; the page comes back with the words."""
    path = await house.link()
    before = house.said()
    assert (await house.adds(path, " \n ")).status_code == 422
    long = await house.adds(path, "x" * 20_001)
    assert (long.status_code, "at most 20000 characters" in long.text, "xxx</textarea>" in long.text) == (
        413,
        True,
        True,
    )
    many = await house.adds(path, "see files", [(f"{number}.txt", b"x") for number in range(MOST_FILES + 1)])
    assert (many.status_code, ">see files</textarea>" in many.text) == (413, True)
    large = {"content-length": str(FILE_BYTES * 2), "content-type": "multipart/form-data; boundary=x"}
    assert (await house.client.post(path, content=b"", headers=large)).status_code == 413
    for once in ("", "zz", "../x"):
        assert (await house.client.post(path, data={"once": once, "text": "hi"})).status_code == 409
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert (await house.client.post(path, content=b"--y\r\n", headers=broken)).status_code in {409, 413}
    assert house.said() == before


async def test_links_that_open_nothing_look_all_the_same(house: House) -> None:
    """Forged, cut, of another ticket, revoked, too old: nothing tells whether there is such a ticket."""
    path, other = await house.link(), await house.link("bob")
    token = path.rpartition("/")[2]
    half, _, signature = token.rpartition("-")
    elsewhere = other.rpartition("/")[2].rpartition("-")[0]
    forged = [
        f"{half}-{'0' * 32}",
        token[:-1],
        f"{token}0",
        f"{elsewhere}-{signature}",
        "1-1-0-ffffff",
        "x",
        "%00",
        "é",
    ]
    house.app.database.transact(pages.revoke, "FD-1002", "Anna", now())
    links = house.app.pages
    expired = links.half(Opened(1, 1, 0), now() - timedelta(days=31)).rpartition("/")[2]
    mixed = [links.half(Opened(*ids), now()).rpartition("/")[2] for ids in ((1, 2, 0), (99, 1, 0), (2**31, 2**31, 0))]
    tokens = [*forged, *map(links.token, (expired, *mixed)), other.rpartition("/")[2]]
    seen = {await house.shows(f"/tickets/{wrong}", 404) for wrong in tokens}
    seen |= {(await house.client.post(f"/tickets/{wrong}", data={"text": "hi"})).text for wrong in tokens}
    assert len(seen) == 1
    assert "FD-" not in seen.pop()
    await house.shows(path)


async def test_files_of_others_are_not_there(house: House) -> None:
    """Whatever number is asked for with a link of one's own; nor a file of one's own before the ticket."""
    path = await house.link()
    picture = Attachment(name="id.png", media_type="image/png", data=b"private")
    place = house.talk.channel.sent[-1].place
    for handle, age in (("bob", timedelta(0)), ("ann", timedelta(hours=3))):
        said = Inbound(event_id=handle, place=type(place)(account="test", handle=handle), attachments=[picture])
        await house.app.hosts["memory"].deliver(said)
        old = update(Message).where(col(Message.event_id) == handle).values(created_at=now() - age)
        house.app.database.transact(Session.execute, old)
    for file_id in (1, 2, 3, 2**40):
        answer = await house.client.get(f"{path}/files/{file_id}")
        assert (answer.status_code, b"private" in answer.content) == (404, False)


async def test_conversations_of_other_people_are_not_shown(house: House) -> None:
    """A ticket may be about several; each person sees their own, and of the same contact all."""
    path = await house.link()
    database = house.app.database
    stranger = escalated(database, inbound("strange words", "s1"), "memory")

    def joined(session: Session) -> None:
        session.merge(TicketConversation(ticket_id=1, conversation_id=2))

    database.transact(joined)
    assert stranger.number == "FD-1002"
    recent = update(Message).values(created_at=now())
    database.transact(lambda session: session.execute(recent))
    assert "strange words" not in await house.shows(path)
    assert len(rows(database, Contact)) == 2
    same = update(Conversation).where(col(Conversation.id) == 2).values(address_id=1, thread="t")
    database.transact(lambda session: session.execute(same))
    assert "strange words" in await house.shows(path)


@pytest.mark.parametrize("where", ["public", "mail", "unreachable"])
async def test_no_link_is_given_where_others_read_along(
    tmp_path: Path, content: Content, migrated_sqlite: Path, where: str
) -> None:
    """In public, on channels whose messages are passed on, and where nobody reaches the page."""
    url = None if where == "unreachable" else HERE
    not_on = ("memory",) if where == "mail" else ()
    async with running(tmp_path, content, migrated_sqlite, public_url=url, not_on=not_on) as house:
        public = where == "public"
        await house.talk.say("agent", public=public)
        house.bot_again("FD-1001")
        [told] = await house.talk.say("FD-1001", public=public)
        await house.app.tickets.solve("FD-1001", "Anna")
        solved = await house.newest(3)
        assert "/tickets/" not in told.text + solved.text


async def test_guessing_is_slowed_down_and_those_with_a_link_are_not(house: House) -> None:
    """After so many wrong tokens of one address there is one answer; a right one from there still opens."""
    path = await house.link()
    answers = [(await house.client.get(f"/tickets/{number}")).status_code for number in range(35)]
    assert (answers[0], answers[-1]) == (404, 429)
    await house.shows(path)
    added = [(await house.adds(path, "again", once=f"{number:032x}")).status_code for number in range(11)]
    assert added == [303] * 10 + [429]


async def test_a_database_that_is_away_is_said_and_no_token_is_logged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On reading and on writing; what was written is not said to be there."""
    path = await house.link()

    def away(*_: object) -> None:
        raise StorageDown("disk full at /var/secret/place")

    with capture_logs() as logs:
        await house.adds(path, "first", once="d" * 32)
        monkeypatch.setattr(pages, "known", away)
        failed = await house.adds(path, "second", once="e" * 32)
        monkeypatch.setattr(pages, "page", away)
        read = await house.client.get(path)
    assert (failed.status_code, read.status_code) == (503, 503)
    assert "Nothing was sent" in failed.text
    assert "/var/secret" not in failed.text + read.text
    assert path.rpartition("-")[2] not in str(logs)
    assert "second" not in [text for text, _ in house.said()]
