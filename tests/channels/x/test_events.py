from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from channels.words import Inbound, Place
from channels.x.events import Includes, Media, first_id, may_answer, media, mention, message, moment, text_of

PAYLOADS = Path(__file__).parent / "payloads"

odd = some.recursive(
    some.none()
    | some.integers()
    | some.text(max_size=5)
    | some.sampled_from(["9000", "1001", "MessageCreate", "urls"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(
                [
                    "id",
                    "text",
                    "url",
                    "users",
                    "media",
                    "media_keys",
                    "mentions",
                    "type",
                    "variants",
                    "bit_rate",
                    "urls",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
KEYS = (
    *("id", "event_type", "dm_conversation_id", "sender_id", "author_id", "text", "entities", "attachments", "lang"),
    *("referenced_tweets", "edit_history_tweet_ids", "note_tweet", "conversation_id", "data", "includes"),
)
odd_events = some.dictionaries(some.sampled_from(KEYS), odd | some.just("MessageCreate") | some.just("1001"))


def page(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / name).read_text(encoding="utf-8"))
    return found


def of(name: str) -> list[Inbound | None]:
    found = page(name)
    parse = message if name == "dm.json" else mention
    return [parse(event, Includes.of(found), "9000") for event in found["data"]]


def test_message_is_read() -> None:
    """A direct message has its words as they were typed, its links whole, its sender, and the moment of its id."""
    said = of("dm.json")[0]
    assert said
    assert said.text == "Fees < 1%? See https://example.org/fees?a=1&b=2 & this"
    assert said.place == Place(account="9000", handle="1001")
    assert (said.event_id, said.name, said.verified_by) == ("1859700000000000002", "Ann Lee", "x")
    assert said.attributes == {"username": "ann"}
    assert said.sent_at
    assert abs(said.sent_at - datetime(2024, 11, 21, 20, 38, 1, tzinfo=UTC)) < timedelta(hours=1)
    assert said.raw["message"] == page("dm.json")["data"][0]


def test_what_is_no_message_to_us_is_none() -> None:
    """Our own words, who joins, and what is said in a group are none of ours to answer."""
    assert of("dm.json")[1:] == [None, None, None]
    assert of("mentions.json")[2] is None


def test_mention_is_read() -> None:
    """A post is public, in its thread, without the names at its head, with its language and what it replies to."""
    said = of("mentions.json")[0]
    assert said
    assert said.text == "提现要多久？ > 10 分钟"
    assert said.place == Place(account="9000", handle="1001", thread="1859700000000000000", public=True)
    assert (said.language, said.reply_to) == ("zh", "1859700000000000000")
    assert said.edit_of == "1859700090000000000"
    assert said.raw["referenced"] == [page("mentions.json")["includes"]["tweets"][0]]


def test_post_that_was_not_edited_replaces_none() -> None:
    """A first version stands for itself, and a text without words has no language."""
    said = of("mentions.json")[1]
    assert said
    assert (said.edit_of, said.language) == (None, None)


def test_long_post_is_read_whole() -> None:
    """What X cuts in `text` stands in the note of the post."""
    post = {
        "id": "1",
        "author_id": "1001",
        "text": "@example one…",
        "note_tweet": {"text": "@example one two &amp; three"},
    }
    said = mention(post, Includes({}, {}, {}), "9000")
    assert said
    assert said.text == "one two & three"
    assert text_of(post) == "@example one two & three"


def test_files_are_named() -> None:
    """A photo is taken where X keeps it, of a video the best version; what X does not show is no file."""
    message_, post = page("dm.json"), page("mentions.json")
    (photo,) = media(message_["data"][0], Includes.of(message_))
    assert photo == Media(message_["includes"]["media"][0]["url"], "AbCd.jpg", "")
    (video,) = media(post["data"][0], Includes.of(post))
    assert video == Media("https://video.twimg.com/ext_tw_video/1/large.mp4?tag=12", "large.mp4", "video/mp4")


def test_only_who_mentions_or_quotes_is_answered() -> None:
    """A mention and a quote of ours may be answered in public, anything else may not."""
    mentioned, quoted, _ = of("mentions.json")
    assert mentioned
    assert quoted
    assert may_answer(mentioned.raw, "9000")
    assert may_answer(quoted.raw, "9000")
    assert not may_answer(mentioned.raw, "9001")
    assert not may_answer({"post": quoted.raw["post"]}, "9000")
    assert not may_answer({}, "9000")


@pytest.mark.parametrize("odd", [{"text": "x" * 200_000}, {"odd": float("nan")}])
def test_of_what_cannot_be_kept_a_reply_has_what_it_needs(odd: dict[str, Any]) -> None:
    """Of a payload beyond all measure, or with what is no JSON, the ids and mentions stay."""
    post = page("mentions.json")["data"][0] | odd
    said = mention(post, Includes({}, {}, {}), "9000")
    assert said
    assert len(json.dumps(said.raw)) < 1000
    assert may_answer(said.raw, "9000")


def test_ids_tell_their_moment() -> None:
    """The first id of a moment was given then, to the millisecond."""
    at = datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)
    assert moment(first_id(at)) == at
    assert moment("") is None
    assert first_id(datetime(2000, 1, 1, tzinfo=UTC)) == "0"


@pytest.mark.parametrize("id_", ["", "x", "１２", "1" * 20, 5, None, ["1"]])
def test_id_that_is_none_is_no_event(id_: object) -> None:
    """Where the id is no number of X's nothing is delivered."""
    nobody = Includes({}, {}, {})
    assert message({"id": id_, "event_type": "MessageCreate", "sender_id": "1001", "text": "x"}, nobody, "9000") is None
    assert mention({"id": id_, "author_id": "1001", "text": "x"}, nobody, "9000") is None


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(odd_events, odd_events)
def test_nothing_odd_raises(event: dict[str, Any], around: dict[str, Any]) -> None:
    """Whatever stands where X puts its fields, it is read or left."""
    includes = Includes.of(around)
    for parse in (message, mention):
        said = parse(event, includes, "9000")
        assert said is None or said.event_id
    assert all(isinstance(one.url, str) for one in media(event, includes))
    assert may_answer({"post": event, "referenced": [around]}, "9000") in {True, False}
    assert isinstance(text_of(event), str)
