"""How an announcement moves at each place, on both databases, whatever a channel does."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import bot.delivery
import bot.store.database
from bot.announcing import Announcer
from bot.announcing_changes import Changes
from bot.errors import NotFound, StorageDown
from bot.files import Files
from bot.settings import DeliverySection
from bot.store import announcements
from bot.store.announcement_tables import Post, PostState
from bot.store.announcements import Target, View
from bot.store.database import Database
from bot.store.inbox import KeptFile
from channels.errors import MayHaveArrived, Never, TryAgain
from channels.memory import Memory
from channels.words import Board, Outbound, Place, Sent
from tests.samples import NOW, rows

SECTION = DeliverySection(attempts=3, timeout_seconds=5)
PLACES = [Place(account="bot-1", handle=name, public=True) for name in ("square", "market")]


class Town(Memory):
    """Two squares in English. `meets` befalls the next announcements at one, `wrong` the next changes, one each."""

    def __init__(self) -> None:
        super().__init__()
        self.meets: dict[str, deque[Exception | None]] = defaultdict(deque)
        self.wrong: deque[Exception | None] = deque()
        self.standing: dict[str, Outbound] = {}

    def boards(self) -> Sequence[Board]:
        return [Board(place=place, language="en", caption=20) for place in PLACES]

    async def announce(self, outbound: Outbound) -> Sent:
        waiting = self.meets[outbound.place.handle]
        if waiting and (error := waiting.popleft()):
            raise error
        number = f"{outbound.place.handle}-{outbound.part}"
        assert number not in self.standing
        self.standing[number] = outbound
        return Sent(platform_id=number)

    async def correct(self, outbound: Outbound, platform_id: str) -> None:
        if self.wrong and (error := self.wrong.popleft()):
            raise error
        self.standing[platform_id] = outbound

    async def withdraw(self, place: Place, platform_id: str) -> None:
        if self.wrong and (error := self.wrong.popleft()):
            raise error
        self.standing.pop(platform_id, None)


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    """A place where people stand together, and pauses that nobody notices."""
    monkeypatch.setattr(bot.delivery, "FIRST_PAUSE", 0.01)
    return Town()


def created(database: Database, text: str = "TON", picture: KeptFile | None = None) -> int:
    """An announcement for both squares."""
    targets = [Target("memory", place, "en", text) for place in PLACES]
    return database.transact(announcements.create, targets, picture, "anna", NOW)


def announcer(database: Database, town: Town) -> Announcer:
    return Announcer(database, {"memory": town}, Files(Path("unused")), SECTION)


def changes(database: Database, town: Town) -> Changes:
    return Changes(announcer(database, town), database, {"memory": town}, SECTION)


def told(found: View) -> list[tuple[PostState, str | None]]:
    return [(post.state, post.error) for post in found.posts]


SENT = (PostState.SENT, None)


@pytest.mark.parametrize(
    ("meets", "state", "reason"),
    [
        (Never("the bot was put out"), PostState.FAILED, "the bot was put out"),
        (TryAgain("in an hour", 3600), PostState.FAILED, "not for 3600 seconds: in an hour"),
        (MayHaveArrived("the line broke"), PostState.UNKNOWN, "the line broke"),
        (ZeroDivisionError("secret"), PostState.UNKNOWN, "fault of the channel: ZeroDivisionError"),
    ],
)
async def test_each_error_by_what_to_do_about_it(
    database: Database, town: Town, meets: Exception, state: PostState, reason: str
) -> None:
    """What cannot be posted says why, and the next place has it all the same."""
    town.meets["square"].append(meets)
    number = created(database)
    assert told(await announcer(database, town).send(number)) == [(state, reason), SENT]
    again = told(await announcer(database, town).send(number))
    assert again == [SENT if state is PostState.FAILED else (state, reason), SENT]


async def test_tries_are_counted(database: Database, town: Town) -> None:
    """As often as a message is; resuming counts anew."""
    number = created(database)
    town.meets["square"].extend([TryAgain("busy")] * 3)
    found = await announcer(database, town).send(number)
    assert told(found) == [(PostState.FAILED, "given up after 3 tries: busy"), SENT]
    assert [post.attempts for post in found.posts] == [3, 1]
    assert told(await announcer(database, town).send(number)) == [SENT, SENT]


async def test_parts_that_stand_are_not_posted_again(database: Database, town: Town) -> None:
    """What fails between two parts goes on with the second."""
    picture = KeptFile("ton.png", "image/png", 10, "ab" * 32)
    number = created(database, "A text too long to stand under a picture.", picture)
    town.meets["square"].extend([None, Never("full")])
    found = await announcer(database, town).send(number)
    assert [(post.state, post.platform_ids) for post in found.posts] == [
        (PostState.FAILED, ["square-0"]),
        (PostState.SENT, ["market-0", "market-1"]),
    ]
    found = await announcer(database, town).send(number)
    assert [post.platform_ids for post in found.posts] == [["square-0", "square-1"], ["market-0", "market-1"]]


async def test_database_that_is_away_forgets_nothing(
    sqlite: Database, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the platform has is written down once the database is back, and not posted again."""
    monkeypatch.setattr(bot.store.database, "PAUSE", 0.01)
    number = created(sqlite)
    run, breaks = sqlite.run, [True, True]

    async def breaking(work: Any, *args: Any, **kwargs: Any) -> Any:
        """The line breaks during the commit, so that nobody is told that it is written."""
        result = await run(work, *args, **kwargs)
        if work is announcements.part_sent and breaks:
            breaks.pop()
            raise StorageDown("the line broke")
        return result

    monkeypatch.setattr(sqlite, "run", breaking)
    found = await announcer(sqlite, town).send(number)
    assert told(found) == [SENT, SENT]
    assert [post.platform_ids for post in found.posts] == [["square-0"], ["market-0"]]
    assert breaks == []


