"""Which part of ours could not be delivered, read off what a mail server says (RFC 3464)."""

from __future__ import annotations

import re

from channels.email.charsets import header_text
from channels.email.threads import ids, ours

#: Bytes of a report that are looked through.
LONGEST = 200_000
FOLD = re.compile(r"\r?\n[ \t]+")
REASON = re.compile(r"^(?:Diagnostic-Code|Status):[ \t]*(?:smtp;)?[ \t]*([^\r\n]{1,500})", re.IGNORECASE | re.MULTILINE)


def bounced(report: bytes, secret: bytes, domain: str) -> tuple[str | None, str]:
    """Key of our part, where the report names one that we signed, and the server's reason."""
    text = FOLD.sub(" ", report[:LONGEST].decode("utf-8", "replace"))
    signed = (ours(secret, domain, known) for known in ids(text))
    key = next((found[0] for found in signed if found), None)
    return key, header_text(max(REASON.findall(text), key=len, default=""))[:300]
