"""`frontdesk tickets`: what is changed on tickets besides answering them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, out
from bot.commands.ticket_work import ME, As, Number, do
from bot.store.ticketing_tables import LinkKind
from bot.tickets import Tickets

MessageId = Annotated[int, typer.Argument(help="The message's id, as `show` names it.")]
Other = Annotated[str, typer.Argument(help="The other ticket's number.")]


def change(
    number: Number,
    category: Annotated[str | None, typer.Option(help="Of escalation.yml.")] = None,
    priority: Annotated[str | None, typer.Option(help="low, normal, high or urgent.")] = None,
    team: Annotated[str | None, typer.Option(help="Whose queue it waits in; empty for everybody's.")] = None,
    title: Annotated[str | None, typer.Option()] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Once for each; replaces those there are.")] = None,
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Changes category, priority, team, title or tags."""

    async def work(tickets: Tickets) -> None:
        await tickets.change(
            number, agent, category=category, priority=priority, team=team, title=title, tags=tag or None
        )

    do(config, work, choosing=True)
    out.print(f"{number} is changed.", markup=False)


def assign(
    number: Number,
    to: Annotated[str, typer.Argument(help="A colleague's name; empty for the queue.")],
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Gives the ticket to a colleague, whom the user is told of, or back to the queue."""
    do(config, lambda tickets: tickets.assign(number, agent, to or None))
    out.print(f"{number} is with {to}." if to else f"{number} is in the queue.", markup=False)


def hold(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """The ticket waits for somebody other than the user."""
    do(config, lambda tickets: tickets.hold(number, agent))
    out.print(f"{number} is on hold.", markup=False)


def pend(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """The ticket waits for the user."""
    do(config, lambda tickets: tickets.pend(number, agent))
    out.print(f"{number} waits for the user.", markup=False)


def reopen(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """A solved ticket goes back to the queue, and the user is told."""
    do(config, lambda tickets: tickets.reopen(number, agent))
    out.print(f"{number} is open again.", markup=False)


def merge(
    number: Number,
    into: Annotated[str, typer.Argument(help="The number it goes on as.")],
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The ticket goes on as another, with all that belongs to it."""
    target = do(config, lambda tickets: tickets.merge(number, into, agent))
    out.print(f"{number} goes on as {target}.", markup=False)


def split(
    number: Number,
    title: Annotated[str, typer.Argument(help="What the other matter is called.")],
    conversation: Annotated[int | None, typer.Option(help="The conversation that leaves.")] = None,
    message: Annotated[int | None, typer.Option(help="The message where the other matter begins.")] = None,
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Another matter becomes a ticket of its own; name the conversation or the message that it is in."""
    new = do(
        config,
        lambda tickets: tickets.split(number, agent, title, conversation_id=conversation, message_id=message),
    )
    out.print(f"The other matter is {new}.", markup=False)


def undo(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Undoes the last merge or split of the ticket, while nothing is against it."""
    first, second = do(config, lambda tickets: tickets.undo(number, agent))
    out.print(f"{first} and {second} are as before.", markup=False)


def link(number: Number, kind: LinkKind, other: Other, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Says what the ticket is to another: related, duplicate, follow_up, causes."""
    do(config, lambda tickets: tickets.link(number, other, kind, agent))
    out.print(f"{number} and {other} are linked.", markup=False)


def unlink(number: Number, kind: LinkKind, other: Other, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """It is that no more."""
    do(config, lambda tickets: tickets.unlink(number, other, kind, agent))
    out.print(f"{number} and {other} are not linked so any more.", markup=False)


def retry(
    number: Number,
    message: MessageId,
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    sure: Annotated[bool, typer.Option("--sure", help="Also where it may have arrived.")] = False,
) -> None:
    """Sends again what did not arrive."""
    do(config, lambda tickets: tickets.retry(number, agent, message, sure=sure))
    out.print(f"Message {message} is on its way again.", markup=False)


def correct(
    number: Number,
    message: MessageId,
    intent: Annotated[str, typer.Argument(help="What it means, by the name of the intent.")],
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Says what the user's message means, for the next training."""
    do(config, lambda tickets: tickets.correct_intent(number, agent, message, intent), choosing=True)
    out.print(f"Message {message} means {intent}.", markup=False)


def mentions(
    agent: As = ME,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    seen: Annotated[bool, typer.Option("--seen", help="Also those of tickets you have read.")] = False,
) -> None:
    """Notes that name you, newest first."""
    found = do(config, lambda tickets: tickets.mentions(agent, seen=seen))
    table = Table("number", "when", "by", "note", box=None)
    for one in found:
        table.add_row(one.number, f"{one.at.astimezone():%Y-%m-%d %H:%M}", Text(one.by), Text(one.text))
    out.print(table if found else "Nobody named you.")


COMMANDS = (change, assign, hold, pend, reopen, merge, split, undo, link, unlink, retry, correct, mentions)
