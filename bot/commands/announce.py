"""`frontdesk announce`: one text to everybody, at the public places of the channels."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.announcing import board_of, picture_of
from bot.commands.announced import describe, exit_code, preview, rows, show_all, tell
from bot.commands.announcing import Desk, desk, texts_of
from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, err, out, plainly
from bot.drafts import Draft, chosen, draft, drafts, left_out
from bot.errors import Refused
from bot.store import announcements
from bot.store.announcement_tables import Post, PostState
from bot.store.announcements import Target, View
from channels.base import Channel

app = typer.Typer(no_args_is_help=True, help="Tell everybody something, correct it, take it back.")

Result = TypeVar("Result")

Number = Annotated[int, typer.Argument(help="The announcement's number, from `frontdesk announce list`.")]
TextOption = Annotated[
    list[str], typer.Option("--text", help="en=FILE with Markdown, or en=- for standard input; once for each language.")
]
PictureOption = Annotated[Path | None, typer.Option("--picture", help="PNG, JPEG, GIF or WebP.")]
ToOption = Annotated[
    list[str] | None, typer.Option("--to", help="Only this channel; may be given again. Else all with places.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Does not ask.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Shows it, and posts nothing.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The result as JSON.")]
ByOption = Annotated[str, typer.Option("--as", envvar="FRONTDESK_AGENT", help="Who announces it.")]
ME = getpass.getuser()


@app.command()
def send(
    text: TextOption,
    picture: PictureOption = None,
    to: ToOption = None,
    agent: ByOption = ME,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    yes: YesOption = False,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Shows what it will look like at each place, asks, and posts it. What fails at one place holds up no other."""
    with plainly():
        texts, path = texts_of(text), picture.absolute() if picture else None

    async def work(at: Desk) -> View | None:
        kept = await at.kept(path)
        channels = chosen(at.channels, to or ())
        shown = drafts(channels, texts, at.files.picture(kept) if kept else None)
        preview(shown, err if as_json else out)
        if silent := left_out(channels, texts):
            err.print(f"Without a text in their language: {', '.join(silent)}", markup=False, soft_wrap=True)
        _possible(shown)
        if dry_run:
            return None
        twin = await at.database.run(announcements.unfinished_twin, texts)
        if twin is not None:
            raise Refused(
                f"announcement {twin} says the same and is not everywhere yet: frontdesk announce resume {twin}"
            )
        _agreed(f"Post this at {len(shown)} place{'s' if len(shown) > 1 else ''}?", yes=yes)
        targets = [Target(one.channel, one.board.place, one.board.language, one.text) for one in shown]
        number = await at.create(targets, kept, agent)
        err.print(f"Announcement {number}:")
        return await at.announcer(tell).send(number)

    _finish(_done(config, work), PostState.SENT, as_json=as_json)


