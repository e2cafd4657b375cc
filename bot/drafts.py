"""What an announcement will look like at each place, before anything is posted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import Refused
from bot.rendering import Part, parts
from channels.base import Channel
from channels.words import Board, Limits, Markup, Place, StoredFile

#: Messages one announcement may be at one place.
MOST_PARTS = 10
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Draft:
    """An announcement at one place."""

    channel: str
    board: Board
    text: str
    parts: Sequence[Part]
    #: As people will read them.
    shown: Sequence[str]
    #: Length of the whole text as the platform counts it, and of one message.
    length: int
    limit: int | None
    #: Why it cannot be posted like this, with what to change; "" where it can.
    problem: str


def pieces(text: str, picture: StoredFile | None, board: Board, limits: Limits) -> list[Part]:
    """The parts of an announcement, the same at every call; only the first has the picture."""
    found = parts(text, (), (), limits)
    if picture is None:
        return found
    if limits.measure(text) <= board.caption:
        return [replace(found[0], files=(picture,)), *found[1:]]
    return [Part("", files=(picture,)), *found]


def chosen(channels: Mapping[str, Channel], to: Sequence[str]) -> dict[str, Channel]:
    """The channels to announce on: those named, else all that have places. Raises `Refused`."""
    for name in to:
        _must_announce(name, channels)
    found = {name: channel for name, channel in channels.items() if (name in to if to else channel.boards())}
    if not found:
        raise Refused("no channel has places to announce at: list them in config.yaml, under channels.<name>.announce")
    return found


def drafts(channels: Mapping[str, Channel], texts: Mapping[str, str], picture: StoredFile | None) -> list[Draft]:
    """One for each place of `channels` whose language there is a text in. Raises `Refused` where there is none."""
    places = [(name, channel, board) for name, channel in channels.items() for board in channel.boards()]
    for number, (name, _, board) in enumerate(places):
        if (name, board) in [(other, known) for other, _, known in places[:number]]:
            raise Refused(f"channels.{name}.announce lists {named(board.place)} twice in {board.language}")
    unheard = sorted(texts.keys() - {board.language for _, _, board in places})
    if unheard:
        remedy = f"name one with `language: {unheard[0]}` under announce, or leave the text out"
        raise Refused(f"no place of {', '.join(channels)} is in {', '.join(unheard)}: {remedy}")
    return [
        draft(name, channel, board, texts[board.language], picture)
        for name, channel, board in places
        if board.language in texts
    ]


def left_out(channels: Mapping[str, Channel], texts: Mapping[str, str]) -> list[str]:
    """The places of `channels` that hear nothing, for there is no text in their language."""
    return [
        f"{name} {named(board.place)} ({board.language})"
        for name, channel in channels.items()
        for board in channel.boards()
        if board.language not in texts
    ]


def named(place: Place) -> str:
    """A place of a board, as the settings name it."""
    topic = f":{place.thread}" if place.thread and place.thread != place.handle else ""
    return f"{place.handle}{topic}" or "timeline"


def draft(name: str, channel: Channel, board: Board, text: str, picture: StoredFile | None) -> Draft:
    """What `text` becomes there."""
    limits = channel.limits_at(board.place)
    cut = pieces(text, picture, board, limits)
    readable = limits if limits.markup is Markup.MARKDOWN else replace(limits, markup=Markup.PLAIN)
    shown = [part.text for part in pieces(text, picture, board, readable)]
    problem = next(_problems(board, limits, text, cut, picture), "")
    return Draft(name, board, text, cut, shown, limits.measure(text), limits.text, problem)


def _must_announce(name: str, channels: Mapping[str, Channel]) -> None:
    if name not in channels:
        raise Refused(f"there is no channel {name!r}: config.yaml has {', '.join(channels)}")
    channel = channels[name]
    if type(channel).announce is Channel.announce:
        raise Refused(f"{name} cannot announce: {channel.settings.type} has no public places; leave out --to {name}")
    if not channel.boards():
        raise Refused(f"{name} has no places to announce at: list them in config.yaml, under channels.{name}.announce")


def _problems(
    board: Board, limits: Limits, text: str, cut: Collection[Part], picture: StoredFile | None
) -> Iterator[str]:
    if limits.text is not None and board.whole and limits.measure(text) > limits.text:
        yield f"{limits.measure(text):,} characters as it counts them, and one message there takes {limits.text:,}"
    if len(cut) > MOST_PARTS:
        yield f"{len(cut)} messages; {MOST_PARTS} are the most"
    if picture and picture.media_type not in PICTURES:
        yield f"{picture.name} is {picture.media_type}; a picture is PNG, JPEG, GIF or WebP"
    elif picture and picture.size > board.picture_bytes:
        yield f"{picture.name} has {picture.size:,} bytes; a picture has at most {board.picture_bytes:,} there"
