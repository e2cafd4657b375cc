"""A desk with Anna, who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from bot.conversation import Content
from bot.settings import Settings
from bot.store.database import Database
from tests.desk.house import app_of, browser_of, hire, log_in


@pytest.fixture
def site(sqlite: Database, content: Content, settings: Settings) -> FastAPI:
    """The desk on an empty database."""
    return app_of(sqlite, content, settings)


@pytest.fixture
async def stranger(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    async with browser_of(site) as browser:
        yield browser


@pytest.fixture
async def anna(site: FastAPI, sqlite: Database) -> AsyncIterator[httpx.AsyncClient]:
    """An agent at work."""
    hire(sqlite)
    async with browser_of(site) as browser:
        assert (await log_in(browser)).status_code == 303
        yield browser
