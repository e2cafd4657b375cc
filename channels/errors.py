"""The errors between a channel and the core, each named after what to do about it.

A channel raises towards the core:

    ChannelError
    ├── TryAgain          nothing was sent; again after a pause
    │   └── NotYet        only because too much was sent before it: it counts as no try
    ├── Never             nothing was sent and nothing will be: the recipient is gone, the content is refused
    │   └── Gone          nor anything else there: the thread is no more
    ├── MayHaveArrived    the request left and no answer came: sending again could say it twice
    └── Forged            what came in was not from the platform

The core raises two errors towards a channel:

    HostError
    ├── NotStored         the message is not on disk; the platform must not be told "received"
    └── Unacceptable      the message will never be accepted as it is; the sender may be told why
"""

from __future__ import annotations


class ChannelError(Exception):
    """A platform did not do what was asked."""


class TryAgain(ChannelError):
    """Nothing was sent. `after` is the platform's own pause in seconds, where it named one."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class NotYet(TryAgain):
    """A limit, the platform's or one we keep, has no room for the message for `after` seconds."""

    def __init__(self, reason: str, after: float) -> None:
        super().__init__(reason, after)


class Never(ChannelError):
    """Nothing was sent, and trying again cannot help."""


class Gone(Never):
    """The thread that it was for is no more."""


class MayHaveArrived(ChannelError):
    """The platform may or may not have the message."""


class Forged(ChannelError):
    """A request or a token did not come from whom it names."""


class HostError(Exception):
    """The core did not take a message."""


class NotStored(HostError):
    """The message could not be written down; ask the platform to deliver it again."""


class Unacceptable(HostError):
    """The message is empty, too long, or carries what cannot be taken. `code` names which, for a translated text."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