async def test_changes_are_tried_until_done(database: Database, town: Town) -> None:
    """Doing them twice does no harm, so a lost answer is a reason to try again."""
    number = created(database)
    await announcer(database, town).send(number)
    town.wrong.extend([MayHaveArrived("the line broke"), TryAgain("busy"), None, Never("too old")])
    found, failures = await changes(database, town).correct(number, {"en": "BTC"})
    assert (failures, told(found)) == (1, [SENT, (PostState.SENT, "not corrected: too old")])
    assert [outbound.text for outbound in town.standing.values()] == ["BTC", "TON"]
    assert [post.text for post in rows(database, Post)] == ["BTC", "TON"]
    town.wrong.extend([ZeroDivisionError(), TryAgain("busy"), TryAgain("busy"), TryAgain("busy")])
    found, failures = await changes(database, town).withdraw(number)
    reasons = [
        f"not withdrawn: {why}" for why in ("fault of the channel: ZeroDivisionError", "given up after 3 tries: busy")
    ]
    assert (failures, told(found)) == (2, [(PostState.SENT, reason) for reason in reasons])
    found, failures = await changes(database, town).withdraw(number)
    assert (failures, told(found)) == (0, [(PostState.WITHDRAWN, None)] * 2)


async def test_correction_before_it_stands(database: Database, town: Town) -> None:
    """What failed is posted with the corrected words; what is unknown stays as it is, and counts."""
    number = created(database)
    town.meets["square"].append(Never("full"))
    town.meets["market"].append(MayHaveArrived("the line broke"))
    await announcer(database, town).send(number)
    found, failures = await changes(database, town).correct(number, {"en": "BTC"})
    assert (failures, found.announcement.texts) == (1, {"en": "BTC"})
    assert "nobody knows what stands" in str(found.posts[1].error)
    await announcer(database, town).send(number)
    assert [outbound.text for outbound in town.standing.values()] == ["BTC"]
    _, failures = await changes(database, town).withdraw(number)
    assert (failures, town.standing) == (1, {})
    assert [post.state for post in rows(database, Post)] == [PostState.WITHDRAWN, PostState.UNKNOWN]


async def test_same_words_while_unfinished(database: Database, town: Town) -> None:
    """Are known by the announcement that is to be resumed; once it is everywhere they may be said again."""
    number = created(database)
    created(database, "BTC")
    assert database.transact(announcements.unfinished_twin, {"en": "TON"}) == number
    assert database.transact(announcements.unfinished_twin, {"en": "ETH"}) is None
    await announcer(database, town).send(number)
    assert database.transact(announcements.unfinished_twin, {"en": "TON"}) is None
    assert [one.announcement.id for one in database.transact(announcements.newest, 5)] == [number + 1, number]


def test_what_does_not_exist(database: Database) -> None:
    """Is named."""
    with pytest.raises(NotFound, match="no announcement 7"):
        database.transact(announcements.view, 7)
