"""A multipart form read with bounds on every part, so that nothing is kept that would be refused."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from channels.webchat.errors import Code, Refused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: Parts of any kind in one form, those nobody asked for included.
MOST_PARTS = 16
#: Bytes for boundaries, part headers and the short fields.
OVERHEAD = 64_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one message may carry: characters of text, files, bytes of all files together."""

    text: int
    files: int
    file_bytes: int

    @property
    def text_bytes(self) -> int:
        """UTF-8 needs at most four bytes a character."""
        return 4 * self.text

    @property
    def body(self) -> int:
        return self.text_bytes + self.file_bytes + OVERHEAD


@dataclass(slots=True)
class Part:
    """A field, or a file where `filename` is not None."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: str | None = None
    data: bytearray = field(default_factory=bytearray)

    @property
    def media_type(self) -> str:
        return self.headers.get(b"content-type", b"").decode("latin-1")


@dataclass(frozen=True, slots=True)
class Form:
    """Text by field name, strict UTF-8, and the files in order."""

    fields: dict[str, str]
    files: list[Part]


async def read_body(request: Request, limit: int, code: Code) -> AsyncIterable[bytes]:
    """The chunks of a request's body. Raises `Refused` (413): before the first one where the length is announced."""
    announced = request.headers.get("content-length", "0")
    size = int(announced) if announced.isdecimal() else 0
    if size > limit:
        raise Refused(413, code, f"{size} bytes; at most {limit} are taken")
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refused(413, code, f"more than {limit} bytes")
        yield chunk


async def read_form(request: Request, bounds: Bounds) -> Form:
    """Raises `Refused`: 400 for what is no form, 413 for what is too much, 422 for bytes that are not UTF-8."""
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refused(400, Code.BAD_REQUEST, "send multipart/form-data with a boundary")
    reader = _Reader(bounds)
    try:
        parser = MultipartParser(options[b"boundary"], reader.callbacks())
        async for chunk in read_body(request, bounds.body, Code.FILE_TOO_LARGE):
            parser.write(chunk)
    except FormParserError as error:
        raise Refused(400, Code.BAD_REQUEST, f"not a form: {error}") from error
    if not reader.ended:
        raise Refused(400, Code.BAD_REQUEST, "the form ends too early")
    return reader.form()


def utf8(data: bytes | bytearray) -> str:
    """Raises `Refused` (422) instead of guessing another encoding."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(422, Code.BAD_CHARACTERS, "not UTF-8") from error


class _Reader:
    """Collects what the parser calls out."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._parts: list[Part] = []
        self._header = (bytearray(), bytearray())
        self._file_bytes = 0
        self.ended = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def form(self) -> Form:
        fields = {part.name: utf8(part.data) for part in self._parts if part.filename is None}
        return Form(fields, [part for part in self._parts if part.filename is not None])

    def _begin(self) -> None:
        if len(self._parts) == MOST_PARTS:
            raise Refused(400, Code.BAD_REQUEST, f"more than {MOST_PARTS} parts")
        self._parts.append(Part())

    def _header_end(self) -> None:
        name, value = self._header
        self._parts[-1].headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        part = self._parts[-1]
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        part.name = utf8(options.get(b"name", b""))
        if b"filename" in options:
            part.filename = utf8(options[b"filename"])
            if sum(p.filename is not None for p in self._parts) > self._bounds.files:
                raise Refused(413, Code.TOO_MANY_FILES, f"at most {self._bounds.files} files in one message")

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        part.data += data[start:end]
        if part.filename is None:
            if len(part.data) > self._bounds.text_bytes:
                raise Refused(413, Code.TOO_LONG, f"at most {self._bounds.text} characters in one message")
            return
        self._file_bytes += end - start
        if self._file_bytes > self._bounds.file_bytes:
            raise Refused(413, Code.FILE_TOO_LARGE, f"at most {self._bounds.file_bytes} bytes of files in one message")

    def _end(self) -> None:
        self.ended = True
