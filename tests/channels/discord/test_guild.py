"""Where others listen: mentions, threads, forum posts, commands."""

from __future__ import annotations

from typing import Any

from bot.store.tables import Conversation, MessageState
from channels.words import Choice
from tests.channels.discord.peer import INTERACTION, PERSONS, DiscordPeer
from tests.channels.discord.wire import BOT
from tests.channels.house import House
from tests.samples import rows, until

NAMED: dict[str, Any] = {"mentions": [{**BOT, "member": {}}]}
CALL = f"<@{BOT['id']}>"


async def test_only_who_names_us_is_heard(house: House, peer: DiscordPeer) -> None:
    """In a channel of a guild the talk of others is not ours; who names us is answered there, as a reply, in public."""
    channel = peer.guild()["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        await peer.say_in(channel, "bob", "anybody here?")
        asked = await peer.say_in(channel, "ann", f"{CALL} how long does it take?", **NAMED)
        await house.hears("how long does it take?")
        peer.meet("ann", channel)
        await house.answer("ann", "Ten minutes.")
        await house.has(MessageState.SENT)
        sent = peer.server.messages[channel][-1]
        await peer.say_in(channel, "ann", "thank you", type=19, referenced_message=sent)
        await house.hears("how long does it take?", "thank you")
    assert sent["message_reference"]["message_id"] == asked
    assert sent["allowed_mentions"]["parse"] == []
    assert [(talk.thread, talk.public) for talk in rows(house.database, Conversation)] == [(channel, True)]


async def test_person_has_a_conversation_in_each_channel(house: House, peer: DiscordPeer) -> None:
    """What two persons ask in one channel, and one of them in private, are three conversations."""
    channel = peer.guild()["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        await peer.say_in(channel, "ann", f"{CALL} one", **NAMED)
        await peer.say_in(channel, "bob", f"{CALL} two", **NAMED)
        await peer.say("ann", "three")
        await until(lambda: len(house.heard()) == 3)
    assert len(rows(house.database, Conversation)) == 3


async def test_forum_post_is_a_conversation(house: House, peer: DiscordPeer) -> None:
    """Who began a post is answered without naming us, others in it are not; in a plain thread we must be named."""
    guild = peer.guild()
    async with house.open():
        await peer.is_heard()
        await peer.begin(guild, 0, "ann", "just talking")
        post = await peer.begin(guild, 1, "ann", "my deposit is missing")
        await house.hears("my deposit is missing")
        await peer.say_in(post, "bob", "same here")
        await peer.say_in(post, "ann", "since yesterday")
        await house.hears("my deposit is missing", "since yesterday")
        peer.meet("ann", post)
        await house.answer("ann", "We are looking.")
        await until(lambda: [seen.text for seen in peer.seen_in(post)] == ["We are looking."])
    assert [talk.thread for talk in rows(house.database, Conversation)] == [post]


async def test_what_was_missed_in_guilds_is_read(house: House, peer: DiscordPeer) -> None:
    """After a stop, old posts are read on and new ones are found; in channels the calls for us are found."""
    guild = peer.guild()
    channel = guild["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        post = await peer.begin(guild, 1, "ann", "old post")
        await peer.say_in(channel, "bob", f"{CALL} first", **NAMED)
        await until(lambda: len(house.heard()) == 2)
    await peer.say_in(post, "ann", "any news?")
    await peer.say_in(channel, "bob", "not for you")
    await peer.say_in(channel, "bob", f"{CALL} second", **NAMED)
    await peer.begin(guild, 1, "bob", "new post")
    async with house.open():
        await until(lambda: len(house.heard()) == 5)
    assert {message.text for message in house.heard()} == {"old post", "first", "any news?", "second", "new post"}


async def test_edit_and_deletion_in_a_guild(house: House, peer: DiscordPeer) -> None:
    """A question changed in public is changed here, also when it names us no more; one that is deleted is gone."""
    channel = peer.guild()["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        first = await peer.say_in(channel, "ann", f"{CALL} one", **NAMED)
        await house.hears("one")
        peer.server.find(first)["mentions"] = []
        await peer.edit(first, "one, better")
        await house.hears("one, better")
        await peer.server.gate.dispatch(
            "MESSAGE_DELETE_BULK", {"ids": [first, "1"], "channel_id": channel, "guild_id": "1"}
        )
        await house.hears("")


async def test_change_of_what_was_said_before_a_stop(house: House, peer: DiscordPeer) -> None:
    """After a restart too it is known whose question is changed or deleted, in public, where no event says so."""
    channel = peer.guild()["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        said = [await peer.say_in(channel, "ann", f"{CALL} {text}", **NAMED) for text in ("one", "two")]
        await house.hears("one", "two")
    async with house.open():
        await peer.is_heard()
        peer.server.find(said[0])["mentions"] = []
        await peer.edit(said[0], "one, better")
        await house.hears("one, better", "two")
        unasked = await peer.say_in(channel, "bob", "not for you")
        await peer.edit(unasked, "still not")
        await peer.delete(unasked)
        await peer.delete(said[1])
        await house.hears("one, better", "")


async def test_command_is_answered_in_private(house: House, peer: DiscordPeer) -> None:
    """A question by command is seen by nobody else, answered the same way, and its secret is kept nowhere."""
    channel = peer.guild()["channels"][0]["id"]
    data = {"id": "1", "name": "ask", "type": 1, "options": [{"name": "question", "type": 3, "value": "提现要多久？"}]}
    async with house.open():
        await peer.is_heard()
        await peer.interact(channel, "ann", type=2, data=data)
        await house.hears("提现要多久？")
        await until(lambda: peer.server.callbacks)
        await house.answer("ann", "大约十分钟。", choices=[Choice(title="人工", payload="human")])
        await house.has(MessageState.SENT)
    assert peer.server.callbacks == [(INTERACTION, {"type": 5, "data": {"flags": 64}})]
    [(token, answer)] = peer.server.followups
    assert (token, answer["content"], answer["flags"]) == (INTERACTION, "大约十分钟。", 64)
    assert not peer.server.messages[channel]
    assert INTERACTION not in str([message.raw for message in house.heard()])
    assert [talk.public for talk in rows(house.database, Conversation)] == [False]


async def test_quick_answer_waits_for_its_command(house: House, peer: DiscordPeer) -> None:
    """An answer that is there before Discord knows of it is not refused."""
    peer.server.slowness = 0.5
    option = {"name": "question", "type": 3, "value": "why?"}
    data = {"id": "1", "name": "ask", "type": 1, "options": [option]}
    async with house.open():
        await peer.is_heard()
        await peer.interact(peer.room("ann"), "ann", type=2, data=data)
        await house.hears("why?")
        await house.answer("ann", "Because.")
        await house.has(MessageState.SENT)
        assert [answer["content"] for _, answer in peer.server.followups] == ["Because."]


async def test_late_answer_to_a_command_comes_by_direct_chat(house: House, peer: DiscordPeer) -> None:
    """After a restart the way to answer in private is gone, and the answer goes where only the person reads it, too."""
    data = {"id": "1", "name": "human", "type": 1}
    async with house.open():
        await peer.is_heard()
        await peer.interact(peer.guild()["channels"][0]["id"], "ann", type=2, data=data)
        await house.hears("/human")
    async with house.open():
        await house.answer("ann", "A person will come.")
        await house.sees("ann", "A person will come.")


async def test_commands_say_what_they_mean(house: House, peer: DiscordPeer) -> None:
    """`/human` calls for a human, `/ticket` asks for its state; both are announced in Chinese too."""
    channel = peer.room("ann")
    number = [{"name": "number", "type": 3, "value": "FD-1042"}]
    async with house.open():
        await peer.is_heard()
        await peer.interact(channel, "ann", type=2, data={"id": "1", "name": "ticket", "options": number})
        await peer.interact(channel, "ann", type=2, data={"id": "2", "name": "human"})
        await until(lambda: len(house.heard()) == 2)
    assert {(message.text, message.choice) for message in house.heard()} == {("FD-1042", None), ("/human", "human")}
    assert [command["name"] for command in peer.server.commands] == ["ask", "ticket", "human"]
    assert peer.server.commands[2]["name_localizations"]["zh-CN"] == "人工"


async def test_press_is_told_once_it_is_stored(house: House, peer: DiscordPeer) -> None:
    """Whoever presses a button in public is the one who chose, and the platform hears that it was seen."""
    channel = peer.guild()["channels"][0]["id"]
    async with house.open():
        await peer.is_heard()
        await peer.say_in(channel, "ann", f"{CALL} withdrawal", **NAMED)
        await house.hears("withdrawal")
        peer.meet("ann", channel)
        await house.answer("ann", "Which one?", choices=[Choice(title="How long?", payload="intent:withdrawal_time")])
        await house.has(MessageState.SENT)
        await peer.press_in(channel, "bob", "How long?")
        await until(lambda: peer.server.callbacks)
    assert peer.server.callbacks == [(INTERACTION, {"type": 6})]
    pressed = house.heard()[1]
    assert (pressed.choice, pressed.text, pressed.raw["member"]["user"]) == (
        "intent:withdrawal_time",
        "How long?",
        PERSONS["bob"],
    )
