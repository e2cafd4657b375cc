"""What is said to everybody on X."""

from __future__ import annotations

from functools import partial

import pytest

from bot.store.announcement_tables import PostState
from tests.channels.announcements import PICTURE, Announcements, Square, square
from tests.channels.peer import Fault
from tests.channels.x.platform import Platform
from tests.channels.x.samples import answers
from tests.channels.x.server import broken

__all__ = ["square"]


class TestX(Announcements):
    """Nothing is left out."""


async def test_links_stay_and_no_budget_counts(peer: Platform, square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person has said yes to this very post, link and price included."""
    monkeypatch.setattr(peer, "announcing", partial(peer.announcing, links=False, daily_posts=0))
    found = await square.announce({"en": "All of it: https://example.org/ton"})
    (seen,) = peer.stands("en")
    assert seen.text == "All of it: https://example.org/ton"
    assert found.posts[0].state is PostState.SENT


async def test_lost_answer_with_link_and_picture_is_found(peer: Platform, square: Square) -> None:
    """Though X shortens the one and adds a link for the other."""
    peer.faults["en"] = [Fault.SILENT]
    found = await square.announce({"en": "All of it: https://example.org/ton & more"})
    (seen,) = peer.stands("en")
    assert found.posts[0].platform_ids == [seen.id]


async def test_picture_is_uploaded_again_where_that_failed(peer: Platform, square: Square) -> None:
    """Nobody saw the first one, whatever became of it."""
    peer.server.instead["POST /2/media/upload"] = answers(broken())
    found = await square.announce({"en": "TON"})
    assert (found.posts[0].state, found.posts[0].attempts) == (PostState.SENT, 2)
    assert [data for _, data in peer.stands("en")[0].files] == [PICTURE.data]


@pytest.mark.parametrize(("text", "fits"), [("提" * 140, True), ("提" * 141, False), ("a" * 280, True)])
async def test_length_is_what_x_counts(square: Square, text: str, *, fits: bool) -> None:
    """Chinese characters count twice; the preview says so before anything is posted."""
    (shown,) = await square.draft({"en": text})
    assert bool(shown.problem) is not fits
    found = await square.announce({"en": text})
    assert found.posts[0].state is (PostState.SENT if fits else PostState.FAILED)
    assert len(square.peer.stands("zh" if text[0] == "提" else "en")) == int(fits)
