from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.email.kinds import Kind
from channels.email.parse import Own, parse, read

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
ADDRESS = "support@frontdesk.test"
OWN = Own(account=ADDRESS, addresses=frozenset({ADDRESS}), secret=b"corpus")
ARRIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_every_mail_is_expected() -> None:
    """The corpus has at least 60 mails, and each says what should come of it."""
    assert len(EXPECTED) >= 60
    assert {path.stem for path in CORPUS.glob("*.eml")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_mail_is_read_as_a_person_reads_it(name: str) -> None:
    """Kind, new words, sender, files and thread of a mail are those a person would find in it."""
    expected = EXPECTED[name]
    data = (CORPUS / f"{name}.eml").read_bytes()
    mail = read(data, OWN, ARRIVED)
    said = mail.inbound
    assert said
    assert said.sent_at
    found = {
        "kind": mail.kind.value,
        "text": said.text,
        "subject": mail.head.subject,
        "name": said.name,
        "handle": said.place.handle,
        "thread": said.place.thread,
        "files": [file.name for file in said.attachments],
        "sent_at": said.sent_at.isoformat(),
        "ticket": said.raw["ticket"],
        "bounce_of": mail.bounce.key if mail.bounce else None,
        "failed": mail.bounce.failed if mail.bounce else None,
    }
    wanted = {key: value for key, value in expected.items() if key in found and value is not None}
    assert {key: found[key] for key in wanted} == wanted
    assert all(word in said.text for word in expected.get("has", ()))
    assert said.place.thread != expected.get("not_thread")
    assert (parse(data, OWN, ARRIVED) is None) is (mail.kind is not Kind.MESSAGE)
    json.dumps(said.raw)
