"""The signature of Standard Webhooks, and the secret it is made with.

A secret is derived from Frontdesk's own key and a salt of the endpoint's: it is stored nowhere, so that neither a copy
of the database nor one of `var/secret.key` alone can sign.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook


def secret(key: bytes, salt: str) -> str:
    """The endpoint's secret, as its receiver is given it: whsec_ and base64."""
    mine = hmac.digest(key, b"\0webhooks", "sha256")
    return "whsec_" + base64.b64encode(hmac.digest(mine, bytes.fromhex(salt), "sha256")).decode()


def signed(secret: str, key: str, body: Mapping[str, Any], now: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the bytes of a request."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, now, data),
    }
    return headers, data.encode()
