"""From a form to the words every channel shares."""

from __future__ import annotations

import re
from uuid import UUID

from channels.webchat.errors import Code, Refused
from channels.webchat.files import checked
from channels.webchat.form import Form
from channels.webchat.settings import WebChatSettings
from channels.webchat.tokens import Visitor
from channels.words import Inbound, Place

#: Characters in the payload of a button.
LONGEST_CHOICE = 1_000
#: What no keyboard types and no database keeps: control characters other than tab and line feed.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")


def read_inbound(form: Form, visitor: Visitor, place: Place, settings: WebChatSettings) -> Inbound:
    """Raises `Refused` for what nobody could answer: nothing, too much, control characters, a disguised file."""
    text = _text(form.fields.get("text", ""))
    choice = _text(form.fields.get("choice", "")) or None
    if len(text) > settings.longest_text or len(choice or "") > LONGEST_CHOICE:
        raise Refused(413, Code.TOO_LONG, f"at most {settings.longest_text} characters in one message")
    attachments = [
        checked(part.filename or "", part.media_type, bytes(part.data), settings.file_types) for part in form.files
    ]
    if not (text.strip() or choice or attachments):
        raise Refused(422, Code.EMPTY, "neither text nor choice nor file")
    return Inbound(
        event_id=_event_id(form.fields.get("event_id", "")),
        place=place,
        text=text,
        name=visitor.name,
        verified_by=visitor.verified_by,
        attributes=visitor.attributes,
        vouched=visitor.vouched,
        attachments=attachments,
        choice=choice,
        language=_language(form.fields.get("language", "")),
    )


def _text(value: str) -> str:
    """With line feeds for line ends. Raises `Refused` (422) for control characters."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(value):
        raise Refused(422, Code.BAD_CHARACTERS, "control characters")
    return value


def _event_id(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError as error:
        raise Refused(400, Code.BAD_REQUEST, "event_id is not a UUID") from error


def _language(value: str) -> str | None:
    return value if LANGUAGE.fullmatch(value) else None
