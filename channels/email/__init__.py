"""A mailbox: read over IMAP, answered over SMTP. Several mailboxes are several entries of type email.

A mail is one message of the person who wrote it, in the conversation of its thread: the thread is read off our own
signed Message-ID where the mail answers one of ours, and off its References otherwise. Quoted history and signatures
are folded away; the whole text and the headers travel in `Inbound.raw`. Auto-replies, lists, bounces and loops are
told apart and never answered.
"""

from __future__ import annotations

from channels.email.channel import Email

__all__ = ["Email"]
