"""X: direct messages, and public posts that mention us.

DMs are read every `dm_seconds`, mentions every `mention_seconds`; a DM is answered by DM, a mention by a public reply.
"""

from __future__ import annotations

from channels.x.channel import X

__all__ = ["X"]
