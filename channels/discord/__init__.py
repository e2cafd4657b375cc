"""A Discord bot: direct chats, mentions, threads and forum posts, buttons and commands.

    channels:
      discord:
        type: discord
        token: ...

In the developer portal, under Bot: the token, and the Message Content Intent, without which only direct messages and
those that mention the bot can be read.
"""

from __future__ import annotations

from channels.discord.channel import Discord

__all__ = ["Discord"]
