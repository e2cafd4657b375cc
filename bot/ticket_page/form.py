"""What a user adds on the page of a ticket, read with bounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from channels.words import Attachment

#: Bytes of all files of one form, and how many they are.
FILE_BYTES = 20_000_000
MOST_FILES = 5

#: Bytes for the text and what stands around the parts.
BESIDES = 300_000

#: Names one showing of the form, so that it is taken once however often it is sent.
ONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Added:
    """What was written and chosen."""

    once: str
    text: str
    files: Sequence[Attachment]


class Unusable(Exception):
    """The form cannot be taken; `why` is the name of the text that says so."""

    def __init__(self, why: str, draft: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.draft = draft


async def read(request: Request, longest: int) -> Added:
    """The form of a request; texts have at most `longest` characters. Raises `Unusable`."""
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal() or int(announced) > FILE_BYTES + BESIDES:
        raise Unusable("too_large")
    try:
        async with request.form(max_files=MOST_FILES + 1, max_fields=8, max_part_size=BESIDES) as form:
            return await _added(form, longest)
    except HTTPException as error:
        # Starlette's word for a form with too many parts, or none.
        raise Unusable("too_large") from error


async def _added(form: FormData, longest: int) -> Added:
    text, once = form.get("text", ""), form.get("once", "")
    if not isinstance(text, str) or not isinstance(once, str) or not ONCE.fullmatch(once):
        raise Unusable("refused")
    if len(text) > longest:
        raise Unusable("too_long", text[:longest])
    # A browser sends one without a name where none was chosen.
    chosen = [file for file in form.getlist("files") if isinstance(file, UploadFile) and file.filename]
    if len(chosen) > MOST_FILES or sum(file.size or 0 for file in chosen) > FILE_BYTES:
        raise Unusable("too_large", text)
    files = [await _attachment(file) for file in chosen]
    return Added(once, text.strip(), [file for file in files if file.data])


async def _attachment(file: UploadFile) -> Attachment:
    media_type = file.content_type or "application/octet-stream"
    return Attachment(name=file.filename or "file", media_type=media_type, data=await file.read())
