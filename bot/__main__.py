"""The `frontdesk` command."""

from __future__ import annotations

import typer

from bot.commands import agents, announce, audit, corrections, model, sla, tickets, tokens, webhooks
from bot.commands.calls import calls
from bot.commands.channels import channels
from bot.commands.chat import chat
from bot.commands.check import check
from bot.commands.evaluate import evaluate
from bot.commands.queue import queue
from bot.commands.ticket_page import revoke_links
from bot.commands.train import train
from bot.commands.up import up

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Frontdesk: people write where they are, and get an approved answer or a human.",
)
app.command()(up)
app.command()(chat)
app.command()(check)
app.command()(channels)
app.command()(calls)
app.command()(train)
app.command()(evaluate)
app.add_typer(agents.app, name="agents")
app.command()(queue)
app.add_typer(announce.app, name="announce")
app.add_typer(audit.app, name="audit")
app.add_typer(corrections.app, name="corrections")
app.add_typer(model.app, name="model")
app.add_typer(sla.app, name="sla")
app.add_typer(tickets.app, name="tickets")
app.add_typer(tokens.app, name="tokens")
app.add_typer(webhooks.app, name="webhooks")
tickets.app.command("revoke-links")(revoke_links)


def main() -> None:
    """Runs the command line."""
    app()


if __name__ == "__main__":
    main()
