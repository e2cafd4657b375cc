"""People with names who wait at the desk, and an agent who opens one of their tickets."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import jwt
from playwright.async_api import Page

from tests.acceptance.house import House
from tests.acceptance.page import tab
from tests.acceptance.test_channels import holds
from tests.channels.webchat.visitor import Visitor

SECRET = "the host site and the chat share this"
PASSWORD = "correct horse battery"

#: What the host site says of its users.
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "Mei Lin": {"attributes": {"monthly_volume": 4_000_000}},
    "Jonas Berg": {},
    "王小明": {},
    "Ana Souza": {},
}

#: Who says what, in this order; each ends with a human.
SAID: Mapping[str, tuple[str, ...]] = {
    "Ana Souza": ("how do I verify my identity", "that didn't help", "I want a human"),
    "Jonas Berg": ("my withdrawal is still pending", "it is 500 USDT over TRC20", "I want a human"),
    "王小明": ("提现一直没到账", "转人工"),
    "Mei Lin": ("my deposit has not arrived", "I want a human"),
}

TIERS = {
    "gold": {
        "title": {"en": "Gold", "zh": "黄金"},
        "rank": 1,
        "when": [{"attribute": "monthly_volume", "at_least": 1_000_000}],
        "raise_priority": 1,
    }
}


def sections(folder: Path) -> dict[str, Mapping[str, object]]:
    """What the house needs for it: a site that vouches for its users, and a tier."""
    secret = folder / "identity"
    secret.write_text(SECRET, encoding="utf-8")
    open_ = dict.fromkeys(("rate", "address_rate", "address_sessions"), "100000/minute")
    return {"channels": {"webchat": {**open_, "identity_secret_file": str(secret)}}, "tiers": TIERS}


async def desk_picture(house: House, file: Path) -> None:
    """Four wait; Anna has the oldest open and is about to answer."""
    async with httpx.AsyncClient(base_url=house.chat, timeout=20, trust_env=False) as client:
        for name in SAID:
            await waits(house, client, name)
    look = {"viewport": {"width": 1360, "height": 860}, "device_scale_factor": 1.5, "locale": "en-US"}
    async with tab(**look, base_url=house.base) as page:
        await signed_in(house, page)
        await page.keyboard.press("o")
        await page.wait_for_url("**/desk/tickets/*")
        await page.keyboard.type("Hello, I'm **Anna**. I can see your")
        await page.screenshot(path=file)


async def waits(house: House, client: httpx.AsyncClient, name: str) -> None:
    """They say what they have to say, and have a ticket."""
    claims = {"sub": name, "name": name, "exp": int(time.time()) + 3600, **PEOPLE[name]}
    visitor = await Visitor.arrive(client, identity=jwt.encode(claims, SECRET, "HS256"))
    tickets = len(house.ask("SELECT id FROM ticket"))
    for text in SAID[name]:
        before = len(house.ask("SELECT id FROM message WHERE author = 'bot'"))
        await visitor.post(text)
        await holds(lambda: len(house.ask("SELECT id FROM message WHERE author = 'bot'")) > before, f"{name}: no word")  # noqa: B023 - asked before the next
    await holds(lambda: len(house.ask("SELECT id FROM ticket")) > tickets, f"{name}: no ticket")


async def signed_in(house: House, page: Page) -> None:
    """Anna, the first admin."""
    link = re.search(r"https?://\S+/desk/invite/\S+", await asyncio.to_thread(house.logs))
    assert link
    await page.goto(link[0])
    for field, value in (("name", "Anna"), ("email", "anna@example.org"), ("password", PASSWORD)):
        await page.fill(f"[name={field}]", value)
    await page.click("button.main")
    await page.wait_for_url("**/desk/login")
    await page.fill("[name=email]", "anna@example.org")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
