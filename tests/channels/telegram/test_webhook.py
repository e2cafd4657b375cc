"""Being called by Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette

from bot.conversation import Content, Conversations
from bot.errors import StorageDown
from bot.host import ChannelHost
from bot.store.database import Database
from bot.store.tables import File
from channels.telegram.webhook import HEADER, LARGEST
from channels.words import Attachment
from tests.channels.house import House
from tests.channels.telegram.platform import WEBHOOK_SECRET, Platform
from tests.channels.telegram.samples import payload
from tests.floor import Mind
from tests.samples import rows, until

URL = "https://support.example.org/channels/telegram/webhook"
GENUINE = {HEADER: WEBHOOK_SECRET}


@asynccontextmanager
async def calling(house: House, peer: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """Frontdesk behind a port, with a webhook that Telegram was told of."""
    channel = house.channel = peer.channel(webhook_url=URL, webhook_secret=WEBHOOK_SECRET)
    content: Content = house.content
    talks = Conversations(house.database, content, Mind(), house.settings, {channel.name: channel})
    host = ChannelHost(
        channel, house.database, talks, house.files, lambda *_: None, house.settings, house.states, key=b"key"
    )
    app = Starlette(routes=list(channel.routes(host)))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    running = asyncio.create_task(channel.run(host))
    await until(lambda: server.started and channel._webhook._me)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client
    running.cancel()
    server.should_exit = True
    await asyncio.wait([running, serving])


async def test_update_is_stored_before_it_is_confirmed(house: House, peer: Platform) -> None:
    """Telegram hears 200 only for what is on disk, and a redelivery is one message."""
    async with calling(house, peer) as client:
        for _ in range(2):
            response = await client.post("/webhook", headers=GENUINE, json=payload("private_text"))
            assert response.status_code == 200
            assert [message.text for message in house.heard()] == ["How long does a withdrawal take?"]


async def test_telegram_is_told_where_and_how(house: House, peer: Platform) -> None:
    """It learns the address, the secret, and which updates are wanted."""
    async with calling(house, peer):
        given = next(given for method, given in peer.server.calls if method == "setWebhook")
    assert (given["url"], given["secret_token"]) == (URL, WEBHOOK_SECRET)
    assert given["allowed_updates"] == ["message", "edited_message", "callback_query"]


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: WEBHOOK_SECRET[:-1]}, {HEADER: "ü" * 32}])
async def test_forged_call_is_refused(house: House, peer: Platform, headers: dict[str, str]) -> None:
    """Who does not know the secret says nothing, whatever is in the body."""
    sent = [(key.encode(), value.encode()) for key, value in headers.items()]
    async with calling(house, peer) as client:
        for body in (b"{", b'{"update_id": 5}', b"x" * (LARGEST + 10)):
            response = await client.post("/webhook", headers=sent, content=body)
            assert response.status_code == 403
        response = await client.post("/webhook", headers=sent, json=payload("private_text"))
        assert response.status_code == 403
    assert not house.heard()


async def test_what_is_not_stored_comes_again(house: House, peer: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away Telegram is asked to come back."""
    run = Database.run

    async def down(*_args: object, **_kwargs: object) -> None:
        raise StorageDown("no disk")

    async with calling(house, peer) as client:
        monkeypatch.setattr(Database, "run", down)
        response = await client.post("/webhook", headers=GENUINE, json=payload("private_text"))
        assert response.status_code == 503
        monkeypatch.setattr(Database, "run", run)
        assert not house.heard()
        response = await client.post("/webhook", headers=GENUINE, json=payload("private_text"))
        assert response.status_code == 200
    assert len(house.heard()) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[" * 100_000, 400), (b"\xff\xfe", 400), (b"x" * (LARGEST + 1), 413), (b"[]", 200)],
)
async def test_odd_body_is_no_message(house: House, peer: Platform, body: bytes, status: int) -> None:
    """Neither one that is no JSON nor an enormous one harms anybody."""
    async with calling(house, peer) as client:
        assert (await client.post("/webhook", headers=GENUINE, content=body)).status_code == status
        assert (await client.post("/webhook", headers=GENUINE, json=payload("private_text"))).status_code == 200
    assert len(house.heard()) == 1


