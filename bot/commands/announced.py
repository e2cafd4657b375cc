"""How announcements look at a terminal: before they are posted, while they are, and afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.announcing import place_of
from bot.commands.shared import err, out
from bot.drafts import Draft, named
from bot.store.announcement_tables import Post, PostState
from bot.store.announcements import View

STYLES = {PostState.SENT: "green", PostState.FAILED: "red", PostState.UNKNOWN: "yellow"}


def preview(shown: Sequence[Draft], console: Console) -> None:
    """Every message of every place, as people will read it."""
    for one in shown:
        limit = f" of {one.limit:,}" if one.limit and len(one.parts) == 1 else ""
        messages = f", {len(one.parts)} messages" if len(one.parts) > 1 else ""
        console.print(
            Text(
                f"{one.channel} {named(one.board.place)} ({one.board.language}, {one.length:,}{limit}{messages})",
                "bold",
            )
        )
        for part, text in zip(one.parts, one.shown, strict=True):
            if part.files:
                file = part.files[0]
                console.print(Text(f"  📎 {file.name}, {file.media_type}, {file.size:,} bytes"), soft_wrap=True)
            if text:
                console.print(Text("\n".join(f"  │ {line}" for line in text.splitlines())), soft_wrap=True)
        if one.problem:
            console.print(Text(f"  cannot be posted: {one.problem}", "red"), soft_wrap=True)


def tell(post: Post) -> None:
    """How a place is now, while the others are served."""
    err.print(_line(post), soft_wrap=True)


def describe(found: View) -> Text:
    """An announcement: its texts, and each place with what stands there."""
    announcement = found.announcement
    made = f"{announcement.created_at.astimezone():%Y-%m-%d %H:%M} by {announcement.created_by}"
    told = Text(f"announcement {announcement.id}, {made}\n", "bold")
    if announcement.picture:
        told.append(f"📎 {announcement.picture['name']}\n")
    for language, text in announcement.texts.items():
        told.append(f"{language}:\n", "dim")
        told.append("".join(f"  │ {line}\n" for line in text.splitlines()))
    return told + Text("\n").join(_line(post) for post in found.posts)


def show_all(found: Sequence[View]) -> None:
    """One line an announcement."""
    table = Table("number", "when", "by", "languages", "places", "begins", box=None)
    for one in found:
        states = [post.state for post in one.posts]
        counts = ", ".join(f"{states.count(state)} {state.value}" for state in PostState if state in states)
        text = next(iter(one.announcement.texts.values()), "").partition("\n")[0][:40]
        when = f"{one.announcement.created_at.astimezone():%Y-%m-%d %H:%M}"
        by, languages = Text(one.announcement.created_by), " ".join(one.announcement.texts)
        table.add_row(str(one.announcement.id), when, by, languages, counts, Text(text))
    out.print(table if found else "Nothing has been announced.")


def rows(found: View) -> dict[str, Any]:
    """The same as JSON."""
    announcement = found.announcement
    picture = announcement.picture
    return {
        "id": announcement.id,
        "created_by": announcement.created_by,
        "created_at": announcement.created_at.isoformat(),
        "texts": announcement.texts,
        "picture": {key: picture[key] for key in ("name", "media_type", "size")} if picture else None,
        "places": [_row(post) for post in found.posts],
    }


def exit_code(found: View, wanted: PostState) -> int:
    """0 where it is as wanted at every place that is not withdrawn."""
    return int(any(post.state not in (wanted, PostState.WITHDRAWN) for post in found.posts))


def _row(post: Post) -> dict[str, Any]:
    return {
        "channel": post.channel,
        "place": post.handle,
        "topic": post.thread,
        "language": post.language,
        "state": post.state.value,
        "platform_ids": post.platform_ids,
        "attempts": post.attempts,
        "error": post.error,
        "updated_at": post.updated_at.isoformat(),
    }


def _line(post: Post) -> Text:
    line = Text(f"  {post.channel} {named(place_of(post))} ({post.language}): ")
    line.append(post.state.value, STYLES.get(post.state, ""))
    if post.platform_ids:
        line.append(f" as {', '.join(post.platform_ids)}", "dim")
    if post.error:
        line.append(f": {post.error}")
    return line
