"""Hands one letter to the SMTP server, and says what its answer means."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from channels.email.mailbox import tls_context
from channels.email.settings import EmailSettings
from channels.email.writing import Letter
from channels.errors import MayHaveArrived, Never, TryAgain

log = structlog.get_logger()

#: Seconds until we are logged in, and again until the recipients are named: together less than the outbox waits, so
#: that it never takes a send that surely did not happen for one that may have.
PATIENCE = 10.0
#: Seconds the server may take over the mail itself; RFC 5321 asks for ten minutes, the outbox gives up before.
LONG_PATIENCE = 120.0
#: First code of those that no further try can help.
FOR_GOOD = 500
#: "Greylisted for 300 seconds", "please come back in 00:05:00"
PAUSE = re.compile(r"\b(\d{1,5}) ?(s\b|sec|min)|\b(\d\d):(\d\d):(\d\d)\b", re.IGNORECASE)
LONGEST_PAUSE = 3600.0


async def deliver(letter: Letter, settings: EmailSettings) -> None:
    """Returns once the server has taken it for the person. Raises `TryAgain`, `Never` or `MayHaveArrived`."""
    async with connected(settings) as smtp:
        await _address(smtp, letter.recipients, settings)
        try:
            await smtp.data(letter.data, timeout=LONG_PATIENCE)
        except SMTPDataError as error:
            raise _refused(error, "the mail is refused") from None
        except (SMTPException, OSError) as error:
            raise MayHaveArrived(f"no answer after the mail was sent ({type(error).__name__})") from None


async def admitted(settings: EmailSettings) -> None:
    """Returns once the server would take a mail of ours, to ourselves. Raises `TryAgain` with the setting to change.

    Who may send as whom many a server says no sooner than at the first recipient.
    """
    async with connected(settings) as smtp:
        try:
            await _address(smtp, [settings.address], settings)
        except Never as error:
            raise TryAgain(
                f"address, smtp_username or smtp_password: we may not send as this address ({error})"
            ) from None


@asynccontextmanager
async def connected(settings: EmailSettings) -> AsyncIterator[SMTP]:
    """Logged in. Raises `TryAgain` with the setting that may be wrong; no text of the server's, which quotes."""
    try:
        context = None if settings.smtp_tls == "none" else tls_context(settings)
    except (OSError, ssl.SSLError) as error:
        raise TryAgain(f"ca_bundle: {type(error).__name__}") from None
    smtp = SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        timeout=PATIENCE,
        local_hostname=settings.domain,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        tls_context=context,
    )
    try:
        await _log_in(smtp, settings)
        yield smtp
    finally:
        smtp.close()


async def _log_in(smtp: SMTP, settings: EmailSettings) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await smtp.connect()
            if settings.smtp_password:
                user = settings.smtp_username or settings.address
                await smtp.login(user, settings.smtp_password.get_secret_value())
    except SMTPAuthenticationError as error:
        if error.code < FOR_GOOD:
            raise TryAgain(f"the SMTP server lets nobody in for now ({error.code})") from None
        raise TryAgain(f"smtp_username or smtp_password is refused ({error.code})") from None
    except (SMTPException, OSError, ValueError) as error:
        raise TryAgain(f"smtp_host, smtp_port or smtp_tls: no SMTP server there ({type(error).__name__})") from None


async def _address(smtp: SMTP, recipients: Sequence[str], settings: EmailSettings) -> None:
    """Names sender and recipients. The person must be taken; one who only gets a copy need not be."""
    person, *copies = recipients
    try:
        async with asyncio.timeout(PATIENCE):
            await smtp.mail(settings.address)
            await smtp.rcpt(person)
            for copy in copies:
                await _copy(smtp, copy)
    except SMTPRecipientRefused as error:
        raise _refused(error, "the recipient is refused") from None
    except SMTPResponseException as error:
        raise TryAgain(f"address: the sender is refused ({error.code})", _pause(error.message)) from None
    except (SMTPException, OSError) as error:
        raise TryAgain(f"the line to the SMTP server broke ({type(error).__name__})") from None
    except ValueError:
        raise Never("the recipient's address cannot be written to") from None


async def _copy(smtp: SMTP, recipient: str) -> None:
    try:
        await smtp.rcpt(recipient)
    except (SMTPRecipientRefused, ValueError) as error:
        log.info("copy_refused", code=getattr(error, "code", 0))


def _refused(error: SMTPResponseException, what: str) -> TryAgain | Never:
    said = f"{what}: {error.code} {' '.join(error.message.split())[:200]}"
    return Never(said) if error.code >= FOR_GOOD else TryAgain(said, _pause(error.message))


def _pause(message: str) -> float | None:
    """Seconds the server asks for."""
    found = PAUSE.search(message)
    if not found:
        return None
    count, unit, hours, minutes, seconds = found.groups()
    asked = int(count) * (60 if unit.lower() == "min" else 1) if count else 0
    return min(float(asked or int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)), LONGEST_PAUSE)
