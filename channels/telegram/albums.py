"""Parts of an album that come when the others are on disk already: they join the message that those are.

A webhook is brought the parts one by one, and a poll may see the last of them late.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels.telegram.parse import album, read
from channels.words import Inbound

#: Albums that may still get another part, and Telegram's own bound of parts.
MOST, MOST_PARTS = 1_000, 10


@dataclass(slots=True)
class Album:
    """One as it is on disk, without its files, and the numbers of the messages it came in."""

    said: Inbound
    parts: set[int] = field(default_factory=set)


class Albums:
    """Those heard last. After a restart what is still to come of one is a message of its own."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], Album] = OrderedDict()

    def grown(self, update: object, part: Inbound | None) -> Inbound | None:
        """The message that a known album becomes with `update`, which says `part`; None where it is no such part.

        In a group only one part names us, so the others count although they say nothing for us. A part that is there
        already is the message as it was.
        """
        key, read_ = album(update), read(update)
        known = self._known.get(key) if key else None
        if known is None or read_ is None:
            return None
        if _number(update) in known.parts:
            return known.said
        if len(known.parts) >= MOST_PARTS:
            return None
        text = "\n".join(filter(None, [known.said.text, part.text if part else ""]))
        return replace(known.said, event_id=f"update:{read_.update_id}", edit_of=known.said.event_id, text=text)

    def keep(self, updates: Sequence[object], stored: Inbound) -> None:
        """`stored` is on disk now, and it is `updates`."""
        key = album(updates[0])
        if key is None:
            return
        known = self._known.get(key)
        if known is None or not (stored.edit_of or stored.event_id == known.said.event_id):
            known = self._known[key] = Album(replace(stored, attachments=()))
        known.said = replace(known.said, text=stored.text)
        known.parts.update(map(_number, updates))
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)


def _number(update: object) -> int:
    found = read(update)
    return found.message.message_id if found and found.message else 0
