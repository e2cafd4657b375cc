"""`frontdesk agents`: who works at the desk."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.access.names import email_of, name_of
from bot.commands.queue import presence
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, err, opened, out
from bot.conversation import now
from bot.public_address import local_address
from bot.settings import Settings
from bot.store import agents, invites
from bot.store.agent_tables import Role
from bot.store.audit import OPERATOR

app = typer.Typer(no_args_is_help=True, help="Invite agents to the desk, and remove them.")
app.command()(presence)

NameArgument = Annotated[str, typer.Argument(help="The agent's name.")]


@app.command()
def invite(
    name: Annotated[str, typer.Argument(help="What users and colleagues see; never given to another.")],
    email: Annotated[str, typer.Argument(help="What they sign in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Prints a link with which somebody new sets a password."""
    with opened(config) as (settings, database):
        token = database.transact(invites.invite, name_of(name), email_of(email), role, OPERATOR, now())
        _tell(settings, token)


@app.command("list")
def list_agents(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Everybody who works at the desk."""
    with opened(config) as (_, database):
        table = Table("name", "e-mail", "role", "second factor", "since", "removed", box=None)
        for agent in database.transact(agents.all_agents, removed=True):
            table.add_row(
                Text(agent.name),
                Text(agent.email.partition(":")[2] if agent.removed_at else agent.email),
                agent.role.value,
                "yes" if agent.totp else "no",
                f"{agent.created_at:%Y-%m-%d}" if agent.password or agent.removed_at else "invited",
                f"{agent.removed_at:%Y-%m-%d}" if agent.removed_at else "",
            )
        out.print(table)


@app.command()
def remove(name: NameArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Ends an agent's sessions and tokens at once, and for good; their name stays theirs."""
    with opened(config) as (_, database):
        database.transact(agents.remove, name, OPERATOR, now())
    out.print(f"{name} cannot sign in any more.", markup=False)


@app.command()
def reset(name: NameArgument, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Prints a link to a new password; the old one, the second factor and all sessions end now."""
    with opened(config) as (settings, database):
        token = database.transact(invites.reset, name, OPERATOR, now())
        _tell(settings, token)


def _tell(settings: Settings, token: str) -> None:
    web = settings.web
    out.print(
        f"{web.public_url or local_address(web.host, web.port)}/desk/invite/{token}", markup=False, soft_wrap=True
    )
    err.print("Send it to nobody else: it works once, for 24 hours.")