@app.command()
def resume(number: Number, config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """Posts it where it is missing: after a failure, or a stop midway. Nothing is posted twice."""
    _finish(_done(config, lambda at: at.announcer(tell).send(number)), PostState.SENT, as_json=as_json)


@app.command()
def correct(
    number: Number,
    text: TextOption,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    yes: YesOption = False,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Puts another text in the place of what was posted, where the platform lets us. The picture stays."""
    with plainly():
        texts = texts_of(text)

    async def work(at: Desk) -> tuple[View, int] | None:
        shown = await _corrections(at, number, texts)
        preview(shown, err if as_json else out)
        if all(one.problem for one in shown):
            raise Refused("nothing was corrected: it cannot be anywhere, for the reasons above")
        if dry_run:
            return None
        _agreed(f"Correct announcement {number} like this?", yes=yes)
        return await at.changes(tell).correct(number, texts)

    _finish_change(_done(config, work), as_json=as_json)


@app.command()
def withdraw(
    number: Number, config: ConfigOption = DEFAULT_CONFIG, *, yes: YesOption = False, as_json: JsonOption = False
) -> None:
    """Takes it back wherever it stands; where it waits to be posted it never will be."""

    async def work(at: Desk) -> tuple[View, int]:
        found = await at.database.run(announcements.view, number)
        err.print(describe(found), soft_wrap=True)
        _agreed(f"Take announcement {number} back?", yes=yes)
        return await at.changes(tell).withdraw(number)

    _finish_change(_done(config, work), as_json=as_json)


@app.command("list")
def list_announcements(
    limit: Annotated[int, typer.Option(min=1)] = 20,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    as_json: JsonOption = False,
) -> None:
    """The newest announcements, and at how many places each stands."""

    async def work(at: Desk) -> list[View]:
        return await at.database.run(announcements.newest, limit)

    found = _done(config, work, alone=False)
    if as_json:
        out.print_json(json.dumps([rows(one) for one in found]))
    else:
        show_all(found)


@app.command()
def show(number: Number, config: ConfigOption = DEFAULT_CONFIG, *, as_json: JsonOption = False) -> None:
    """What was posted where, under which id, and what went wrong."""

    async def work(at: Desk) -> View:
        return await at.database.run(announcements.view, number)

    found = _done(config, work, alone=False)
    if as_json:
        out.print_json(json.dumps(rows(found)))
    else:
        out.print(describe(found), soft_wrap=True)


def _done(config: Path, work: Callable[[Desk], Awaitable[Result]], *, alone: bool = True) -> Result:
    async def whole() -> Result:
        async with desk(config, alone=alone) as at:
            return await work(at)

    with plainly():
        return asyncio.run(whole())


async def _corrections(at: Desk, number: int, texts: dict[str, str]) -> list[Draft]:
    """How the corrected text will look at each place where it stands. Raises `Refused` where that is nowhere."""
    found = await at.database.run(announcements.view, number)
    picture = picture_of(found.announcement, at.files)
    unknown = sorted(texts.keys() - found.announcement.texts.keys())
    if unknown:
        raise Refused(f"announcement {number} was not made in {', '.join(unknown)}: announce that anew")
    shown = []
    for post in found.posts:
        channel = at.channels.get(post.channel)
        board = board_of(channel, post) if channel else None
        if post.language in texts and post.state is not PostState.WITHDRAWN and channel and board:
            one = draft(post.channel, channel, board, texts[post.language], picture)
            shown.append(replace(one, problem=_fixed(channel, post, one) or one.problem))
    if not shown:
        raise Refused(f"announcement {number} stands nowhere in {', '.join(texts)}")
    return shown


def _fixed(channel: Channel, post: Post, one: Draft) -> str:
    """Why what stands there stays as it is, whatever the new text says; "" where it can be changed."""
    if post.state is PostState.SENT and type(channel).correct is Channel.correct:
        return f"{channel.settings.type} cannot change what was posted: withdraw it and announce it anew"
    if post.platform_ids and len(one.parts) > len(post.platform_ids):
        return f"it needs {len(one.parts)} messages where {len(post.platform_ids)} stand: shorten the text"
    return ""


def _possible(shown: list[Draft]) -> None:
    """Raises `Refused` where it cannot be posted somewhere as it is."""
    wrong = [
        f"{one.channel}: {one.problem}: shorten it, or choose the other channels with --to"
        for one in shown
        if one.problem
    ]
    if wrong:
        raise Refused("nothing was posted; " + "; ".join(wrong))


def _agreed(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        raise Refused("nothing was done")


def _finish(found: View | None, wanted: PostState, *, as_json: bool) -> None:
    if found is None:
        return
    if as_json:
        out.print_json(json.dumps(rows(found)))
    raise typer.Exit(exit_code(found, wanted))


def _finish_change(found: tuple[View, int] | None, *, as_json: bool) -> None:
    if found is None:
        return
    if as_json:
        out.print_json(json.dumps(rows(found[0])))
    if found[1]:
        places = "place" if found[1] == 1 else "places"
        err.print(f"Not at {found[1]} {places}: see above.")
        raise typer.Exit(1)
