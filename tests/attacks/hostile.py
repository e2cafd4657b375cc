"""Words of somebody hostile, and a ticket that is full of them."""

from __future__ import annotations

from datetime import timedelta

from bot.conversation import now
from bot.store import audit, pages, phrases, ticketing, tokens, turns, views
from bot.store.call_tables import CallBack, CallState
from bot.store.database import Session
from bot.store.rating_tables import Rating
from bot.store.tables import Message, MessageState
from channels.words import Attachment, Author, Inbound, Place
from tests.attacks.house import PNG
from tests.desk.office import Office
from tests.samples import arrive, escalation, outcome, turn_of

#: Runs `hit` wherever a page takes it for more than text; short and visible enough for names.
NAME = '"><img src=x class=evil onerror=hit()>{{7+7}}{name}'

TEXT = (
    f"{NAME}</textarea></template></title><script>hit()</script><svg class=evil onload=hit()><b class=evil>b</b>"
    "<a class=evil href=javascript:hit()>a</a>' onmouseover='hit() ${7+7} {%raw%} {0} {ticket} "
    "[https://bank.example](javascript:hit()) [b](data:text/html,<script>hit()</script>) ![p](x) <https://evil.example>"
)

#: Turns what stands behind it around, is not seen, or ends a line.
HIDDEN = "\u202eesrever\u2066\u200b\u2028\ufeff"


async def arrives(office: Office) -> None:
    """Eve's first message, and her ticket."""
    files = [Attachment(name=name, media_type="image/png", data=PNG) for name in (f"{NAME}.png", "..\\..\\x.exe")]
    place = Place(account="desk", handle="eve")
    said = Inbound(
        event_id="first",
        place=place,
        text=TEXT + HIDDEN,
        name=NAME + HIDDEN,
        verified_by=NAME,
        beside={"subject": TEXT, NAME: NAME},
        language=NAME,
    )
    arrival = arrive(office.database, said, now(), channel="telegram", files=await office.app.files.keep(files))
    ends = outcome(
        f"Your ticket is {{ticket}} {TEXT}",
        escalation=escalation(title=NAME + HIDDEN, facts={NAME: TEXT, "coin": TEXT}, tried=[NAME], priority="urgent"),
        understood={"ranking": [[NAME, 0.8], ["withdrawal_pending", 0.1]]},
        intent=NAME,
        confidence=0.8,
    )
    await office.database.run(turns.finish, turn_of(office.database, arrival.conversation_id), ends, now())


def beside(session: Session) -> None:
    """What stands around the ticket."""
    ticket, at = ticketing.find(session, "FD-1001"), now()
    ticket.tags, ticket.tier, ticket.team, ticket.assignee = [NAME], NAME, NAME, NAME
    ticket.first_response_due_at = ticket.waiting_since = at
    _, conversation, _ = pages.newest_place(session, "FD-1001")
    failed = Message(
        conversation_id=conversation.id,
        channel="telegram",
        account="desk",
        author=Author.AGENT,
        author_name=NAME,
        text=TEXT,
        state=MessageState.FAILED,
        error=NAME,
        created_at=at,
    )
    calls = [
        CallBack(
            ticket_id=ticket.id,
            conversation_id=conversation.id,
            number="+14155552671",
            account=TEXT,
            problem=TEXT,
            language="en",
            state=state,
            slot_at=at + timedelta(hours=hours),
            due_at=at,
            agent=NAME,
            outcome=result,
            note=TEXT,
            created_at=at,
        )
        for hours, (state, result) in enumerate(
            ((CallState.CALLING, ""), (CallState.SCHEDULED, ""), (CallState.DONE, "reached"))
        )
    ]
    rating = Rating(
        ticket_id=ticket.id,
        conversation_id=conversation.id,
        channel="telegram",
        agent=NAME,
        asked_at=at,
        score=1,
        comment=TEXT,
        at=at,
    )
    session.add_all([failed, *calls, rating])
    ticketing.add_event(session, ticket, NAME, "note", at, text=TEXT)
    ticketing.add_event(session, ticket, NAME, "changed", at, what=NAME, to=NAME)
    ticketing.add_event(session, ticket, NAME, NAME, at, text=TEXT)
    phrases.keep(session, f"evil {NAME}", "en", f"{{name}} {TEXT}", NAME, at)
    views.keep(session, "", NAME, "state:active")
    tokens.create(session, NAME, at)
    audit.note(session, NAME, NAME, NAME, at, what=TEXT)
