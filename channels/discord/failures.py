"""What went wrong with a request, in the core's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from channels.discord.rest import Broken, Paused
from channels.errors import ChannelError, Gone, MayHaveArrived, Never, NotYet, TryAgain

#: HTTP's own numbers.
UNAVAILABLE, UNAUTHORIZED, FORBIDDEN = 503, 401, 403
#: Discord's number for a channel or thread that is no more.
NO_CHANNEL = 10003
#: Errors of Discord's own that pass: too many direct chats opened, and 0, which is Cloudflare's.
PASSING = {40003: 600.0, 0: 60.0}


@contextmanager
def told(*, before: bool = False) -> Iterator[None]:
    """Says in the core's words what went wrong; `before` a message was sent, nothing can have arrived."""
    try:
        yield
    except ChannelError:
        raise
    except Paused as error:
        raise NotYet(str(error), error.after) from error
    except discord.LoginFailure as error:
        raise TryAgain("Discord refuses the token") from error
    except discord.HTTPException as error:
        raise _refused(error) from error
    except Exception as error:
        # The edge of the library: whatever it raises, the core is told one of three things.
        surely_not = before or isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError))
        if surely_not or (isinstance(error, Broken) and error.status == UNAVAILABLE):
            raise TryAgain(failure(error)) from error
        raise MayHaveArrived(failure(error)) from error


def _refused(error: discord.HTTPException) -> ChannelError:
    if error.status == UNAUTHORIZED:
        return TryAgain("Discord refuses the token")
    if error.status == FORBIDDEN and error.code in PASSING:
        return TryAgain(failure(error), PASSING[error.code])
    return Gone(failure(error)) if error.code == NO_CHANNEL else Never(failure(error))


def failure(error: Exception) -> str:
    """What went wrong, in one short line without secrets: what the library names is a host, a status, a sentence."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
