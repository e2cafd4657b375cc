"""Which part of ours could not be delivered, read off what a mail server says (RFC 3464)."""

from __future__ import annotations

import re
from email.message import Message
from typing import TYPE_CHECKING

from channels.email.charsets import header_text
from channels.email.threads import ids, ours

if TYPE_CHECKING:
    from channels.email.parse import Own

#: Bytes of a report that are looked through.
LONGEST = 200_000
REASON = re.compile(r"^(?:Diagnostic-Code|Status):[ \t]*(?:smtp;)?[ \t]*([^\r\n]{1,500})", re.IGNORECASE | re.MULTILINE)


def bounced(mail: Message, own: Own) -> tuple[str | None, str]:
    """Key of our part, where the report names one of ours, and the reason."""
    text = mail.as_bytes()[:LONGEST].decode("utf-8", "replace")
    signed = (ours(own.secret, own.domain, known) for known in ids(text))
    key = next((found[0] for found in signed if found), None)
    reasons = REASON.findall(text)
    return key, header_text(max(reasons, key=len, default=""))[:300]
