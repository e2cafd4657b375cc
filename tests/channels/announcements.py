"""What every channel that announces must do, against a counterpart of its platform that misbehaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

import bot.delivery
from bot.announcing import Announcer
from bot.announcing_changes import Changes
from bot.conversation import now
from bot.drafts import Draft, drafts
from bot.files import Files
from bot.settings import DeliverySection
from bot.store import announcements
from bot.store.announcement_tables import Post, PostState
from bot.store.announcements import Target, View
from bot.store.database import Database
from bot.store.inbox import KeptFile
from channels.base import Channel
from channels.words import Sent
from tests.channels.contract import FILES
from tests.channels.peer import Fault, Seen
from tests.samples import rows

TEXTS = {"en": "Trading in **TON** begins on Monday.", "zh": "TON 将于周一开始交易。"}
PICTURE = next(file for file in FILES if file.media_type == "image/png")


class Public(Protocol):
    """A platform with an English and a Chinese board; `faults` of "en" befall posts on the English one."""

    faults: dict[str, list[Fault]]

    @property
    def secrets(self) -> Sequence[str]:
        """What must never be in a log or a trace."""

    def announcing(self) -> Channel:
        """A new channel that announces on both."""

    def stands(self, language: str) -> Sequence[Seen]:
        """What everybody reads on a board, oldest first."""

    def forbid(self) -> None:
        """The bot may not post on the English board any more."""

    def allow(self) -> None:
        """It may again."""

    async def outage(self, *, on: bool) -> None:
        """While on, every line is refused."""


@dataclass
class Square:
    """Announcements over one channel, each time as in a process of its own."""

    peer: Public
    database: Database
    files: Files
    told: list[tuple[str, PostState]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channel = self.peer.announcing()

    def announcer(self) -> Announcer:
        self.channel = self.peer.announcing()
        section = DeliverySection(attempts=4, timeout_seconds=1)
        return Announcer(self.database, {self.channel.name: self.channel}, self.files, section, self._hear)

    def changes(self) -> Changes:
        announcer = self.announcer()
        section = DeliverySection(attempts=2, timeout_seconds=1)
        return Changes(announcer, self.database, {self.channel.name: self.channel}, section)

    async def draft(self, texts: dict[str, str], picture: KeptFile | None = None) -> list[Draft]:
        stored = self.files.picture(picture) if picture else None
        return drafts({self.channel.name: self.channel}, texts, stored)

    async def create(self, texts: dict[str, str] | None = None, *, pictured: bool = True) -> int:
        """Written down, and nothing posted yet."""
        (picture,) = await self.files.keep([PICTURE]) if pictured else (None,)
        shown = await self.draft(texts or TEXTS, picture)
        targets = [Target(one.channel, one.board.place, one.board.language, one.text) for one in shown]
        return await self.database.run(announcements.create, targets, picture, "anna", now())

    async def announce(self, texts: dict[str, str] | None = None, *, pictured: bool = True) -> View:
        return await self.announcer().send(await self.create(texts, pictured=pictured))

    def states(self) -> list[PostState]:
        return [post.state for post in rows(self.database, Post)]

    def texts(self, language: str) -> list[str]:
        return [seen.text.replace("**", "") for seen in self.peer.stands(language)]

    def _hear(self, post: Post) -> None:
        self.told.append((post.language, post.state))


@pytest.fixture
def square(peer: Public, sqlite: Database, tmp_path: Path) -> Square:
    """One platform's boards."""
    return Square(peer, sqlite, Files(tmp_path / "files"))


