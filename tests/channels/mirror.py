"""What every staff room does for people: subclass `Mirrored` with a fixture `room`."""

from __future__ import annotations

import pytest

from bot.store import handling, turns
from bot.store.mirror_tables import MirrorPost
from bot.store.tables import Conversation, File, Message, TicketState
from channels.errors import Never
from channels.words import Owner
from tests.channels.contract import FILES
from tests.channels.desk import Desk
from tests.channels.mirror_suite import Suite
from tests.samples import NOW, arrive, conversation, escalated, inbound, notice, outcome, rows, turn_of, until


class Mirrored(Suite):
    """The suite."""

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
            await desk.room.write(thread.id, "anna", "Thank you.")
            await desk.reads("Which coin is it?", "Thank you.")
        assert desk.ticket().assignee == "Anna"
        assert not any("I am the bot" in sent.text for sent in desk.customers.sent)
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
            for step, command in enumerate(("/take", "/release", "/take", "!solve"), 2):
                await desk.room.write(thread.id, "ben", command)
                await desk.has(step)
            assert desk.kinds() == ["opened", "taken", "released", "taken", "solved"]
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
            desk.database.transact(handling.reply, number, "Cleo", "From the desk.", notice, NOW)
            desk.database.transact(handling.note, number, "Cleo", "for us", NOW)
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
