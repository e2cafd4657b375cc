"""A room of the company's own on a platform, where each ticket has a thread and staff answer in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator

from channels.words import Place


class StaffSettings(BaseModel):
    """Base of a staff room's settings; each platform adds where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    #: The platform's ids of those who answer there, with their names as people see them.
    agents: Mapping[int, str] = Field(min_length=1)
    #: Names of the channels whose tickets are shown; empty for all.
    sources: Sequence[str] = Field(default=(), alias="from")

    @field_validator("agents")
    @classmethod
    def _agents(cls, value: Mapping[int, str]) -> Mapping[int, str]:
        if not all(name.strip() for name in value.values()):
            raise ValueError("every agent needs a name: write it as 4711: Anna")
        return value


class StaffRoom(ABC):
    """Opens and closes threads; what stands in them goes through `Channel.send`, to `place`.

    What is written there comes in by `Host.staff_said` and never by `Host.deliver`, whoever wrote it and whatever it
    says: it is no business of a customer's. `open`, `close`, `reopen` and `mark` raise what `Channel.send` raises.
    """

    def __init__(self, settings: StaffSettings) -> None:
        self.agents = {str(person): name.strip() for person, name in settings.agents.items()}
        self.sources = tuple(settings.sources)

    @abstractmethod
    def place(self, thread: str) -> Place:
        """Where to send what should stand in `thread`."""

    @abstractmethod
    async def open(self, title: str) -> str:
        """Begins a thread; the platform's name for it. A long title is cut."""

    @abstractmethod
    async def close(self, thread: str) -> None:
        """Nothing more is expected there; to close it twice is no error."""

    @abstractmethod
    async def reopen(self, thread: str) -> None:
        """Takes `close` back; no error where it is open."""

    @abstractmethod
    async def mark(self, thread: str, raw: Mapping[str, object]) -> None:
        """Shows at the message of staff with this `StaffMessage.raw` that the person has it."""