async def test_what_is_no_message_is_confirmed(house: House, peer: Platform) -> None:
    """Otherwise Telegram would bring it for ever."""
    async with calling(house, peer) as client:
        for name in ("service_joined", "poll", "unknown_kind", "blocked", "group_talk"):
            assert (await client.post("/webhook", headers=GENUINE, json=payload(name))).status_code == 200
    assert not house.heard()


async def test_file_is_fetched_before_the_update_is_confirmed(house: House, peer: Platform) -> None:
    """A file that cannot be had now makes Telegram come again, and is there then."""
    file = Attachment(name="a.pdf", media_type="application/pdf", data=b"%PDF-1.4\n%%EOF\n")
    update = {"update_id": 7, "message": peer.message("ann", caption="look", **peer.upload(file))}
    async with calling(house, peer) as client:
        await peer.outage(on=True)
        assert (await client.post("/webhook", headers=GENUINE, json=update)).status_code == 503
        await peer.outage(on=False)
        assert (await client.post("/webhook", headers=GENUINE, json=update)).status_code == 200
    assert len(rows(house.database, File)) == 1


async def test_album_is_one_message(house: House, peer: Platform) -> None:
    """Its pictures are brought one by one, and are one message; one that is brought twice is there once."""
    pictures = [
        Attachment(name=f"{n}.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n" + bytes([n])) for n in range(3)
    ]
    captions = ["my receipts", "", "and the last"]
    async with calling(house, peer) as client:
        for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
            said = peer.message("ann", media_group_id="1", caption=caption, **peer.upload(picture))
            for _ in range(2):
                update = {"update_id": number, "message": said}
                assert (await client.post("/webhook", headers=GENUINE, json=update)).status_code == 200
        other = {"update_id": 9, "message": peer.message("ann", text="these")}
        assert (await client.post("/webhook", headers=GENUINE, json=other)).status_code == 200
    assert [message.text for message in house.heard()] == ["my receipts\nand the last", "these"]
    assert [file.message_id for file in rows(house.database, File)] == [1, 1, 1]


async def test_album_in_a_group_is_heard_from_the_words_on(house: House, peer: Platform) -> None:
    """The picture with the words names us, those after it are meant as well."""
    meant = payload("group_photo_mention")["message"]
    async with calling(house, peer) as client:
        for number in range(3):
            file = Attachment(name="a.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n" + bytes([number]))
            said = meant | {"message_id": 700 + number, "media_group_id": "9"} | peer.upload(file)
            if number:
                said |= {"caption": "", "caption_entities": []}
            update = {"update_id": number, "message": said}
            assert (await client.post("/webhook", headers=GENUINE, json=update)).status_code == 200
    assert len(house.heard()) == 1
    assert len(rows(house.database, File)) == 3


async def test_only_a_webhook_has_a_route(peer: Platform) -> None:
    """A bot that polls answers nobody."""
    assert list(peer.channel().routes(None)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "no token"},
        {"base_url": "api.telegram.org/bot"},
        {"base_url": "https://api.telegram.org/bot{token}"},
        {"proxy": "proxy.example.org:3128"},
        {"proxy": "socks5://proxy.example.org:3128"},
        {"webhook_url": URL},
        {"webhook_secret": WEBHOOK_SECRET},
        {"webhook_url": "http://support.example.org/", "webhook_secret": WEBHOOK_SECRET},
        {"webhook_url": URL, "webhook_secret": "too short"},
        {"webhook_url": URL, "webhook_secret": "not in the alphabet: ü"},
    ],
)
def test_wrong_setting_is_refused_without_a_secret_in_the_reason(peer: Platform, wrong: dict[str, Any]) -> None:
    """Each setting that cannot work is named at the start."""
    with pytest.raises(ValidationError) as caught:
        peer.settings(**wrong)
    said = str([(error["loc"], error["msg"]) for error in caught.value.errors(include_input=False)])
    assert not any(secret in said for secret in peer.secrets)
