"""A list shows what its filter says, each ticket once, in the order of urgency, and reads no more than it shows."""

from __future__ import annotations

