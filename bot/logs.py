"""One line an event: names and numbers, never what people wrote, never a secret."""

from __future__ import annotations

import logging
import sys
import traceback

import structlog
from structlog.typing import ExcInfo, Processor

from bot.settings import Logs

#: Exceptions told of one that caused another that caused another.
LONGEST_CHAIN = 10


def configure(settings: Logs) -> None:
    """Logs to standard error: JSON, or colours where a person is looking and `format` is "auto"."""
    pretty = settings.format == "console" or (settings.format == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=not pretty),
    ]
    last: list[Processor] = [
        structlog.processors.ExceptionRenderer(whereabouts),
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=shared + last,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries speak only when something is wrong, in the same words.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def whereabouts(exc_info: ExcInfo) -> str:
    """The traceback of an exception and of what caused it, without their messages: those may quote a user."""
    error: BaseException | None = exc_info[1]
    told: list[str] = []
    while error is not None and len(told) < LONGEST_CHAIN:
        kind = type(error)
        told.append("".join(traceback.format_tb(error.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\ncaused by\n".join(told)
