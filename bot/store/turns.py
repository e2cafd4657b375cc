"""A turn is read in one transaction and written in another; between the two nobody holds a lock.

Whoever writes says what was read: if the owner changed or the messages were handled meanwhile, nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import String, bindparam, func, tuple_, update
from sqlalchemy import select as select_row
from sqlmodel import Session, col, select

from bot.errors import Overtaken
from bot.store.escalating import escalate
from bot.store.links import offer
from bot.store.ratings import rate
from bot.store.rows import ADDRESS, CONTACT, CONVERSATION, FILE, MESSAGE, Found, add_message
from bot.store.settling import settle
from bot.store.tables import IS_UNFINISHED, Conversation, Message, MessageState, Status
from bot.store.ticketing import change_owner, file_under, ticket_of
from bot.store.turn import Finished, Heard, Matter, Outcome, Reply, Turn
from channels.words import Author, Owner, Place

# Built once: building a statement takes longer than SQLite takes to answer it.
_UNHANDLED = (
    select_row(
        MESSAGE.c.id,
        MESSAGE.c.text,
        MESSAGE.c.choice,
        MESSAGE.c.language,
        select_row(func.count()).where(FILE.c.message_id == MESSAGE.c.id).scalar_subquery(),
    )
    .where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        MESSAGE.c.state == MessageState.RECEIVED,
        IS_UNFINISHED,
    )
    .order_by(MESSAGE.c.id)
)
_WHOLE = (
    select_row(
        *CONVERSATION.c["channel", "account", "thread", "public", "owner", "epoch", "language", "dialogue"],
        ADDRESS.c.handle,
        CONTACT.c.tier,
    )
    .join(ADDRESS, CONVERSATION.c.address_id == ADDRESS.c.id)
    .join(CONTACT, ADDRESS.c.contact_id == CONTACT.c.id)
    .where(CONVERSATION.c.id == bindparam("conversation"))
)
_HANDLED = (
    update(MESSAGE)
    .where(
        # By text too: what was edited since was not answered. The id alone is what SQLite looks up.
        MESSAGE.c.id.in_(bindparam("messages", expanding=True)),
        tuple_(MESSAGE.c.id, MESSAGE.c.text).in_(bindparam("heard", expanding=True)),
        MESSAGE.c.state == MessageState.RECEIVED,
    )
    .values({name: bindparam(name) for name in ("language", "understood", "intent", "confidence")})
    .values(state=MessageState.HANDLED, finished_at=bindparam("now"))
)
_MORE = (
    select_row(MESSAGE.c.id)
    .where(
        MESSAGE.c.conversation_id == bindparam("conversation"),
        MESSAGE.c.state == MessageState.RECEIVED,
        IS_UNFINISHED,
    )
    .limit(1)
)
_LOCKED = (
    select_row(*CONVERSATION.c["epoch", "owner", "ready_at"])
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .with_for_update()
)
_FINISHED = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation"))
    .values({name: bindparam(name) for name in ("dialogue", "status", "ready_at")})
    .values(language=func.coalesce(bindparam("spoken", type_=String), CONVERSATION.c.language))
)


def ready(session: Session, channels: Collection[str], now: datetime, limit: int) -> list[int]:
    """Conversations of `channels` whose turn may begin, longest waiting first."""
    rows = session.exec(
        select(Conversation.id)
        .where(col(Conversation.ready_at) <= now, col(Conversation.channel).in_(channels))
        .order_by(col(Conversation.ready_at))
        .limit(limit)
    )
    return list(rows)


def load(session: Session, conversation_id: int) -> Turn | None:
    """The turn of a conversation; None where nothing is unhandled."""
    connection = session.connection()
    which = {"conversation": conversation_id}
    messages = _until_button(tuple(Heard(*row) for row in connection.execute(_UNHANDLED, which)))
    if not messages:
        return None
    conversation = connection.execute(_WHOLE, which).one()
    ticket = ticket_of(session, conversation_id) if conversation.owner is not Owner.BOT else None
    return Turn(
        conversation_id=conversation_id,
        channel=conversation.channel,
        place=place_of(conversation),
        owner=conversation.owner,
        epoch=conversation.epoch,
        language=conversation.language,
        dialogue=conversation.dialogue,
        messages=messages,
        ticket=ticket.number if ticket else None,
        offered=_offered(session, conversation_id) if any(message.choice for message in messages) else frozenset(),
        tier=conversation.tier,
        matter=Matter(ticket.category, ticket.priority, ticket.facts) if ticket else None,
    )


def finish(session: Session, turn: Turn, outcome: Outcome, now: datetime) -> Finished:
    """Marks the turn's messages handled, queues its replies and moves its ticket, all or nothing.

    Where a human answers, the messages reach the ticket and the bot says nothing, whatever `outcome` holds, unless it
    `resumes` while nobody has the ticket; warnings of secrets are said all the same, and the ticket tells of them.
    Replies for the queue are said there.
    Raises `Overtaken` where since it was loaded the owner changed, a message was edited, or another worker finished it.
    """
    connection = session.connection()
    which = {"conversation": turn.conversation_id}
    epoch, owner, ready_at = connection.execute(_LOCKED, which).one()
    if epoch != turn.epoch:
        raise Overtaken(f"conversation {turn.conversation_id} changed hands")
    resumes = outcome.resumes and owner is Owner.QUEUE
    if turn.ticket and owner is not Owner.BOT and not resumes:
        said = [one for one in outcome.replies if one.author is Author.SYSTEM or one.under is owner]
        outcome = replace(outcome, replies=said, escalation=None, link=None, rated=None)
    _mark_handled(session, turn, outcome, now)
    number = _settle_ticket(session, owner, turn, outcome, now)
    if resumes and not outcome.escalation:
        change_owner(session.get_one(Conversation, turn.conversation_id), Owner.BOT)
        session.flush()
    if outcome.rated:
        rate(session, outcome.rated, now)
        session.flush()
    changed = outcome.escalation or outcome.rated or resumes
    epoch, owner, _ = connection.execute(_LOCKED, which).one() if changed else (epoch, owner, None)
    for reply in outcome.replies:
        _queue(session, turn, reply, epoch, number, now)
    if outcome.link:
        offer(session, turn.conversation_id, outcome.link, now)
    ready_at = ready_at if connection.execute(_MORE, which).first() else None
    _leave(session, turn, outcome, owner, ready_at)
    return Finished(ready_at, len(outcome.replies), number)


def place_of(conversation: Found) -> Place:
    """Where the conversation is, in the channel's words."""
    return Place(
        account=conversation.account,
        handle=conversation.handle,
        thread=conversation.thread,
        public=conversation.public,
    )


