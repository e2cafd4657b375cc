"""No loss and no double, and the truth about the connection."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from playwright.async_api import Route, expect

from channels.words import Place
from tests.browser.conftest import IDENTITY_SECRET, Visit
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_restart_loses_and_doubles_nothing(visit: Visit, host: MemoryHost, site: Site) -> None:
    """What is written while the server is away is sent in order once it is back, each once; nothing said is missed."""
    widget = await visit()
    await widget.open()
    await widget.send("before")
    await site.stop()
    await expect(widget.state).to_have_text(widget.ui["offline"], timeout=20_000)
    for text in ("first", "second", "third"):
        await widget.type(text)
    await expect(widget.message("third").locator(".note")).to_have_text(widget.ui["unsent"])
    await host.say(host.inbound[0].place, "<p>said meanwhile</p>")
    await site.start()
    for text in ("first", "second", "third"):
        await widget.stored(text)
    await widget.hears("said meanwhile")
    await widget.online()
    assert [m.text for m in host.inbound] == ["before", "first", "second", "third"]
    assert await widget.texts() == ["before", "said meanwhile", "first", "second", "third"]


async def test_unsent_messages_survive_a_reload(visit: Visit, host: MemoryHost) -> None:
    """With the database away a message waits, also over a reload, and is stored once when it is back."""
    widget = await visit()
    await widget.open()
    await widget.send("before")
    host.down = True
    await widget.type("kept")
    await expect(widget.state).to_have_text(widget.errors["not_stored"])
    await widget.page.reload()
    await expect(widget.message("kept")).to_have_count(1)
    host.down = False
    await widget.stored("kept")
    assert [m.text for m in host.inbound] == ["before", "kept"]
    assert await widget.texts() == ["before", "kept"]


async def test_lost_answer_does_not_double_a_message(visit: Visit, host: MemoryHost) -> None:
    """A message that was stored while its answer got lost is sent again under the same id, and stays one message."""
    widget = await visit()
    await widget.open()
    tries = 0

    async def lose_the_answer(route: Route) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await widget.page.route("**/messages", lose_the_answer)
    await widget.type("once")
    await widget.type("then this")
    await widget.stored("then this")
    await widget.stored("once")
    assert [m.text for m in host.inbound] == ["once", "then this"]
    assert await widget.texts() == ["once", "then this"]


async def test_browser_offline_says_so_and_recovers(visit: Visit, host: MemoryHost) -> None:
    """Without a network the chat says that messages wait; with it they leave."""
    widget = await visit()
    await widget.open()
    await widget.page.context.set_offline(True)
    await expect(widget.state).to_have_text(widget.ui["offline"])
    await widget.type("from the tunnel")
    assert host.inbound == []
    await widget.page.context.set_offline(False)
    await widget.stored("from the tunnel")
    await widget.online()


async def test_too_fast_is_said_and_sent_later(visit: Visit, host: MemoryHost) -> None:
    """A message past the rate waits for its pause and goes by itself."""
    widget = await visit()
    await widget.open()
    refused = 0

    async def refuse_once(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused > 1:
            await route.continue_()
            return
        headers = {
            "Retry-After": "1",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Retry-After",
        }
        await route.fulfill(status=429, headers=headers, json={"error": "too_fast", "detail": "more than 20"})

    await widget.page.route("**/messages", refuse_once)
    await widget.type("quick")
    await expect(widget.state).to_have_text(widget.errors["too_fast"])
    await widget.stored("quick")
    assert [m.text for m in host.inbound] == ["quick"]


async def test_refused_message_can_be_tried_again(visit: Visit, host: MemoryHost) -> None:
    """A message that fails for good says why and waits for the visitor, while later ones go on."""
    widget = await visit()
    await widget.open()

    async def refuse(route: Route) -> None:
        await route.fulfill(status=422, headers={"Access-Control-Allow-Origin": "*"}, json={"error": "made_up"})

    await widget.page.route("**/messages", refuse, times=1)
    await widget.type("again")
    failed = widget.message("again")
    await expect(failed.get_by_role("alert")).to_have_text(widget.errors["refused"])
    await widget.send("later")
    await failed.get_by_role("button", name=widget.ui["retry"]).click()
    await widget.stored("again")
    assert [m.text for m in host.inbound] == ["later", "again"]


async def test_expired_token_starts_afresh_and_says_so(visit: Visit, host: MemoryHost) -> None:
    """A visitor whose token has expired gets a new conversation, is told so, and keeps what was never sent."""
    claims = {"sub": "anon:old", "aud": "frontdesk/webchat/visitor", "name": "", "by": "", "attributes": {}}
    expired = jwt.encode(claims | {"exp": datetime.now(UTC) - timedelta(days=1)}, host.secret)
    await host.say(Place(account="webchat", handle="anon:old"), "<p>long ago</p>")
    widget = await visit()
    await widget.page.evaluate(
        """token => {
            const base = document.querySelector('script[src]').src.replace(/widget.js$/, '');
            localStorage.setItem(`frontdesk ${base} :token`, JSON.stringify(token));
        }""",
        expired,
    )
    await widget.open()
    await widget.hears(widget.ui["expired"])
    await widget.send("hello again")
    assert host.inbound[0].place.handle.startswith("anon:")
    assert host.inbound[0].place.handle != "anon:old"


async def test_forged_token_starts_afresh(visit: Visit, host: MemoryHost, site: Site) -> None:
    """A token the server no longer recognises, as after a change of its key, ends in a new conversation."""
    widget = await visit()
    await widget.open()
    await widget.send("hi")
    await site.stop()
    host.secret = b"another key, thirty-two bytes too"
    await site.start()
    await widget.hears(widget.ui["expired"])
    await widget.send("still here")
    assert [m.text for m in host.inbound] == ["hi", "still here"]
    assert len(host.conversations) == 2


async def test_signed_in_user_has_a_conversation_of_their_own(visit: Visit, host: MemoryHost) -> None:
    """With an identity the chat is that user's; what an anonymous visitor of the same browser said stays apart."""
    token = jwt.encode({"sub": "4711", "exp": time.time() + 3600, "name": "Li Wei"}, IDENTITY_SECRET)
    widget = await visit()
    await widget.open()
    await widget.send("anonymous question")
    await widget.page.evaluate(
        """token => {
            const old = document.querySelector('script[src]'), script = document.createElement('script');
            document.getElementById('frontdesk').remove();
            delete window.Frontdesk;
            script.src = old.src;
            script.dataset.identity = token;
            old.replaceWith(script);
        }""",
        token,
    )
    await widget.open()
    assert await widget.texts() == []
    await widget.send("my own question")
    assert [m.place.handle for m in host.inbound][1] == "user:4711"
    assert host.inbound[1].name == "Li Wei"


async def test_expired_identity_asks_for_a_reload(visit: Visit) -> None:
    """An identity that has run out is said, instead of trying for ever."""
    token = jwt.encode({"sub": "4711", "exp": time.time() - 5}, IDENTITY_SECRET)
    widget = await visit(attributes={"data-identity": token})
    await widget.launch.click()
    await expect(widget.state).to_have_text(widget.errors["identity_expired"])
