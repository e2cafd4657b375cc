"""What can go wrong inside, named by what the caller does next.

FrontdeskError
├── Misconfigured     stop and tell the operator: the message carries every problem with its remedy
├── StorageDown       nothing was written; try again, or tell the sender to
├── Overtaken         somebody else changed the conversation meanwhile; load it again
├── UnderstandingDown Rasa did not answer; a human must
│   └── NoModel       it never will, with the model it was given
├── TrainingFailed    no new model; the one before stays
└── Refused           the request makes no sense now; the message says why, for the person who asked
    ├── NotFound
    └── NotAllowed
"""

from __future__ import annotations

from dataclasses import dataclass


class FrontdeskError(Exception):
    """Base of all errors of ours."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing an operator must mend."""

    #: "config.yaml:12", or the file alone where no line is known.
    where: str
    #: Dotted key, intent or variable.
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.what}\n    → {self.remedy}"


class Misconfigured(FrontdeskError):
    """The configuration cannot be used."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class StorageDown(FrontdeskError):
    """The database did not take or give what was asked; nothing was written."""


class Overtaken(FrontdeskError):
    """The conversation changed since it was read; nothing was written."""


class UnderstandingDown(FrontdeskError):
    """Rasa did not answer."""


class NoModel(UnderstandingDown):
    """Rasa runs, and has no model."""


class TrainingFailed(FrontdeskError):
    """No model came out."""


class Refused(FrontdeskError):
    """The request cannot be met as things stand."""


class NotFound(Refused):
    """There is no such thing, or not for whoever asks."""


class NotAllowed(Refused):
    """Whoever asks may not."""
