"""What every staff room bears: subclass `MirroredFaults` with a fixture `room`."""

from __future__ import annotations

import pytest

from bot.briefing import Briefing
from bot.posting import Posting
from bot.store import mirroring
from bot.store.mirror_tables import MirrorPost
from bot.store.mirroring import Due, Pending
from tests.channels.desk import Desk
from tests.channels.mirror_suite import Suite
from tests.channels.peer import Fault
from tests.samples import NOW, escalated, rows, until


class MirroredFaults(Suite):
    """The suite."""

    async def test_deleted_thread_is_made_anew(self, desk: Desk) -> None:
        """With a brief that has what was said there."""
        escalated(desk.database)
        async with desk.open():
            first = await desk.thread()
            desk.say("bitcoin", "e2")
            await desk.shows(first, "bitcoin")
            desk.room.remove(first.id)
            desk.say("and ether", "e3")
            await until(lambda: [thread.id for thread in desk.room.threads()] not in ([], [first.id]))
            second = await desk.thread()
            await desk.shows(second, "and ether")
            await desk.room.write(second.id, "anna", "Hello!")
            await desk.reads("Hello!")
        assert "bitcoin" in desk.texts(second)[0]

    @pytest.mark.parametrize("fault", [Fault.BUSY, Fault.BROKEN, Fault.CUT])
    async def test_fault_of_the_room_is_waited_out(self, desk: Desk, fault: Fault) -> None:
        """Everything is posted once and in order, and no customer waits for it."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            desk.room.faults.append(fault)
            desk.say("first", "e2")
            desk.say("second", "e3")
            desk.replies("From the desk.")
            await desk.reads("From the desk.")
            await desk.shows(thread, "first", "second", "From the desk.")
        order = [word for text in desk.texts(thread) for word in ("first", "second", "From") if word in text]
        assert order == ["first", "second", "From"]

    async def test_lost_answer_is_looked_up_or_told(self, desk: Desk) -> None:
        """A post whose answer got lost is found where the platform can be asked, and marked as a repetition else."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            desk.room.faults.append(Fault.SILENT)
            desk.say("first", "e2")
            desk.say("second", "e3")
            await desk.shows(thread, "second")
        firsts = [text for text in desk.texts(thread) if "first" in text]
        assert len(firsts) == 1 or (len(firsts) == 2 and "Perhaps for the second time" in firsts[1])

    async def test_post_that_a_crash_interrupted_is_not_lost(self, desk: Desk) -> None:
        """Claimed by a run that died before it was sent."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
        desk.say("first", "e2")
        name = desk.room.channel().name
        desk.database.transact(mirroring.follow, name, (), Briefing(desk.content.answers), NOW)
        assert desk.database.transact(mirroring.claim, name, desk.ticket().id)
        async with desk.open():
            await desk.shows(thread, "first")
        assert sum("first" in text for text in desk.texts(thread)) == 1

    async def test_post_cut_short_while_it_was_sent_is_looked_up_or_told(self, desk: Desk) -> None:
        """The room has it, and the run that sent it never knew."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            desk.room.faults.append(Fault.SILENT)
            desk.say("first", "e2")
            await desk.shows(thread, "first")
            await desk.stop()
        assert [post.sending for post in rows(desk.database, MirrorPost)] == [True]
        async with desk.open():
            desk.say("second", "e3")
            await desk.shows(thread, "second")
        firsts = [text for text in desk.texts(thread) if "first" in text]
        assert len(firsts) == 1 or (len(firsts) == 2 and "Perhaps for the second time" in firsts[1])

    async def test_room_without_rights_is_told_and_waited_for(self, desk: Desk) -> None:
        """The login names the right that is missing; customers are answered; nothing is lost."""
        desk.room.allow(threads=False)
        number = escalated(desk.database).number
        assert any("staff" in reason for reason in await desk.room.channel().connect())
        async with desk.open():
            desk.replies("From the desk.")
            await desk.reads("From the desk.")
            await until(lambda: any("staff room" in reason for reason in desk.troubles))
            assert not desk.room.threads()
            desk.room.allow(threads=True)
            thread = await desk.thread()
            await desk.shows(thread, number, "From the desk.")
        assert not any("staff" in reason for reason in await desk.room.channel().connect())

    async def test_fault_of_ours_is_told_and_waited_for(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """`frontdesk channels` says why a ticket is not in the room, and the ticket is there once it works again."""
        number = escalated(desk.database).number
        send, mistakes = Posting.send, [RuntimeError("a mistake of ours")]

        async def mistaken(posting: Posting, due: Due, thread: str, post: Pending) -> None:
            if mistakes:
                raise mistakes.pop()
            await send(posting, due, thread, post)

        monkeypatch.setattr(Posting, "send", mistaken)
        async with desk.open():
            await until(lambda: "staff room: fault: RuntimeError" in desk.troubles)
            await desk.shows(await desk.thread(), number)
