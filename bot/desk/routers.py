"""Every router of the desk besides that of access."""

from __future__ import annotations

from fastapi import APIRouter

from bot.desk import acts, calls, files, leads, mine, pages, phrases, picks, streams, translating
from bot.desk.parts import Parts

MODULES = (pages, streams, acts, calls, picks, files, phrases, mine, translating, leads)


def routers(parts: Parts) -> list[APIRouter]:
    """Made of `parts`, to be put under the guard by `bot.desk.house`."""
    return [module.routes(parts) for module in MODULES]
