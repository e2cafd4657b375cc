"""A chat for any web page: one script tag, JSON and server-sent events behind it.

    <script src="https://support.example.com/channels/webchat/widget.js" defer></script>

    data-language="zh"      instead of the page's language or, where it names none, the browser's
    data-identity="<JWT>"   the site's logged-in user: HS256 with `identity_secret`, claims `sub` and `exp` (at most a
                            day ahead), and what is known of `name`, `email`, `tier`, `attributes`
    data-open               open from the start, except on a phone
    data-position="left"    in the left corner instead of the right

The page may call `Frontdesk.open()`, `Frontdesk.close()` and `Frontdesk.ask("a question")`, and set the colour with the
CSS property `--frontdesk-accent` on `#frontdesk`.
"""

from __future__ import annotations

from channels.webchat.channel import WebChat

__all__ = ["WebChat"]
