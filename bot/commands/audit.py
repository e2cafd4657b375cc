"""`frontdesk audit`: whether what was written down is still what was written down."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, err, opened, out
from bot.store import verifying
from bot.store.access_tables import AuditLine
from bot.store.verifying import Broken, Walked

app = typer.Typer(no_args_is_help=True, help="The audit trail, and tickets' timelines.")


@app.callback()
def _group() -> None:
    """Keeps `verify` a word of its own while it is the only one."""


@app.command()
def verify(
    known: Annotated[str, typer.Option(help="The digest an earlier run printed; it must still be there.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Recomputes every line's digest, and says which is the first that was changed, added or taken out.

    The exit code is 1 where a chain is broken.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with opened(config) as (_, database), Progress(*columns, console=err) as bar:
        task = bar.add_task("lines", total=database.transact(verifying.size))
        trail = verifying.walk_audit(database, known, lambda more: bar.advance(task, more))
        timelines = verifying.walk_timelines(database, lambda more: bar.advance(task, more))
    _report(trail, timelines)
    if known and not trail.known:
        out.print(f"No line has the digest {known}: lines were taken out at the end.", markup=False, soft_wrap=True)
    if trail.broken or timelines.broken or (known and not trail.known):
        raise typer.Exit(1)


def _report(trail: Walked, timelines: Walked) -> None:
    for broken in (trail.broken, timelines.broken):
        if broken:
            out.print(f"Broken: {_line(broken)}", markup=False, soft_wrap=True)
    if not trail.broken:
        out.print(f"The audit trail is whole: {trail.lines} lines, the newest {trail.newest or 'none'}", soft_wrap=True)
    if not timelines.broken:
        out.print(f"All timelines are whole: {timelines.lines} lines", soft_wrap=True)


def _line(broken: Broken) -> str:
    line = broken.line
    what = line.action if isinstance(line, AuditLine) else line.kind
    return f"{broken.chain}, line {line.id}: {line.at:%Y-%m-%d %H:%M:%S} {line.actor} {what!r}"
