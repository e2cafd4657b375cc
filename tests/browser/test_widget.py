"""The widget in a real browser, on a page of another origin."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from channels.words import Author, Choice, Inbound, Owner, Place, Signal
from tests.browser.conftest import Visit
from tests.browser.widget import Widget
from tests.channels.webchat import samples
from tests.channels.webchat.host import MemoryHost

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOICES = [Choice(title="Withdrawal time", payload="withdrawal_time"), Choice(title="Fees", payload="fees")]


def place(host: MemoryHost) -> Place:
    """Where the last visitor is."""
    return host.inbound[-1].place


async def test_question_is_answered(visit: Visit, host: MemoryHost) -> None:
    """A question goes in and its answer comes back, formatted, on a page that has styles of its own."""

    async def answer(inbound: Inbound) -> None:
        await host.say(inbound.place, "<p>Usually <strong>30 minutes</strong>.</p>")

    host.answer = answer
    widget = await visit()
    await widget.open()
    await widget.send("how long does a withdrawal take?")
    await widget.hears("Usually 30 minutes.")
    assert await widget.texts() == ["how long does a withdrawal take?", "Usually 30 minutes."]
    bubble = widget.messages.nth(1).locator(".bubble")
    await expect(bubble).not_to_have_css("color", "rgb(255, 0, 0)")
    await expect(bubble).to_have_css("font-size", "15px")


async def test_choice_is_a_button(visit: Visit, host: MemoryHost) -> None:
    """A pressed button is sent with its payload, and the buttons leave once they are answered."""
    widget = await visit()
    await widget.open()
    await widget.send("hi")
    await host.say(place(host), "<p>Which one?</p>", choices=CHOICES)
    await widget.choose("Fees")
    await widget.stored("Fees")
    assert (host.inbound[-1].text, host.inbound[-1].choice) == ("Fees", "fees")
    await expect(widget.log.get_by_role("button", name="Withdrawal time")).to_be_hidden()


async def test_files_go_both_ways(visit: Visit, host: MemoryHost, tmp_path: Path) -> None:
    """Picked files are sent, a picture is shown in place, another file is a link with its name and size."""
    picture, note = tmp_path / "shot.png", tmp_path / "说明.txt"
    picture.write_bytes(samples.png())
    note.write_text("hello")
    widget = await visit()
    await widget.open()
    await widget.attach(picture, note)
    await widget.send("see here")
    assert [a.name for a in host.inbound[0].attachments] == ["shot.png", "说明.txt"]
    image = widget.log.get_by_role("img", name="shot.png")
    await expect(image).to_have_js_property("naturalWidth", 160)
    await expect(widget.log.get_by_role("link", name="说明.txt")).to_contain_text("1 kB")
    file = host.keep_file(place(host), "statement.pdf", "application/pdf", samples.PDF)
    await host.say(place(host), "<p>Your statement</p>", files=[file])
    async with widget.page.expect_download() as download:
        await widget.log.get_by_role("link", name="statement.pdf").click()
    assert (await (await download.value).path()).read_bytes() == samples.PDF


async def test_unfit_files_are_refused_at_once(visit: Visit, host: MemoryHost, tmp_path: Path) -> None:
    """A file that cannot be sent says why before anything is sent; one that only pretends is refused by the server."""
    program, disguised = tmp_path / "run.exe", tmp_path / "photo.png"
    program.write_bytes(samples.EXE)
    disguised.write_bytes(samples.EXE)
    widget = await visit()
    await widget.open()
    await widget.attach(program)
    await expect(widget.fault).to_have_text(widget.errors["file_type"])
    await widget.attach(disguised)
    await widget.type("look")
    failed = widget.message("look")
    await expect(failed.get_by_role("alert")).to_have_text(widget.errors["file_type"])
    await failed.get_by_role("button", name=widget.ui["edit"]).click()
    await expect(widget.input).to_have_value("look")
    await widget.page.get_by_role("button", name="Remove photo.png").click()
    await widget.input.press("Enter")
    await widget.stored("look")
    assert [(m.text, len(m.attachments)) for m in host.inbound] == [("look", 0)]


async def test_dropped_and_pasted_files_are_attached(visit: Visit) -> None:
    """A file dropped on the chat or pasted into its text field is attached."""
    widget = await visit()
    await widget.open()
    for event, target, key in [("drop", widget.panel, "dataTransfer"), ("paste", widget.input, "clipboardData")]:
        await target.evaluate(
            """(node, [event, key]) => {
                const data = new DataTransfer();
                data.items.add(new File(['hello'], event + '.txt', { type: 'text/plain' }));
                const Kind = key === 'dataTransfer' ? DragEvent : ClipboardEvent;
                node.dispatchEvent(new Kind(event, { [key]: data, bubbles: true, cancelable: true }));
            }""",
            [event, key],
        )
    await expect(widget.page.locator("#frontdesk .chips li span")).to_have_text(["drop.txt", "paste.txt"])


async def test_human_takes_over(visit: Visit, host: MemoryHost) -> None:
    """The header tells who answers: the bot, nobody yet with ticket and wait, then the agent by name, who types."""
    widget = await visit()
    await widget.open()
    await expect(widget.owner).to_have_text(widget.ui["owner_bot"])
    await widget.send("I want a human")
    conversation = host.at(place(host))
    conversation.owner, conversation.ticket = Owner.QUEUE, "FD-1001"
    await host.say(place(host), "<p>A person will answer.</p>")
    await expect(widget.owner).to_have_text("Waiting for a person · FD-1001")
    assert host.channel is not None
    await host.channel.waiting(place(host), "You are number 2 in the queue.")
    await expect(widget.owner).to_have_text("Waiting for a person · FD-1001 · You are number 2 in the queue.")
    conversation.owner, conversation.agent = Owner.AGENT, "Anna"
    await host.channel.signal(place(host), Signal.TYPING)
    await expect(widget.log.get_by_text(widget.ui["typing"])).to_be_attached()
    await expect(widget.log.locator(".typing")).to_be_visible()
    await host.say(place(host), "<p>Hello, Anna here.</p>", author=Author.AGENT, name="Anna")
    await expect(widget.owner).to_have_text("Anna is answering · FD-1001")
    await expect(widget.log.locator(".typing")).to_be_hidden()
    await host.say(place(host), "<p>Anna is looking into it.</p>", author=Author.SYSTEM)
    await expect(widget.owner).to_have_text("Anna is answering · FD-1001")


async def test_reload_keeps_the_conversation(visit: Visit, host: MemoryHost) -> None:
    """After a reload the chat is open again with everything said, once."""
    widget = await visit()
    await widget.open()
    await widget.send("one")
    await host.say(place(host), "<p>two</p>")
    await widget.hears("two")
    await widget.page.reload()
    await widget.online()
    assert await widget.texts() == ["one", "two"]
    await widget.send("three")
    assert len(host.conversations) == 1


async def test_waiting_messages_show_on_the_closed_chat(visit: Visit, host: MemoryHost) -> None:
    """While the chat is closed the button counts what came in; opening it clears the count for good."""
    widget = await visit()
    await widget.open()
    await widget.send("hi")
    await widget.input.press("Escape")
    await host.say(place(host), "<p>one</p>")
    await host.say(place(host), "<p>two</p>")
    await expect(widget.launch).to_have_accessible_name("Open chat, unread messages: 2")
    await widget.page.reload()
    await expect(widget.launch).to_have_accessible_name("Open chat, unread messages: 2")
    await widget.open()
    await widget.input.press("Escape")
    await widget.page.reload()
    await expect(widget.launch).to_have_accessible_name("Open chat")


async def test_two_tabs_show_the_same(visit: Visit, host: MemoryHost) -> None:
    """What is sent in one tab appears in the other."""
    first = await visit()
    await first.open()
    await first.send("hi")
    page = await first.page.context.new_page()
    await page.goto(first.page.url)
    second = Widget(page)
    await second.open()
    await first.send("from the first")
    await second.hears("from the first")
    await second.send("from the second")
    await first.hears("from the second")
    assert len(host.conversations) == 1


async def test_page_may_open_close_and_ask(visit: Visit, host: MemoryHost) -> None:
    """The page can open the chat, ask a question in the visitor's name, and close it."""
    widget = await visit()
    await widget.page.evaluate("Frontdesk.open()")
    await expect(widget.panel).to_be_visible()
    await widget.page.evaluate("Frontdesk.ask('what are the fees?')")
    await widget.stored("what are the fees?")
    await widget.page.evaluate("Frontdesk.close()")
    await expect(widget.panel).to_be_hidden()
    assert [m.text for m in host.inbound] == ["what are the fees?"]


async def test_attributes_of_the_tag(visit: Visit) -> None:
    """data-open opens the chat without taking the focus, data-position puts it left, data-language decides."""
    widget = await visit(attributes={"data-open": "true", "data-position": "left", "data-language": "zh"})
    await expect(widget.panel).to_be_visible()
    await expect(widget.panel).to_have_accessible_name("Northwind Exchange 在线客服")
    assert await widget.page.evaluate("document.activeElement === document.body")
    box = await widget.panel.bounding_box()
    assert box is not None
    assert box["x"] < 100
