"""Several pictures sent at once."""

from __future__ import annotations

from bot.store.tables import File
from channels.words import Attachment
from tests.channels.house import House
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.samples import payload
from tests.samples import rows, until

PICTURES = [
    Attachment(name=f"{number}.png", media_type="image/png", data=b"\x89PNG\r\n\x1a\n" + bytes([number]))
    for number in range(4)
]


async def part(peer: Platform, album: str, picture: Attachment, person: str = "ann", caption: str = "") -> str:
    """One picture of an album arrives."""
    said = {"caption": caption} if caption else {}
    return await peer.write(peer.message(person, media_group_id=album, **peer.upload(picture), **said))


async def test_album_is_one_message(house: House, peer: Platform) -> None:
    """All its pictures and its words are one message, in their place among the others."""
    await peer.say("ann", "before")
    await part(peer, "1", PICTURES[0], caption="my receipts")
    for picture in PICTURES[1:3]:
        await part(peer, "1", picture)
    await peer.say("ann", "after")
    async with house.open():
        await house.hears("before", "my receipts", "after")
    assert len(rows(house.database, File)) == 3
    assert {file.message_id for file in rows(house.database, File)} == {house.heard()[1].id}


async def test_album_is_waited_for(house: House, peer: Platform) -> None:
    """What comes a moment later belongs to it, whoever writes in between."""
    async with house.open():
        await part(peer, "1", PICTURES[0], caption="my receipts")
        await until(lambda: peer.server.handed)
        await peer.say("bob", "hello")
        await part(peer, "1", PICTURES[1])
        await house.hears("my receipts", "hello")
        await until(lambda: len(rows(house.database, File)) == 2)
    assert len(house.heard()) == 2


async def test_album_is_not_confirmed_before_it_is_stored(house: House, peer: Platform) -> None:
    """A stop while it is waited for loses none of it."""
    async with house.open():
        await peer.say("ann", "before")
        await part(peer, "1", PICTURES[0], caption="my receipts")
        await house.hears("before")
    assert [update["message"].get("media_group_id") for update in peer.server.pending][-1] == "1"
    await part(peer, "1", PICTURES[1])
    async with house.open():
        await house.hears("before", "my receipts")
        await until(lambda: len(rows(house.database, File)) == 2)


async def test_two_albums_are_two_messages(house: House, peer: Platform) -> None:
    """However their parts are mixed, each has its own, and a redelivered one is known."""
    first = await part(peer, "1", PICTURES[0], caption="one")
    await part(peer, "2", PICTURES[1], person="bob", caption="two")
    await part(peer, "1", PICTURES[2])
    await part(peer, "2", PICTURES[3], person="bob")
    async with house.open():
        await house.hears("one", "two")
        await peer.repeat(first)
        await peer.say("ann", "three")
        await house.hears("one", "two", "three")
    assert sorted(file.message_id for file in rows(house.database, File)) == [1, 1, 2, 2]


async def test_trouble_between_its_parts_doubles_none(house: House, peer: Platform) -> None:
    """What failed in the midst of an album is tried again, and the album is not."""
    await part(peer, "1", PICTURES[0], caption="my receipts")
    upload = peer.upload(PICTURES[1])
    peer.server.broken = [upload["photo"][-1]["file_id"]]
    await peer.write(peer.message("bob", caption="mine", **upload))
    await part(peer, "1", PICTURES[2])
    async with house.open():
        await house.hears("my receipts", "mine")
        await until(lambda: not peer.server.pending)
    assert len(house.heard()) == 2
    assert len(rows(house.database, File)) == 3


async def test_album_in_a_group_is_heard_whole(house: House, peer: Platform) -> None:
    """The words stand under one picture, and all of them are meant."""
    for caption in ("", "@FrontdeskBot which of these?", ""):
        message = payload("group_photo_mention")["message"] | {
            "message_id": peer.server.number(),
            "media_group_id": "9",
        }
        marks = message["caption_entities"] if caption else []
        picture = peer.upload(PICTURES[len(peer.server.pending)])
        await peer.server.happen("message", message | picture | {"caption": caption, "caption_entities": marks})
    async with house.open():
        await house.hears("which of these?")
    assert len(rows(house.database, File)) == 3


async def test_three_hundred_pictures_are_no_flood(house: House, peer: Platform) -> None:
    """Telegram hands a hundred out at once: of each hundred ten come in, the others are named, and none waits."""
    for number in range(300):
        await part(peer, "1", PICTURES[0], caption="all of it" if number == 0 else "")
    async with house.open():
        await until(lambda: not peer.server.pending)
        await peer.say("ann", "after")
        await until(lambda: house.heard()[-1].text == "after")
    texts = [message.text for message in house.heard()]
    files = rows(house.database, File)
    assert len(files) + sum(text.count("📎") for text in texts) == 300
    assert len(files) == 10 * (len(texts) - 1)
