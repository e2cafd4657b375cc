"""`frontdesk tokens`: agents' keys to the API."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.access.scopes import Scope
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, err, opened, out
from bot.conversation import now
from bot.store import tokens

app = typer.Typer(no_args_is_help=True, help="Give agents keys to the API, and take them back.")


@app.command()
def create(
    agent: Annotated[str, typer.Argument(help="Whose key it is.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it opens; may be given several times. Without: everything.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Prints a new token. It cannot be shown again."""
    with opened(config) as (_, database):
        out.print(database.transact(tokens.create, agent, now(), scope or []), markup=False, soft_wrap=True)
    err.print(
        f"Keep it: only its digest is stored. Send it as `Authorization: Bearer ...`; {agent} answers with it.",
        markup=False,
    )


@app.command("list")
def list_tokens(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """All tokens there ever were, without the secret."""
    with opened(config) as (_, database):
        table = Table("id", "agent", "opens", "since", "revoked", box=None)
        for token in database.transact(tokens.all_tokens):
            revoked = f"{token.revoked_at:%Y-%m-%d %H:%M}" if token.revoked_at else ""
            opens = ", ".join(token.scopes) or "everything"
            table.add_row(str(token.id), Text(token.agent), opens, f"{token.created_at:%Y-%m-%d %H:%M}", revoked)
        out.print(table)


@app.command()
def revoke(
    token_id: Annotated[int, typer.Argument(help="From `frontdesk tokens list`.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Ends a token at once."""
    with opened(config) as (_, database):
        agent = database.transact(tokens.revoke, token_id, now())
    out.print(f"Token {token_id} of {agent} opens nothing any more.", markup=False)
