"""What the company says of people, and the tier that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.errors import Refused
from bot.store.contact_tables import CompanyAttribute
from bot.store.tables import Address, Contact, Conversation, Ticket, TicketConversation
from bot.store.ticketing import FRONTDESK, OVER, add_event
from bot.tiers import TIER, Tiers
from channels.vouched import MOST, Value, Vouched

#: Contacts judged in one transaction.
AT_ONCE = 200

_SAME = (col(CompanyAttribute.channel) == col(Address.channel)) & (col(CompanyAttribute.handle) == col(Address.handle))


@dataclass(frozen=True, slots=True)
class Described:
    """The person at an address: what the company says of them. Without `known` nobody has written from there yet."""

    attributes: Mapping[str, Value]
    tier: str
    known: bool


def vouch(
    session: Session, channel: str, handle: str, vouched: Vouched, source: str, tiers: Tiers, now: datetime
) -> Described:
    """Keeps of each attribute the company's newest word, and judges the tier of whoever is there anew.

    An address nobody has written from yet is no error: what is said of it counts from its first message on.
    Raises `Refused` where the person would have too many attributes.
    """
    if _keep(session, channel, handle, vouched, source):
        for contact in _at(session, channel, handle):
            judge(session, contact, tiers, now)
    return described(session, channel, handle)


def described(session: Session, channel: str, handle: str) -> Described:
    """What is kept of the person at an address, and the tier that they have."""
    kept = session.exec(select(CompanyAttribute).filter_by(channel=channel, handle=handle)).all()
    found = _at(session, channel, handle)
    attributes = {row.name: row.value for row in kept if row.value is not None}
    return Described(attributes, found[0].tier if found else "", bool(found))


def judge(
    session: Session, contact: Contact, tiers: Tiers, now: datetime, said: Mapping[str, str] | None = None
) -> None:
    """Brings the contact's attributes and tier up to date with the company's word, and tells their open tickets.

    `said` is what a platform vouches for: shown, but for the conditions of tiers it is not there, and where the
    company says otherwise the company is right. Only addresses somebody vouches for count: anybody can write a sender.
    """
    session.refresh(contact, with_for_update=True)
    kept = _newest(session, contact)
    company = {name: value for name, value in kept.items() if value is not None}
    shown: dict[str, Any] = {**contact.attributes, **(said or {}), **company}
    contact.attributes = {name: value for name, value in shown.items() if name in company or name not in kept}
    tier = tiers.of({TIER: contact.attributes.get(TIER, ""), **company})
    if tier != contact.tier:
        contact.tier = tier
        _tell(session, contact, tiers, now)


def judge_some(session: Session, tiers: Tiers, after: int, now: datetime) -> int | None:
    """Judges the next contacts behind the id `after` that have attributes; the last one's id, None where none is left.

    For a start with other tiers than before.
    """
    described_ones = (
        select(Address.contact_id)
        .join(CompanyAttribute, _SAME)
        .where(col(Address.contact_id) > after)
        .distinct()
        .order_by(col(Address.contact_id))
        .limit(AT_ONCE)
    )
    ids = session.exec(described_ones).all()
    for contact_id in ids:
        judge(session, session.get_one(Contact, contact_id), tiers, now)
    return ids[-1] if ids else None


def _keep(session: Session, channel: str, handle: str, vouched: Vouched, source: str) -> bool:
    """Whether anything is otherwise than before."""
    known = select(CompanyAttribute).filter_by(channel=channel, handle=handle).with_for_update()
    rows = session.exec(known).all()
    kept = {row.name: row for row in rows}
    fresh = [name for name in vouched.attributes if name not in kept or kept[name].at < vouched.at]
    if len({*kept, *fresh}) > MOST:
        raise Refused(f"the person would have {len({*kept, *fresh})} attributes; {MOST} is the limit")
    changed = [name for name in fresh if name not in kept or _differ(kept[name].value, vouched.attributes[name])]
    for name in fresh:
        row = CompanyAttribute(
            channel=channel,
            handle=handle,
            name=name,
            value=vouched.attributes[name],
            at=vouched.at,
            source=source,
        )
        session.merge(row)
    session.flush()
    return bool(changed)


def _differ(a: Value | None, b: Value | None) -> bool:
    """In Python 1 is True."""
    return a != b or isinstance(a, bool) != isinstance(b, bool)


def _at(session: Session, channel: str, handle: str) -> Sequence[Contact]:
    there = select(Address.contact_id).where(Address.channel == channel, Address.handle == handle)
    return session.exec(select(Contact).where(col(Contact.id).in_(there)).order_by(col(Contact.id))).all()


def _newest(session: Session, contact: Contact) -> dict[str, Value | None]:
    """The company's last word on each attribute, over all addresses of the contact that somebody vouches for."""
    rows = session.exec(
        select(CompanyAttribute)
        .join(Address, _SAME)
        .where(Address.contact_id == contact.id, col(Address.verified_by) != "")
        .order_by(col(CompanyAttribute.at))
    ).all()
    return {row.name: row.value for row in rows}


def _tell(session: Session, contact: Contact, tiers: Tiers, now: datetime) -> None:
    for ticket, channels in _open_tickets(session, contact):
        tier = next((found for channel in channels if (found := tiers.on(contact.tier, channel))), "")
        if tier != ticket.tier:
            before, ticket.tier = ticket.tier, tier
            add_event(session, ticket, FRONTDESK, "tier_changed", now, before=before, after=tier)


def _open_tickets(session: Session, contact: Contact) -> Iterable[tuple[Ticket, Sequence[str]]]:
    rows = session.exec(
        select(Ticket, Conversation.channel)
        .join(TicketConversation, col(TicketConversation.ticket_id) == Ticket.id)
        .join(Conversation, col(TicketConversation.conversation_id) == Conversation.id)
        .join(Address, col(Conversation.address_id) == Address.id)
        .where(Address.contact_id == contact.id, col(Ticket.state).not_in(OVER))
        .order_by(col(Ticket.id))
    ).all()
    tickets = {ticket.id: ticket for ticket, _ in rows}
    return [(ticket, [channel for found, channel in rows if found.id == id_]) for id_, ticket in tickets.items()]
