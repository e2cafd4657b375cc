"""Groups, their topics, and commands."""

from __future__ import annotations

from typing import Any

from bot.store.tables import MessageState
from channels.words import Choice, Place
from tests.channels.house import House
from tests.channels.telegram.platform import Platform
from tests.channels.telegram.samples import GROUP, ME, payload
from tests.samples import until

HERE = Place(account=ME.account, handle=f"{GROUP}:1001", public=True)


async def told(peer: Platform, *names: str) -> list[dict[str, Any]]:
    """Updates happen, one after the other, each message with a number of its own."""
    happened = []
    for name in names:
        (kind, event), *_ = [(key, value) for key, value in payload(name).items() if key != "update_id"]
        if "message_id" in event:
            event["message_id"] = peer.server.number()
        happened.append(await peer.server.happen(kind, event))
    return happened


async def test_group_is_answered_where_it_asked(house: House, peer: Platform) -> None:
    """The answer goes to the group, as a reply to the question, and talk among others is not heard."""
    peer.places["ann"] = HERE
    async with house.open():
        asked, *_ = await told(peer, "group_mention", "group_talk", "group_reply_to_other", "group_command_of_other")
        await told(peer, "group_command")
        await house.hears("😀 how long does a withdrawal take?", "what are the fees")
        await house.answer("ann", "Ten minutes.")
        await house.has(MessageState.SENT)
    posted = peer.server.posted[0]
    assert (posted.chat, posted.text, posted.topic) == (GROUP, "Ten minutes.", None)
    assert posted.answers != asked["message"]["message_id"]
    assert posted.answers == asked["message"]["message_id"] + 8


async def test_topic_is_answered_in_the_topic(house: House, peer: Platform) -> None:
    """What was asked in a topic is answered there."""
    peer.places["ann"] = Place(account=ME.account, handle=f"{GROUP}:1001", thread="7", public=True)
    async with house.open():
        asked, *_ = await told(peer, "topic_mention")
        await house.hears("how long?")
        await house.answer("ann", "Ten minutes.")
        await house.has(MessageState.SENT)
    assert (peer.server.posted[0].chat, peer.server.posted[0].topic) == (GROUP, 7)
    assert peer.server.posted[0].answers == asked["message"]["message_id"]


async def test_two_persons_in_a_group_are_two_conversations(house: House, peer: Platform) -> None:
    """Neither hears what belongs to the other's question, and a button counts for who pressed it."""
    peer.places["ann"] = HERE
    async with house.open():
        await told(peer, "group_mention")
        await until(lambda: len(house.heard()) == 1)
        await house.answer("ann", "Which?", choices=[Choice(title="Fees", payload="intent:fees")])
        await house.has(MessageState.SENT)
        posted = peer.server.posted[0]
        bob = {"id": 1002, "is_bot": False, "first_name": "Bob"}
        message = peer.server.told(posted)
        query = {"id": "77", "from": bob, "message": message, "chat_instance": "1", "data": "intent:fees"}
        await peer.server.happen("callback_query", query)
        await until(lambda: len(house.heard()) == 2)
    first, second = house.heard()
    assert first.conversation_id != second.conversation_id
    assert second.choice == "intent:fees"


async def test_group_that_moved_is_found(house: House, peer: Platform) -> None:
    """A group that became a supergroup is answered under its new number, at once and from then on."""
    peer.places["ann"] = Place(account=ME.account, handle="-5551:1001", public=True)
    peer.server.moved[-5551] = GROUP
    async with house.open():
        message = payload("group_mention")["message"] | {"chat": {"id": -5551, "type": "group", "title": "Traders"}}
        await peer.server.happen("message", message)
        await until(house.heard)
        await house.answer("ann", "one", "two")
        await house.has(MessageState.SENT, 2)
    assert [(posted.chat, posted.text) for posted in peer.server.posted] == [(GROUP, "one"), (GROUP, "two")]
    assert [given["chat_id"] for method, given in peer.server.calls if method == "sendMessage"] == [-5551, GROUP, GROUP]


async def test_menu_is_shown_in_both_languages(house: House, peer: Platform) -> None:
    """Everybody sees the commands in English, who reads Chinese in Chinese."""
    async with house.open():
        await until(lambda: len([1 for method, _ in peer.server.calls if method == "setMyCommands"]) == 2)
    english, chinese = [given for method, given in peer.server.calls if method == "setMyCommands"]
    assert "language_code" not in english
    assert chinese["language_code"] == "zh"
    for menu in (english, chinese):
        assert [entry["command"] for entry in menu["commands"]] == ["start", "help", "human", "ticket"]
    assert chinese["commands"][2]["description"] == "转人工客服"
