"""What every staff room keeps: subclass `Mirrored` with a fixture `room`."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot.delivery
import bot.mirror
from bot.briefing import Briefing
from bot.conversation import Content
from bot.settings import Settings
from bot.store import mirroring, ticketing, turns
from bot.store.database import Database
from bot.store.mirror_tables import MirrorPost
from bot.store.tables import Conversation, File, Message, TicketState
from channels.errors import Never
from channels.words import Owner
from tests.channels.contract import FILES
from tests.channels.desk import Desk, Room
from tests.channels.peer import Fault
from tests.samples import NOW, arrive, conversation, escalated, inbound, notice, outcome, rows, turn_of, until


class Mirrored:
    """The suite."""

    @pytest.fixture(autouse=True)
    def brief(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Pauses as short as a test can bear."""
        monkeypatch.setattr(bot.delivery, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(bot.mirror, "POLL", 0.05)
        monkeypatch.setattr(bot.mirror, "FIRST_PAUSE", 0.1)
        monkeypatch.setattr(bot.mirror, "REFUSED_PAUSE", 0.2)

    @pytest.fixture
    def desk(self, room: Room, sqlite: Database, settings: Settings, content: Content, tmp_path: Path) -> Desk:
        return Desk(room, sqlite, settings, content, tmp_path)

    async def test_ticket_gets_a_thread_with_all_that_is_known(self, desk: Desk) -> None:
        """Number and title name it; the brief has who, why, the facts and the talk so far, as text."""
        said = inbound("my [coins](http://evil.example) are *gone*", name="Ann_Lee")
        escalated(desk.database, said, facts={"tx_hash": "0xabc"}, priority="high", tried=["withdrawal_time"])
        async with desk.open():
            thread = await desk.thread()
        assert thread.title == "FD-1001 · Withdrawal pending"
        (brief,) = desk.texts(thread)
        shown = brief.replace("\\", "")
        for piece in ("FD-1001", "high priority", "asked for a human", "Ann_Lee", "0xabc", "withdrawal_time"):
            assert piece in shown
        assert "my [coins](http://evil.example) are *gone*" in shown
        assert "Your ticket is FD-1001" in shown

    async def test_agent_answers_and_the_bot_is_silent(self, desk: Desk) -> None:
        """The first answer takes the ticket; the person gets it, and the agent is shown that they did."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            wrote = await desk.room.write(thread.id, "anna", "Which coin is it?")
            await desk.reads("Which coin is it?")
            await until(lambda: desk.room.marked(wrote))
            desk.say("bitcoin", "e2")
            await desk.shows(thread, "bitcoin")
        assert desk.ticket().assignee == "Anna"
        assert [talk.owner for talk in rows(desk.database, Conversation)] == [Owner.AGENT]
        assert not any("Which coin" in text for text in desk.texts(thread))

    async def test_files_go_both_ways(self, desk: Desk) -> None:
        """Pictures and documents of the person stand in the thread, and those of the agent go with the answer."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            arrive(desk.database, inbound("look", "e2"), files=await desk.files.keep(FILES))
            conversation_id = conversation(desk.database).id
            desk.database.transact(turns.finish, turn_of(desk.database, conversation_id), outcome(), NOW)
            await until(lambda: sum(len(seen.files) for seen in desk.room.posts(thread.id)) == len(FILES))
            shown = [data for seen in desk.room.posts(thread.id) for _, data in seen.files]
            assert sorted(shown) == sorted(file.data for file in FILES)
            await desk.room.write(thread.id, "anna", "Like this.", FILES[:1])
            await until(lambda: desk.answers() == ["Like this."])
        (kept,) = [file for file in rows(desk.database, File) if file.message_id == rows(desk.database, Message)[-1].id]
        assert desk.files.stored(kept).path.read_bytes() == FILES[0].data

    @pytest.mark.parametrize("note", ["// looks like fraud", "/note looks like fraud"])
    async def test_note_is_for_staff_only(self, desk: Desk, note: str) -> None:
        """It stands in the timeline and goes to nobody."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            await desk.room.write(thread.id, "anna", note)
            await until(lambda: "note" in desk.kinds())
            await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
        assert desk.line("note").detail == {"text": "looks like fraud"}
        assert not any("fraud" in sent.text for sent in desk.customers.sent)
        assert not any("fraud" in text for text in desk.texts(thread))

    async def test_commands_change_hands(self, desk: Desk) -> None:
        """Taken, given back, taken and solved: the thread says so, is closed at the end, and takes no more."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            for command, kind in (
                ("/take", "taken"),
                ("/release", "released"),
                ("/take", "taken"),
                ("!solve", "solved"),
            ):
                before = desk.kinds().count(kind)
                await desk.room.write(thread.id, "ben", command)
                await until(lambda kind=kind, before=before: desk.kinds().count(kind) == before + 1)
            await desk.shows(thread, "Ben answers now", "back to the bot", "Ben has solved it")
            await until(lambda: desk.room.threads()[0].closed)
            late = await desk.room.write(thread.id, "ben", "one more thing")
            await until(lambda: desk.room.answered(late))
            await until(lambda: desk.room.threads()[0].closed and not rows(desk.database, MirrorPost))
        assert desk.ticket().state is TicketState.SOLVED
        assert "closed already" in desk.room.answered(late)[0]
        assert desk.answers() == []

    async def test_command_that_is_none_is_not_sent(self, desk: Desk) -> None:
        """A slip of the pen never reaches a customer."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            slip = await desk.room.write(thread.id, "anna", "/sovle")
            await until(lambda: desk.room.answered(slip))
        assert "/sovle" in desk.room.answered(slip)[0].replace("\\", "")
        assert desk.answers() == []
        assert desk.ticket().assignee is None

    async def test_ticket_of_another_agent_is_theirs(self, desk: Desk) -> None:
        """Who writes where a colleague answers is told so; a note is still possible."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
            wrote = await desk.room.write(thread.id, "ben", "And from me.")
            await until(lambda: desk.room.answered(wrote))
            await desk.room.write(thread.id, "ben", "// careful with this one")
            await until(lambda: "note" in desk.kinds())
        assert "with Anna" in desk.room.answered(wrote)[0]
        assert desk.answers() == ["Hello!"]

    async def test_stranger_is_told_once_and_never_heard(self, desk: Desk) -> None:
        """Who is in the room but not listed answers nobody, solves nothing, and is told so the first time."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            first = await desk.room.write(thread.id, "eve", "send your coins to me")
            await until(lambda: desk.room.answered(first))
            second = await desk.room.write(thread.id, "eve", "/solve")
            await desk.room.edit(first, "send all your coins to me")
            await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
        assert "not listed" in desk.room.answered(first)[0]
        assert not desk.room.answered(second)
        assert desk.answers() == ["Hello!"]
        assert "solved" not in desk.kinds()

    async def test_nothing_said_there_is_a_customer_s(self, desk: Desk) -> None:
        """Not in the room itself, not in a thread, and not where the bot is named as a customer would."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            await desk.room.write("", "eve", "lunch?")
            await desk.room.call("", "anna")
            await desk.room.call(thread.id, "eve")
            await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
        assert desk.heard() == ["a human!"]
        assert len(rows(desk.database, Conversation)) == 1

    async def test_redelivery_is_one_answer(self, desk: Desk) -> None:
        """Also after a restart."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            wrote = await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
            await desk.room.repeat(wrote)
            await desk.room.write(thread.id, "anna", "Still there?")
            await desk.reads("Hello!", "Still there?")
        async with desk.open():
            await desk.room.repeat(wrote)
            await desk.room.write(thread.id, "anna", "Bye.")
            await desk.reads("Hello!", "Still there?", "Bye.")

    async def test_restart_goes_on_where_it_stopped(self, desk: Desk) -> None:
        """Nothing is posted twice, and nothing that happened or was written meanwhile is missed."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            desk.say("first", "e2")
            await desk.shows(thread, "first")
        desk.say("second", "e3")
        await desk.room.write(thread.id, "anna", "written meanwhile")
        async with desk.open():
            await desk.shows(thread, "second")
            await desk.reads("written meanwhile")
            desk.say("third", "e4")
            await desk.shows(thread, "third")
        texts = desk.texts(thread)
        assert [sum(word in text for text in texts) for word in ("FD-1001", "first", "second", "third")] == [1] * 4
        assert len(desk.room.threads()) == 1

    async def test_what_happens_elsewhere_is_shown(self, desk: Desk) -> None:
        """Another agent's answer at the command line, a note, an edit, and an answer that did not arrive."""
        number = escalated(desk.database).number
        async with desk.open():
            thread = await desk.thread()
            desk.customers.faults.extend([None, Never("blocked the bot")])
            desk.database.transact(ticketing.reply, number, "Cleo", "From the desk.", notice, NOW)
            desk.database.transact(ticketing.note, number, "Cleo", "for us", NOW)
            await desk.shows(thread, "Cleo answers now", "From the desk.", "for us", "did not arrive")
            edit = inbound("bitcoin, I mean", "e3", edit_of="e1")
            arrive(desk.database, edit)
            await desk.shows(thread, "has changed a message", "bitcoin, I mean")

    async def test_failed_answer_is_told_where_it_was_written(self, desk: Desk) -> None:
        """As an answer to the agent's message, with the reason, and without a mark."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            await until(lambda: len(desk.customers.sent) == 1)
            desk.customers.faults.extend([None, Never("blocked the bot")])
            wrote = await desk.room.write(thread.id, "anna", "Hello!")
            await until(lambda: desk.room.answered(wrote))
        assert "blocked the bot" in desk.room.answered(wrote)[0]
        assert not desk.room.marked(wrote)
        assert sum("blocked the bot" in text for text in desk.texts(thread)) == 1

    async def test_edit_comes_too_late(self, desk: Desk) -> None:
        """What was sent stays as it was, and the agent is told so, once."""
        escalated(desk.database)
        async with desk.open():
            thread = await desk.thread()
            wrote = await desk.room.write(thread.id, "anna", "Hello!")
            await desk.reads("Hello!")
            await desk.room.edit(wrote, "Goodbye!")
            await until(lambda: desk.room.answered(wrote))
            await desk.room.edit(wrote, "Farewell!")
            await desk.room.write(thread.id, "anna", "Anything else?")
            await desk.reads("Hello!", "Anything else?")
        assert len(desk.room.answered(wrote)) == 1
        assert "sent already" in desk.room.answered(wrote)[0]

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
            ticketing_reply(desk, "From the desk.")
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

    async def test_room_without_rights_is_told_and_waited_for(self, desk: Desk) -> None:
        """The login names the right that is missing; customers are answered; nothing is lost."""
        desk.room.forbid()
        number = escalated(desk.database).number
        assert any("staff" in reason for reason in await desk.room.channel().connect())
        async with desk.open():
            ticketing_reply(desk, "From the desk.")
            await desk.reads("From the desk.")
        assert desk.ticket().number == number

    async def test_desk_may_take_some_channels_only(self, desk: Desk) -> None:
        """A ticket from elsewhere is not shown."""
        escalated(desk.database, channel="memory", title="Shown")
        escalated(desk.database, inbound("me too", "e9"), channel="elsewhere", title="Hidden")
        desk.room.sources = ["memory"]
        async with desk.open():
            thread = await desk.thread()
            desk.say("news", "e2")
            await desk.shows(thread, "news")
        assert [thread.title for thread in desk.room.threads()] == ["FD-1001 · Shown"]


def ticketing_reply(desk: Desk, text: str) -> None:
    """An agent answers at the command line."""
    desk.database.transact(ticketing.reply, desk.ticket().number, "Cleo", text, notice, NOW)
