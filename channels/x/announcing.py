"""Posts of the account itself, with a picture; X lets an app take them back and not change them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

import aiohttp

from channels.errors import Gone, MayHaveArrived, Never, TryAgain
from channels.words import Board, Outbound, Place, StoredFile
from channels.x.api import Answer, Api
from channels.x.events import identity
from channels.x.settings import XSettings
from channels.x.text import LONGEST_POST

#: tweepy has no upload of pictures.
UPLOAD = "https://api.twitter.com/2/media/upload"
#: Bytes of a picture.
LARGEST_PICTURE = 5_000_000
RIGHT = "give the app Read and write in the developer portal, then make access_token and access_secret anew"


def boards(settings: XSettings, account: str) -> Sequence[Board]:
    """The account's own timeline, once for each language."""
    place = Place(account=account, handle=account, public=True)
    return [
        Board(
            place=place,
            language=one.language,
            caption=LONGEST_POST,
            whole=True,
            picture_bytes=LARGEST_PICTURE,
        )
        for one in settings.announce
    ]


def is_board(place: Place) -> bool:
    """Whether the place is our own timeline."""
    return place.handle == place.account


async def post(api: Api, outbound: Outbound) -> Answer:
    """Raises `TryAgain`, `Never` or `MayHaveArrived`."""
    media = [await _uploaded(api, file) for file in outbound.files]
    words = {"text": outbound.text} if outbound.text else {}
    pictures = {"media_ids": media} if media else {}
    try:
        return await api.ask(lambda client: client.create_tweet(**words, **pictures))
    except Never as error:
        raise _remedied(error) from error


async def withdraw(api: Api, platform_id: str) -> None:
    """Raises as `post` does."""
    try:
        await api.ask(lambda client: client.delete_tweet(platform_id))
    except Gone:
        return
    except Never as error:
        raise _remedied(error) from error


async def _uploaded(api: Api, file: StoredFile) -> str:
    """The id of the picture at X. Nobody sees it before a post names it, so that another try does no harm."""
    try:
        data = await asyncio.to_thread(Path(file.path).read_bytes)
    except OSError as error:
        raise TryAgain(f"the picture cannot be read: {type(error).__name__}") from error

    def form() -> aiohttp.FormData:
        fields = aiohttp.FormData()
        fields.add_field("media", data, filename=file.name, content_type=file.media_type)
        fields.add_field("media_category", "tweet_gif" if file.media_type == "image/gif" else "tweet_image")
        return fields

    try:
        found = (await api.post_form(UPLOAD, form)).body.get("data")
    except MayHaveArrived as error:
        raise TryAgain(f"the picture was not taken: {error}") from error
    except Never as error:
        raise _remedied(error) from error
    id_ = identity(found) if isinstance(found, dict) else ""
    if not id_:
        raise TryAgain("X does not say under which id it has the picture")
    return id_


def _remedied(error: Never) -> Never:
    forbidden = str(error).startswith(f"X answers {HTTPStatus.FORBIDDEN.value}")
    return Never(f"{error}: {RIGHT}") if forbidden else error
