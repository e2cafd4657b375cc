"""What each channel can and cannot do, in Markdown: `python -m channels.table` prints it for docs/channels.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from channels import channel_class, registry
from channels.base import Channel

Kind = type[Channel]

#: Rows of the table, from what a channel declares and overrides.
ROWS: Mapping[str, Callable[[Kind], str]] = {
    "public places": lambda kind: _yes(kind.abilities.public),
    "threads or topics": lambda kind: _yes(kind.abilities.threads),
    "edits are heard": lambda kind: _yes(kind.abilities.edits),
    "deletions are heard": lambda kind: _yes(kind.abilities.deletes),
    "catches up after an outage": lambda kind: _yes(kind.abilities.catches_up),
    "length of one message": lambda kind: f"{kind.limits.text:,}" if kind.limits.text else "any",
    "formatting": lambda kind: kind.limits.markup.value,
    "buttons": lambda kind: str(kind.limits.choices) if kind.limits.choices else "numbered lines",
    "sends files": lambda kind: _yes(kind.limits.files),
    "largest file": lambda kind: f"{kind.limits.file_bytes // 1_000_000} MB",
    "files in one message": lambda kind: str(kind.limits.most_files),
    "shows typing": lambda kind: _yes(kind.signal is not Channel.signal),
    "shows what is solved": lambda kind: _yes(kind.settled is not Channel.settled),
    "may send again after a lost answer": lambda kind: _yes(kind.limits.idempotent),
    "can look up what it sent": lambda kind: _yes(kind.find is not Channel.find),
    "announces": lambda kind: _yes(kind.announce is not Channel.announce),
    "corrects announcements": lambda kind: _yes(kind.correct is not Channel.correct),
    "withdraws announcements": lambda kind: _yes(kind.withdraw is not Channel.withdraw),
    "tickets mirrored for staff": lambda kind: _yes(kind.abilities.staff),
    "webhooks": lambda kind: _yes(kind.routes is not Channel.routes),
}


def table() -> str:
    """One column a channel people meet, one row an ability."""
    names = [name for name in sorted(registry) if name != "memory"]
    kinds = [channel_class(name) for name in names]
    lines = [["", *names], ["---"] * (len(names) + 1)]
    lines += [[row, *(told(kind) for kind in kinds)] for row, told in ROWS.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _yes(able: object) -> str:
    return "yes" if able else "no"


if __name__ == "__main__":
    print(table())  # noqa: T201 - the command's output
