"""`frontdesk tickets`: what an agent does, at a terminal."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer
from babel.dates import format_datetime
from rich.table import Table
from rich.text import Text

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, out, plainly
from bot.commands.ticket_changes import COMMANDS
from bot.commands.ticket_work import ME, As, Number, do, worked
from bot.files import Files
from bot.host import clean_text
from bot.store.linking import Linked
from bot.store.reading import Said, TicketView
from bot.store.tables import MessageState, TicketEvent, TicketState
from bot.store.ticketing_tables import LinkKind
from channels.words import Author

app = typer.Typer(no_args_is_help=True, help="Take, answer, change and solve tickets.")

Words = Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")]

#: States of a message worth an agent's eye.
REMARKABLE = {
    MessageState.QUEUED,
    MessageState.FAILED,
    MessageState.UNKNOWN,
    MessageState.WITHHELD,
    MessageState.SENDING,
}


@app.command("list")
def list_tickets(
    state: Annotated[list[TicketState] | None, typer.Option(help="Only these states.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The open tickets, most urgent first."""
    rows = do(config, lambda tickets: tickets.list(state or (), limit))
    table = Table("number", "priority", "state", "category", "about", "assignee", "answer by", box=None)
    for row in rows:
        table.add_row(
            row.number,
            row.priority,
            row.state.value,
            row.category,
            Text(row.title),
            Text(row.assignee or ""),
            format_datetime(row.promised_at.astimezone(), "short", locale="en"),
        )
    out.print(table if rows else "No open tickets.")


@app.command()
def show(number: Number, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """A ticket: what is known, what was said with which files, what was done."""
    with plainly():
        settings = configured(config)
        view = asyncio.run(worked(settings, lambda tickets: tickets.show(number)))
    _print(view, Files(settings.folders.var.absolute() / "files"))


@app.command()
def original(
    number: Number,
    message: Annotated[int, typer.Argument(help="The message's id, as `show` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """A message as it came: what the platform says of it, and its whole text."""
    found = do(config, lambda tickets: tickets.original(number, message))
    raw = json.dumps(found.raw, ensure_ascii=False, indent=2)
    out.print(Text(clean_text(raw), style="dim"), soft_wrap=True)
    out.print(Text(found.text), soft_wrap=True)


@app.command()
def take(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """You answer from here on; the bot has said its last word when this returns."""
    do(config, lambda tickets: tickets.take(number, agent))
    out.print(f"{number} is yours.", markup=False)


@app.command()
def reply(number: Number, text: Words, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Sends Markdown to the user, taking the ticket first where nobody has it."""
    do(config, lambda tickets: tickets.reply(number, agent, _read(text)))
    out.print(f"Your answer to {number} is on its way.", markup=False)


@app.command()
def note(number: Number, text: Words, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Writes down what only agents see."""
    do(config, lambda tickets: tickets.note(number, agent, _read(text)))
    out.print(f"Noted on {number}.", markup=False)


@app.command()
def solve(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Ends the ticket, tells the user, and gives the conversation back to the bot."""
    do(config, lambda tickets: tickets.solve(number, agent))
    out.print(f"{number} is solved.", markup=False)


@app.command()
def release(number: Number, agent: As = ME, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Gives the conversation back to the bot and tells the user so."""
    do(config, lambda tickets: tickets.release(number, agent))
    out.print(f"The bot answers {number} again.", markup=False)


for _change in COMMANDS:
    app.command()(_change)


def _read(text: str) -> str:
    return typer.get_text_stream("stdin").read() if text == "-" else text


def _print(view: TicketView, files: Files) -> None:
    ticket = view.ticket
    out.print(Text(f"{ticket.number}  {ticket.title}", style="bold"))
    table = Table(box=None, show_header=False)
    for name, value in _facts(view):
        table.add_row(Text(name, style="dim"), Text(value))
    out.print(table)
    for said in view.said:
        out.print(_line(said))
        for note in _notes(ticket.number, said):
            out.print(Text(f"      {note}", style="dim"), soft_wrap=True)
        for file in said.files:
            out.print(Text(f"      📎 {file.name} ({file.size:,} bytes): {files.stored(file).path}"), soft_wrap=True)
    out.print(Text("timeline", style="dim"))
    for event in view.events:
        out.print(_event(event))


def _facts(view: TicketView) -> list[tuple[str, str]]:
    ticket, contact = view.ticket, view.contact
    where = ", ".join(f"{address.channel} {address.handle}" for address in view.addresses)
    who = f"{contact.name or 'unknown'} {contact.tier}".strip()
    return [
        (
            "state",
            f"{ticket.state.value}, {view.owner.value} answers" + (f" ({ticket.assignee})" if ticket.assignee else ""),
        ),
        ("category", f"{ticket.category}, {ticket.priority}"),
        *([("team", ticket.team)] if ticket.team else []),
        *([("tags", ", ".join(ticket.tags))] if ticket.tags else []),
        *([("goes on as", view.merged_into)] if view.merged_into else []),
        *((_linked(link), f"{link.number}  {link.title}") for link in view.links),
        ("reason", ticket.reason),
        ("user", f"{who} ({ticket.language}) on {where}"),
        ("answer by", format_datetime(ticket.promised_at.astimezone(), locale="en")),
        *((name, value) for name, value in ticket.facts.items()),
        *([("tried", ", ".join(ticket.tried))] if ticket.tried else []),
    ]


def _linked(link: Linked) -> str:
    """How the ticket is linked, read from its end."""
    reverse = {LinkKind.FOLLOW_UP: "followed up by", LinkKind.CAUSES: "caused by"}
    return reverse[link.kind] if link.reverse else link.kind.value.replace("_", " ")


def _notes(number: str, said: Said) -> list[str]:
    """What stands below a message: how it came, and how to see what was left out."""
    beside = " · ".join(f"{name}: {value}" for name, value in said.beside.items())
    left_out = f"shortened; all of it: frontdesk tickets original {number} {said.message.id}" if said.shortened else ""
    return [note for note in (beside, left_out) if note]


def _line(said: Said) -> Text:
    message = said.message
    who = message.author_name or message.author.value
    line = Text(f"{message.id}  {message.created_at.astimezone():%H:%M} ", style="dim")
    line.append(f"{who}: ", style="bold" if message.author is Author.USER else "cyan")
    line.append(message.text)
    if message.state in REMARKABLE:
        line.append(f" [{message.state.value}{': ' + message.error if message.error else ''}]", style="yellow")
    return line


def _event(event: TicketEvent) -> Text:
    words = " ".join(f"{name}={value}" for name, value in event.detail.items() if value is not None)
    return Text(f"{event.at.astimezone():%Y-%m-%d %H:%M} {event.actor} {event.kind} {words}".rstrip())
