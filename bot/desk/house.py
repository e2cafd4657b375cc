"""The desk as a part of the application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from bot import secret
from bot.access.door import STATIC, Door
from bot.access.gate import Gate
from bot.access.oidc.sign_in import SignIn
from bot.desk import access_pages, agents_pages, audit_pages, oidc_pages, profile_pages, refusals, token_pages
from bot.desk.rendering import HERE
from bot.settings import Settings
from bot.store.database import Database

OWN = (access_pages.pages, profile_pages.pages, agents_pages.pages, audit_pages.pages, token_pages.pages)


def install(app: FastAPI, database: Database, settings: Settings, *more: APIRouter) -> None:
    """Adds the desk's pages, and `more` routers under /desk, with everything that guards them.

    Call it after the API is there: errors under /desk become pages, and stay the API's JSON elsewhere.
    """
    gate = Gate(database, settings, _oidc(settings))
    app.state.gate = gate
    app.add_middleware(Door, public_url=gate.public_url, file_bytes=settings.desk.longest_file_mb * 1_000_000)
    app.mount(STATIC.rstrip("/"), StaticFiles(directory=HERE / "static"))
    for router in (*OWN, *([oidc_pages.pages] if gate.oidc else []), *more):
        app.include_router(router)
    refusals.install(app)


def _oidc(settings: Settings) -> SignIn | None:
    """None where no provider is set."""
    section = settings.desk.oidc
    return SignIn(section, secret.key(settings.folders.var / "secret.key")) if section else None