class Announcements:
    """Inherited by the tests of each channel."""

    @pytest.fixture(autouse=True)
    def brief(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Pauses between tries as short as a test can bear; those a platform names stay."""
        monkeypatch.setattr(bot.delivery, "FIRST_PAUSE", 0.1)

    async def test_each_language_stands_at_its_place(self, square: Square) -> None:
        """With its picture, once, and it is known under which id."""
        found = await square.announce()
        for post in found.posts:
            (seen,) = square.peer.stands(post.language)
            assert seen.text.replace("**", "") == TEXTS[post.language].replace("**", "")
            assert [data for _, data in seen.files] == [PICTURE.data]
            assert [id_.rpartition(":")[2] for id_ in post.platform_ids] == [seen.id]
        assert square.states() == [PostState.SENT, PostState.SENT]
        assert square.told == [("en", PostState.SENT), ("zh", PostState.SENT)]

    async def test_what_fails_holds_up_no_other(self, square: Square) -> None:
        """Where the bot may not post that is said with the remedy; once it may, only what is missing is posted."""
        square.peer.forbid()
        found = await square.announce()
        assert square.states() == [PostState.FAILED, PostState.SENT]
        assert any(word in str(found.posts[0].error) for word in ("give ", "administrator"))
        square.peer.allow()
        await square.announcer().send(found.announcement.id)
        assert square.states() == [PostState.SENT, PostState.SENT]
        assert [len(square.peer.stands(language)) for language in ("en", "zh")] == [1, 1]

    @pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BROKEN, Fault.CUT])
    async def test_what_passes_is_tried_again(self, square: Square, fault: Fault) -> None:
        """Surely not taken, it is posted again, and the other place did not wait for it."""
        square.peer.faults["en"] = [fault]
        await square.announce()
        assert square.states() == [PostState.SENT, PostState.SENT]
        assert [len(square.peer.stands(language)) for language in ("en", "zh")] == [1, 1]

    async def test_silence_is_never_posted_twice(self, square: Square) -> None:
        """Where the answer is lost it is looked up, or `unknown`; resuming changes neither."""
        square.peer.faults["en"] = [Fault.SILENT]
        found = await square.announce()
        await square.announcer().send(found.announcement.id)
        looks = type(square.channel).find is not Channel.find
        assert square.states() == [PostState.SENT if looks else PostState.UNKNOWN, PostState.SENT]
        assert [len(square.peer.stands(language)) for language in ("en", "zh")] == [1, 1]

    @pytest.mark.parametrize("arrived", [True, False])
    async def test_interrupted_in_the_middle(
        self, square: Square, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
    ) -> None:
        """A process that died while it posted has posted once in the end, or it is `unknown`."""
        number = await square.create(pictured=False)
        (post, _) = (await square.announcer().view(number)).posts
        await square.database.run(announcements.begin, post.id, now())
        if arrived:
            await Once(square).announce(number, post, monkeypatch)
        await square.announcer().send(number)
        looks = type(square.channel).find is not Channel.find
        assert square.states() == [PostState.SENT if looks else PostState.UNKNOWN, PostState.SENT]
        assert len(square.peer.stands("en")) == (1 if looks or arrived else 0)
        assert len(square.peer.stands("zh")) == 1

    async def test_correction_stands_in_its_place(self, square: Square) -> None:
        """Or, where the platform changes nothing, what stands stays and it is said what to do."""
        found = await square.announce()
        able = type(square.channel).correct is not Channel.correct
        await square.changes().correct(found.announcement.id, {"en": "On **Tuesday**."})
        after, failures = await square.changes().correct(found.announcement.id, {"en": "On **Tuesday**."})
        assert failures == (0 if able else 1)
        assert square.texts("en") == (["On Tuesday."] if able else ["Trading in TON begins on Monday."])
        assert square.texts("zh") == [TEXTS["zh"]]
        assert [data for _, data in square.peer.stands("en")[0].files] == [PICTURE.data]
        assert after.posts[0].text == ("On **Tuesday**." if able else TEXTS["en"])
        assert able or "withdraw it" in str(after.posts[0].error)

    async def test_withdrawn_is_gone(self, square: Square) -> None:
        """From every place, and what somebody else took down before is no error; it is never posted again."""
        found = await square.announce()
        await square.channel.withdraw(square.channel.boards()[0].place, found.posts[0].platform_ids[0])
        _, failures = await square.changes().withdraw(found.announcement.id)
        await square.announcer().send(found.announcement.id)
        assert failures == 0
        assert square.states() == [PostState.WITHDRAWN, PostState.WITHDRAWN]
        assert not square.peer.stands("en")
        assert not square.peer.stands("zh")

    async def test_withdrawn_before_it_was_posted(self, square: Square) -> None:
        """What waits never leaves."""
        number = await square.create()
        _, failures = await square.changes().withdraw(number)
        await square.announcer().send(number)
        assert failures == 0
        assert not square.peer.stands("en")

    async def test_outage_is_told(self, square: Square) -> None:
        """Nobody waits forever: after some tries it has failed, and resuming posts it."""
        await square.peer.outage(on=True)
        number = await square.create()
        announcer = square.announcer()
        announcer._settings = DeliverySection(attempts=1, timeout_seconds=1)
        await announcer.send(number)
        assert square.states() == [PostState.FAILED, PostState.FAILED]
        await square.peer.outage(on=False)
        await square.announcer().send(number)
        assert square.states() == [PostState.SENT, PostState.SENT]

    async def test_place_that_is_no_longer_set(self, square: Square) -> None:
        """What the settings have dropped is not posted, and named."""
        number = await square.create()
        announcer = square.announcer()
        announcer._channels = {}
        found = await announcer.send(number)
        assert {post.state for post in found.posts} == {PostState.FAILED}
        assert "announce" in str(found.posts[0].error)

    async def test_long_text(self, square: Square) -> None:
        """Is cut where the platform shows several messages as one story, and refused where it does not."""
        text = "Trading begins on Monday. " * 200
        (shown,) = await square.draft({"en": text.strip()})
        if shown.board.whole:
            assert "takes 280" in shown.problem
            return
        assert not shown.problem
        found = await square.announce({"en": text.strip()}, pictured=True)
        assert square.states() == [PostState.SENT]
        seen = square.peer.stands("en")
        assert len(seen) == len(found.posts[0].platform_ids) > 1
        assert " ".join(" ".join(one.text for one in seen).split()) == text.strip()
        assert [len(one.files) for one in seen] == [1] + [0] * (len(seen) - 1)
        after, failures = await square.changes().correct(found.announcement.id, {"en": "Called off."})
        assert (failures, square.texts("en")) == (0, ["Called off."])
        await square.changes().withdraw(after.announcement.id)
        assert not square.peer.stands("en")

    async def test_connect_tells_where_nothing_may_be_posted(self, square: Square) -> None:
        """Nothing is wrong until the permission is gone."""
        assert list(await square.channel.connect()) == []
        square.peer.forbid()
        (reason,) = await square.channel.connect()
        assert any(word in reason for word in ("give ", "administrator"))

    async def test_secrets_are_not_logged(
        self, square: Square, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Not even at the lowest level, not in a reason that is kept."""
        caplog.set_level(logging.DEBUG)
        square.peer.faults["en"] = [Fault.BROKEN, Fault.CUT, Fault.SILENT]
        found = await square.announce()
        square.peer.forbid()
        await square.announce({"en": "Another."}, pictured=False)
        await square.changes().withdraw(found.announcement.id)
        kept = "".join(str(post.error) for post in rows(square.database, Post))
        written = caplog.text + "".join(capsys.readouterr()) + kept
        assert square.peer.secrets
        for secret in square.peer.secrets:
            assert secret not in written


@dataclass
class Once:
    """A process that posts and dies before it writes that down."""

    square: Square

    async def announce(self, number: int, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        """The platform has it, and we do not know."""
        announcer = self.square.announcer()
        view = await announcer.view(number)

        async def forget(_: Post, part: int, sent: Sent, *, last: bool) -> None:
            assert sent.platform_id
            assert last
            assert part == 0

        monkeypatch.setattr(announcer, "_part_sent", forget)
        await announcer._post(view.announcement, post)
