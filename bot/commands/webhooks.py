"""`frontdesk webhooks`: who outside is told of tickets."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Column, Table
from rich.text import Text

from bot import logs, secret
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, out, plainly
from bot.settings import Settings
from bot.store.database import Database
from bot.store.webhook_tables import DeliveryState
from bot.store.webhooks import EndpointView, Result
from bot.webhooks.desk import Webhooks
from bot.webhooks.sender import Sender

app = typer.Typer(no_args_is_help=True, help="Tell other systems of tickets.")

Endpoint = Annotated[int, typer.Argument(help="From `frontdesk webhooks list`.")]
Found = TypeVar("Found")


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="https://host/path")],
    kind: Annotated[list[str] | None, typer.Option(help="Only these, like ticket.opened.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Prints the secret of a new endpoint."""
    endpoint, key = _do(config, lambda hooks: hooks.add(url, kind or (), getpass.getuser()))
    out.print(key, markup=False, soft_wrap=True)
    err.print(
        f"Webhook {endpoint.id}. Its receiver checks signatures (Standard Webhooks) with this secret, which is"
        " not shown again.",
        markup=False,
    )


@app.command("list")
def list_webhooks(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every endpoint, whether it is heard, what waits for it and what was given up."""
    rows = _do(config, lambda hooks: hooks.list())
    table = Table("id", Column("address", overflow="fold"), "told", "state", "queued", "failed", "last", box=None)
    for view in rows:
        table.add_row(
            str(view.endpoint.id),
            Text(view.endpoint.url),
            ", ".join(view.endpoint.kinds) or "everything",
            _state(view),
            str(view.queued),
            str(view.failed),
            Text(_last(view)),
        )
    out.print(table if rows else "No webhooks.")


@app.command()
def deliveries(
    endpoint: Endpoint,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """The newest deliveries of an endpoint, with the id that `replay` takes."""
    rows = _do(config, lambda hooks: hooks.deliveries(endpoint, limit))
    # Whole: it is what `replay` takes.
    table = Table(
        Column("id", no_wrap=True),
        *(Column(name, overflow="fold") for name in ("what", "state", "tries", "when", "answer")),
        box=None,
    )
    for row in rows:
        said = row.error or (f"{row.status} {row.answer}" if row.status else "")
        when = row.due_at if row.state is DeliveryState.QUEUED else row.finished_at or row.created_at
        cells = (row.key, str(row.body["type"]), row.state.value, str(row.attempts), f"{when:%Y-%m-%d %H:%M}", said)
        table.add_row(*map(Text, cells))
    out.print(table if rows else "Nothing was told there yet.")


@app.command()
def remove(endpoint: Endpoint, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Tells it nothing more; what waits for it is given up."""
    _do(config, lambda hooks: hooks.remove(endpoint, getpass.getuser()))
    out.print(f"Webhook {endpoint} is told nothing more.")


@app.command()
def enable(endpoint: Endpoint, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Goes on telling an endpoint that said it was gone."""
    _do(config, lambda hooks: hooks.switch(endpoint, getpass.getuser(), enabled=True))
    out.print(f"Webhook {endpoint} is told again.")


@app.command()
def replay(
    key: Annotated[str, typer.Argument(help="From `frontdesk webhooks deliveries`.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Has something told again, under the same id; the running Frontdesk sends it."""
    _do(config, lambda hooks: hooks.replay(key, getpass.getuser()))
    out.print(f"{key} is told again.", markup=False)


@app.command("test")
def try_out(endpoint: Endpoint, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Sends a `webhook.test` now and says what was answered."""
    result: Result = _do(config, lambda hooks: hooks.test(endpoint))
    if result.error:
        err.print(f"frontdesk: {result.error}. {result.answer}".rstrip(), markup=False)
        raise typer.Exit(1)
    out.print(f"It answered {result.status}.", markup=False)


def _do(config: Path, work: Callable[[Webhooks], Awaitable[Found]]) -> Found:
    with plainly():
        return asyncio.run(_worked(configured(config), work))


async def _worked(settings: Settings, work: Callable[[Webhooks], Awaitable[Found]]) -> Found:
    # Off standard output, where the secret is alone.
    logs.configure(settings.logs)
    database = Database(settings.database.url)
    try:
        database.migrate()
        key, section = secret.key(settings.folders.var / "secret.key"), settings.webhooks
        hooks = Webhooks(database, key, Sender(database, key, section), allow_private=section.allow_private)
        return await work(hooks)
    finally:
        database.close()


def _state(view: EndpointView) -> str:
    if not view.endpoint.enabled:
        return "off"
    since = view.endpoint.failing_since
    return f"failing since {since:%Y-%m-%d %H:%M}" if since else "ok"


def _last(view: EndpointView) -> str:
    if view.last is None:
        return ""
    return view.last.error or str(view.last.status or "")
