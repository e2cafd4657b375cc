"""Payloads as Discord sends them, in the words every channel shares."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.discord.bounds import LONGEST_RAW, bounded
from channels.discord.cursor import Positions
from channels.discord.parse import addressed, files, parse, taken_back
from channels.discord.rooms import Room
from channels.words import Inbound, Place

PAYLOADS: dict[str, Any] = json.loads((Path(__file__).parent / "payloads" / "events.json").read_text(encoding="utf-8"))
ACCOUNT = "100000000000000001"
DIRECT = Room("1300000000000000001", public=False, person="200000000000000001")
PUBLIC = Room("1290000000000000002", public=True)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENTS = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE")


def read(name: str, event: str = "MESSAGE_CREATE", room: Room = DIRECT) -> Inbound | None:
    return parse(event, PAYLOADS[name], ACCOUNT, room)


def test_direct_message_says_who_and_when() -> None:
    """A direct message is private, its sender is vouched for by Discord, and its time is Discord's."""
    found = read("direct")
    assert found
    assert (found.event_id, found.text, found.name) == ("1310161166090305536", "How long does it take?", "Ann")
    assert (found.place.handle, found.place.thread, found.place.public) == ("200000000000000001", "", False)
    assert (found.verified_by, found.attributes) == ("discord", {"username": "ann"})
    assert found.sent_at
    assert found.sent_at.tzinfo is UTC
    assert found.raw == PAYLOADS["direct"]


def test_mentions_are_names() -> None:
    """We are not named in the text, others are by their name there, and an own emoji is its name."""
    found = read("guild_reply", room=PUBLIC)
    assert found
    assert (found.text, found.name) == ("ask @Bobby :pepe: please", "Annie")
    assert (found.place.thread, found.place.public) == ("1290000000000000002", True)
    assert found.reply_to == "1310161166090305000"
    assert addressed(PAYLOADS["guild_reply"], ACCOUNT, PUBLIC)
    assert not addressed(PAYLOADS["direct"], ACCOUNT, PUBLIC)


def test_forwarded_message_is_quoted_with_its_files() -> None:
    """What is forwarded is what the person wants to show; it is no reply to anything."""
    found = read("forward")
    assert found
    assert (found.text, found.reply_to) == ("> Your withdrawal is on hold", None)
    assert [each["filename"] for each in files(PAYLOADS["forward"])] == ["proof.png"]


def test_poll_is_its_words() -> None:
    """The question and what one may vote for, though Discord puts none of it into the text."""
    found = read("poll")
    assert found
    assert found.text == "📊 Which?\n• A"


def test_sticker_and_voice_are_messages() -> None:
    """A sticker is its name; a voice note is a file without a text."""
    sticker, voice = read("sticker"), read("voice")
    assert sticker
    assert sticker.text == ":Wave:"
    assert voice
    assert voice.text == ""


@pytest.mark.parametrize("name", ["join", "pin", "call", "webhook", "bot"])
def test_what_nobody_said_is_no_message(name: str) -> None:
    """Service messages, webhooks and other bots say nothing to us."""
    assert read(name) is None


def test_edit_names_what_it_replaces() -> None:
    """A change is an event of its own; a link's preview that is ready is none."""
    found = read("edit", "MESSAGE_UPDATE")
    assert found
    assert (found.edit_of, found.text) == ("1310161166090305536", "How long?")
    assert found.event_id == "1310161166090305536.2026-11-24T09:01:00.456000+00:00"
    assert found.sent_at == datetime(2026, 11, 24, 9, 1, 0, 456000, tzinfo=UTC)
    assert read("preview", "MESSAGE_UPDATE") is None
    assert read("partial_edit", "MESSAGE_UPDATE") is None


def test_deletion_names_what_is_gone() -> None:
    """It replaces the message with nothing, whoever wrote it."""
    gone = taken_back("7", "42")
    assert (gone.edit_of, gone.deleted, gone.place) == ("7", True, Place(account="42", handle=""))


def test_press_is_its_payload_and_its_words() -> None:
    """A button comes back as what it carries, with its words and the person's language, and without its secret."""
    found = read("press", "INTERACTION_CREATE")
    assert found
    assert (found.choice, found.text, found.language) == ("human", "人工", "zh-CN")
    assert "token" not in found.raw


def test_command_is_a_question() -> None:
    """A command without words says what it means; what is only being typed is no message."""
    found = read("command", "INTERACTION_CREATE")
    assert found
    assert (found.text, found.name, found.choice) == ("ticket status", "Bobby", None)
    assert read("autocomplete", "INTERACTION_CREATE") is None


@given(event=st.sampled_from(EVENTS), name=st.sampled_from(sorted(PAYLOADS)), change=ODD, data=st.data())
def test_odd_payloads_never_raise(event: str, name: str, change: object, data: st.DataObject) -> None:
    """Whatever stands in place of any field, there is a message or there is none."""
    payload = dict(PAYLOADS[name])
    payload[data.draw(st.sampled_from(sorted(payload)))] = change
    parse(event, payload, ACCOUNT, DIRECT)
    addressed(payload, ACCOUNT, PUBLIC)
    files(payload)


def test_huge_payload_is_kept_in_part() -> None:
    """A payload is kept whole unless it is huge; then what a reply needs is kept."""
    huge = PAYLOADS["direct"] | {"embeds": ["x" * LONGEST_RAW]}
    assert bounded(PAYLOADS["direct"]) == PAYLOADS["direct"]
    assert "embeds" not in bounded(huge)
    assert bounded(huge)["id"] == PAYLOADS["direct"]["id"]


def test_cursor_is_bounded_and_survives_nonsense() -> None:
    """The channels with the newest messages are kept, a position never goes back, and a broken cursor reads as none."""
    positions = Positions('{"1":"10","2":"20","3":"30"}', 3)
    positions.read("1", 5)
    positions.read("4", 40)
    assert str(positions) == '{"3":"30","1":"10","4":"40"}'
    assert (positions.newest, positions.last("1"), positions.last("2")) == (40, 10, 0)
    for odd in (None, "", "[1]", "{", '{"a":"b"}', '{"a":null}'):
        assert Positions(odd, 3).channels() == []
