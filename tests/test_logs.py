"""What the log tells of an error: where and what kind, never what somebody wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog
from pydantic import ValidationError

from bot import logs
from bot.dialogue import Dialogue
from bot.settings import Logs

SECRET = "my wallet seed is apple tree"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, with the handlers of before at the end."""
    found = logging.getLogger()
    before, level = found.handlers[:], found.level
    yield found
    found.handlers[:] = before
    found.setLevel(level)
    structlog.reset_defaults()


def fail() -> None:
    """Raises an error that quotes a user, caused by another that does."""
    try:
        Dialogue.model_validate({"facts": SECRET})
    except ValidationError as error:
        raise LookupError(str(error)) from error


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("ours", [True, False], ids=["our logger", "a library's"])
@pytest.mark.usefixtures("root")
def test_error_is_told_without_its_words(
    capsys: pytest.CaptureFixture[str], form: Literal["json", "console"], *, ours: bool
) -> None:
    """An exception is logged with its kinds and frames, and without its messages, whoever logs it and in what form."""
    logs.configure(Logs(format=form))
    try:
        fail()
    except LookupError as error:
        assert SECRET in str(error)  # noqa: PT017 - else there would be nothing to hide
        log = structlog.get_logger() if ours else logging.getLogger("library")
        log.exception("turn_fault")
    told = capsys.readouterr().err
    assert SECRET not in told
    assert "turn_fault" in told
    assert "ValidationError" in told
    assert "LookupError" in told
    assert "in fail" in told
    if form == "json":
        assert "in fail" in json.loads(told)["exception"]
