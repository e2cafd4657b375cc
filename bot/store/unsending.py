"""Second thoughts about an answer: taken back before it is sent, or sent again where it did not arrive."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.errors import NotFound, Refused
from bot.store.rows import LARGEST_ID
from bot.store.tables import Conversation, Message, MessageState, Status, Ticket, TicketEvent, TicketState
from bot.store.ticketing import add_event, locked
from channels.words import Author

#: Lines looked back for what an answer changed; nobody holds more answers at a time.
MOST_HELD = 20


def undo_reply(session: Session, number: str, agent: str, message_id: int, now: datetime) -> str:
    """Takes back an answer of the agent's own that is still held; the ticket stands as before it. The answer's text.

    Files it had stay with the message, which is `withheld`. Raises `NotFound` where the ticket has no such answer, and
    `Refused` where it is another's, or is on its way.
    """
    ticket, message = _message(session, number, message_id)
    if message.author is not Author.AGENT or message.author_name != agent:
        raise Refused(f"message {message_id} is not your answer")
    if message.state is not MessageState.QUEUED or message.parts_sent:
        raise Refused(f"message {message_id} is {message.state.value}: it cannot be taken back any more")
    message.state, message.finished_at, message.due_at = MessageState.WITHHELD, now, None
    _restore(session, ticket, message)
    add_event(session, ticket, agent, "unsent", now, message=message_id)
    return message.text


def retry(session: Session, number: str, agent: str, message_id: int, now: datetime, *, sure: bool = False) -> None:
    """Queues what failed again, from the part on that did not arrive; what is `unknown` only for who is `sure`.

    Raises `NotFound` where the ticket has no such message, and `Refused` where it needs none: it arrived, is on its
    way, or is the bot's from before a human took over.
    """
    ticket, message = _message(session, number, message_id)
    if message.state is MessageState.UNKNOWN and not sure:
        raise Refused(f"message {message_id} may have arrived: it would then be there twice; say that you are sure")
    if message.state not in (MessageState.FAILED, MessageState.UNKNOWN):
        raise Refused(f"message {message_id} is {message.state.value}")
    if message.author is Author.BOT and message.epoch != session.get_one(Conversation, message.conversation_id).epoch:
        raise Refused(f"message {message_id} is the bot's from before: send its words yourself")
    before = message.state
    message.state, message.attempts, message.error = MessageState.QUEUED, 0, None
    message.due_at, message.finished_at = now, None
    add_event(session, ticket, agent, "retried", now, message=message_id, **{"from": before.value})


def _message(session: Session, number: str, message_id: int) -> tuple[Ticket, Message]:
    """The message of the ticket, locked before the ticket is, as the outbox does."""
    wanted = select(Message).where(Message.id == message_id, Message.author != Author.USER).with_for_update()
    message = session.exec(wanted).first() if 0 < message_id <= LARGEST_ID else None
    ticket, found = locked(session, number)
    if message is None or message.conversation_id not in {conversation.id for conversation in found}:
        raise NotFound(f"{ticket.number} has no message {message_id} that went out")
    return ticket, message


def _restore(session: Session, ticket: Ticket, message: Message) -> None:
    """What the answer changed, unless it was changed again since."""
    line = _standing(session, ticket, message)
    if line is None or "state" not in line.detail:
        return
    if line.detail["first"]:
        ticket.first_response_at = None
    if ticket.state is TicketState.PENDING:
        since = line.detail["waiting_since"]
        ticket.state = TicketState(line.detail["state"])
        ticket.waiting_since = datetime.fromisoformat(since) if since else None
        session.get_one(Conversation, message.conversation_id).status = Status.OPEN


def _standing(session: Session, ticket: Ticket, message: Message) -> TicketEvent | None:
    """The line of the answer; None where one after it was not taken back."""
    newest = session.exec(
        select(TicketEvent, Message.state)
        .join(Message, col(TicketEvent.detail)["message"].as_integer() == Message.id)
        .where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == "replied")
        .order_by(col(TicketEvent.id).desc())
        .limit(MOST_HELD)
    )
    for line, state in newest:
        if line.detail["message"] == message.id:
            return line
        if state is not MessageState.WITHHELD:
            return None
    return None
