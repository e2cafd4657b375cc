"""What the web chat refuses, in words a program can read; the widget has a translated text for each `Code`."""

from __future__ import annotations

from enum import StrEnum
from math import ceil

from starlette.responses import JSONResponse


class Code(StrEnum):
    """The `error` of a refusal. Every one has a text in each language of texts.json."""

    TOKEN_INVALID = "token_invalid"  # noqa: S105 - the name of an error, not a secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    IDENTITY_OFF = "identity_off"
    IDENTITY_INVALID = "identity_invalid"
    IDENTITY_EXPIRED = "identity_expired"
    BAD_REQUEST = "bad_request"
    BAD_CHARACTERS = "bad_characters"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_FAST = "too_fast"
    TOO_MANY_FILES = "too_many_files"
    FILE_TOO_LARGE = "file_too_large"
    FILE_TYPE = "file_type"
    NOT_FOUND = "not_found"
    NOT_STORED = "not_stored"


class Refused(Exception):
    """A request is answered with `status` and `code`. `detail` is for developers; `after` is in seconds."""

    def __init__(self, status: int, code: str, detail: str, after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.after = after

    def response(self) -> JSONResponse:
        headers = {"Cache-Control": "no-store"}
        if self.after is not None:
            headers["Retry-After"] = str(ceil(max(self.after, 1)))
        return JSONResponse({"error": str(self.code), "detail": str(self)}, self.status, headers)