def _until_button(messages: Sequence[Heard]) -> Sequence[Heard]:
    """The first turn of a burst: a button pressed is a turn of its own, what was written before or after it another."""
    button = next((place for place, message in enumerate(messages) if message.choice), len(messages))
    return messages[: button or 1]


def _offered(session: Session, conversation_id: int) -> frozenset[str]:
    rows = session.exec(
        select(Message.choices).where(Message.conversation_id == conversation_id, Message.author != Author.USER)
    )
    return frozenset(choice["payload"] for choices in rows for choice in choices)


def _mark_handled(session: Session, turn: Turn, outcome: Outcome, now: datetime) -> None:
    ids = [message.id for message in turn.messages]
    done = session.connection().execute(
        _HANDLED,
        {
            "messages": ids,
            "heard": [(message.id, message.text) for message in turn.messages],
            "language": outcome.language,
            "understood": outcome.understood,
            "intent": outcome.intent,
            "confidence": outcome.confidence,
            "now": now,
        },
    )
    if done.rowcount != len(ids):
        raise Overtaken(f"messages of conversation {turn.conversation_id} are handled or edited")


def _settle_ticket(session: Session, owner: Owner, turn: Turn, outcome: Outcome, now: datetime) -> str | None:
    if outcome.escalation:
        conversation = session.get_one(Conversation, turn.conversation_id)
        ticket = escalate(session, conversation, outcome.escalation, now)
        session.flush()
        return ticket.number
    if owner is not Owner.BOT:
        warned = {reply.about for reply in outcome.replies if reply.author is Author.SYSTEM}
        for message in turn.messages:
            file_under(session, turn.conversation_id, message.id, now, redacted=message.id in warned)
    elif outcome.helped and ticket_of(session, turn.conversation_id) is None:
        settle(session, turn.conversation_id, now, solved=True)
    return turn.ticket


def _queue(session: Session, turn: Turn, reply: Reply, epoch: int, ticket: str | None, now: datetime) -> None:
    add_message(
        session,
        conversation_id=turn.conversation_id,
        channel=turn.channel,
        account=turn.place.account,
        author=reply.author,
        state=MessageState.QUEUED,
        text=reply.text.replace("{ticket}", ticket or ""),
        language=reply.language,
        choices=[{"title": choice.title, "payload": choice.payload} for choice in reply.choices],
        intent=reply.intent,
        confidence=reply.confidence,
        answers_id=reply.about or turn.messages[-1].id,
        epoch=epoch,
        due_at=now,
        created_at=now,
    )


def _leave(session: Session, turn: Turn, outcome: Outcome, owner: Owner, ready_at: datetime | None) -> None:
    session.connection().execute(
        _FINISHED,
        {
            "conversation": turn.conversation_id,
            "dialogue": outcome.dialogue,
            "status": Status.WAITING if owner is Owner.BOT else Status.OPEN,
            "ready_at": ready_at,
            "spoken": outcome.language or None,
        },
    )
