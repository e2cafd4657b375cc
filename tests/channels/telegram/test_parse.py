"""From an update to the words every channel shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.telegram.parse import File, files, parse
from channels.words import Place
from tests.channels.telegram.samples import GROUP, ME, PAYLOADS, payload

MAP = "📍 https://www.openstreetmap.org/?mlat=52.520008&mlon=13.404954"

#: What each update says; None for what is no message to us.
SAID: dict[str, str | None] = {
    "private_text": "How long does a withdrawal take?",
    "private_text_zh": "提现要多久？",
    "private_reply": "and this?",
    "private_forwarded": "they told me this",
    "photo": "my receipt",
    "document": "",
    "voice": "",
    "audio": "",
    "video_large": "look at this",
    "video_note": "",
    "animation": "",
    "sticker": "👍",
    "location": MAP,
    "live_location_moved": None,
    "venue": f"📍 Head office, Main St 1\n{MAP}",
    "contact": "👤 Bea Kern +4915112345678",
    "dice": "🎲 5",
    "edited": "my withdrawal is gone",
    "pressed": "Talk to a human",
    "pressed_old": "",
    "pressed_inline": None,
    "pressed_game": None,
    "command_start": "hello",
    "command_human_zh": "转人工",
    "command_ticket": "what's the status of my ticket FD-12",
    "command_unknown": "/price BTC",
    "group_mention": "😀 how long does a withdrawal take?",
    "group_text_mention": "what are the fees",
    "group_reply": "and by card?",
    "group_reply_to_other": None,
    "group_talk": None,
    "group_mention_of_other": None,
    "group_command": "what are the fees",
    "group_command_plain": "talk to a human",
    "group_command_of_other": None,
    "group_command_unknown": None,
    "group_photo_mention": "what is this",
    "group_anonymous": "fees?",
    "group_other_bot": None,
    "topic_mention": "how long?",
    "topic_talk": None,
    "service_joined": None,
    "service_pinned": None,
    "service_migrated": None,
    "service_topic_created": None,
    "poll_message": "📊 Which coin?\n• BTC\n• ETH",
    "story": "❓ story",
    "poll": None,
    "channel_post": None,
    "blocked": None,
    "reaction": None,
    "unknown_kind": None,
    "deleted_account": "hello",
    "without_sender": None,
}


def test_every_update_in_the_folder_is_expected() -> None:
    """No payload lies there unread."""
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_update_says(name: str) -> None:
    """Each update says what the person meant for us, and nothing else becomes a message."""
    inbound = parse(payload(name), ME)
    assert (inbound.text if inbound else None) == SAID[name]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("photo", ("x", "photo.jpg", "image/jpeg", 60331)),
        ("document", ("d", "statement.pdf", "application/pdf", 48213)),
        ("voice", ("v", "voice.ogg", "audio/ogg", 16201)),
        ("audio", ("a", "song.mp3", "audio/mpeg", 3211040)),
        ("video_large", ("w", "screen.mp4", "video/mp4", 34211040)),
        ("video_note", ("n", "video.mp4", "video/mp4", 921100)),
        ("animation", ("g", "funny.mp4", "video/mp4", 90110)),
    ],
)
def test_file_is_found_once(name: str, file: tuple[str, str, str, int]) -> None:
    """A picture's largest size, a moving picture once although it is told twice."""
    key, *rest = file
    assert files(payload(name)) == [File(f"BQACAgIAAxkBAAI{key}", *rest)]  # type: ignore[arg-type]


def test_private_message_is_complete() -> None:
    """Name, place, language, time and the payload itself are kept."""
    raw = payload("private_text")
    inbound = parse(raw, ME)
    assert inbound
    assert inbound.event_id == "1001:42"
    assert inbound.place == Place(account="7200000001", handle="1001")
    assert (inbound.name, inbound.language, inbound.verified_by) == ("Ann Lee", "en", "telegram")
    assert inbound.attributes == {"username": "annlee"}
    assert inbound.sent_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert inbound.raw == raw


def test_edit_names_what_it_replaces() -> None:
    """The id of an edit is its own, and it names the message by the id that one came under."""
    inbound = parse(payload("edited"), ME)
    assert inbound
    assert inbound.edit_of == "1001:42"
    assert inbound.event_id == f"update:{payload('edited')['update_id']}"
    assert inbound.sent_at == datetime(2026, 3, 2, 9, 0, 31, tzinfo=UTC)


def test_press_brings_the_payload_back() -> None:
    """A pressed button is a choice, with the title that was read on it."""
    inbound = parse(payload("pressed"), ME)
    assert inbound
    assert (inbound.choice, inbound.text, inbound.reply_to) == ("human", "Talk to a human", "1001:43")
    assert inbound.place.handle == "1001"


def test_reply_names_what_it_answers() -> None:
    """In the words in which a sent message was named."""
    inbound = parse(payload("private_reply"), ME)
    assert inbound
    assert inbound.reply_to == "1001:40"


def test_person_in_a_group_has_a_conversation_of_their_own() -> None:
    """The handle names person and chat, and strangers read along."""
    inbound = parse(payload("group_mention"), ME)
    assert inbound
    assert inbound.place == Place(account="7200000001", handle=f"{GROUP}:1001", public=True)


def test_topic_is_a_thread() -> None:
    """In a forum each topic is a conversation; the thread of an ordinary group's replies is none."""
    topic, reply = parse(payload("topic_mention"), ME), parse(payload("group_reply"), ME)
    assert topic
    assert topic.place.thread == "7"
    assert reply
    assert reply.place.thread == ""


def test_groups_can_be_left_alone() -> None:
    """With `groups: false` nothing in a group is heard."""
    quiet = replace(ME, groups=False)
    assert [name for name in SAID if name.startswith(("group", "topic")) and parse(payload(name), quiet)] == []


def test_name_alone_is_a_call() -> None:
    """Who says nothing but our name has said something."""
    raw = payload("group_mention")
    raw["message"] |= {"text": "@FrontdeskBot", "entities": [{"type": "mention", "offset": 0, "length": 13}]}
    inbound = parse(raw, ME)
    assert inbound
    assert inbound.text == "@FrontdeskBot"


def test_enormous_update_is_shortened() -> None:
    """What is kept of it still names the message."""
    raw = payload("private_text")
    raw["message"]["web_page"] = "x" * 200_000
    inbound = parse(raw, ME)
    assert inbound
    assert inbound.raw["message"] == {"message_id": 42, "chat": {"id": 1001}}


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ODD = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SAID)), st.data())
def test_odd_payload_never_raises(name: str, data: st.DataObject) -> None:
    """Whatever stands in place of a value, the update is read or passed over."""
    raw = payload(name)
    place: Any = raw
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or data.draw(st.integers(0, 3)) == 0:
            place[key] = data.draw(ODD)
            break
        place = place[key]
    parse(raw, ME)
    files(raw)


@pytest.mark.parametrize("raw", [None, [], "text", 5, {}, {"update_id": "x"}, {"message": None}])
def test_no_update_is_no_message(raw: object) -> None:
    """What is not even an object of the right form is passed over."""
    assert parse(raw, ME) is None
