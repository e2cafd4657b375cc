"""Telegram: private chats, groups and their topics, by polling or by webhook.

Bot messages, edits, files, places, contacts and pressed buttons come in; text, buttons and files go out. In a group the
bot answers who mentions it, replies to it or gives it a command.
"""

from __future__ import annotations

from channels.telegram.channel import Telegram

__all__ = ["Telegram"]
