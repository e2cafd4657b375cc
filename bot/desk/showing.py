"""Pages for whoever is signed in, in their language, with what scripts and forms need to be believed."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from bot.access.guard import csrf_of
from bot.access.roles import may
from bot.desk.rendering import page
from bot.desk.texts import FALLBACK, Words, texts
from bot.store.agent_tables import Agent, Role


def shown(request: Request, agent: Agent, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The template with `t`, `agent`, `csrf`, and `may("lead")` for what the agent may."""
    usual = {"agent": agent, "csrf": csrf_of(request), "may": lambda role: may(agent.role, Role(role))}
    return page(template, Words(agent.language), status, **{**usual, **values})


def words_for(request: Request) -> Words:
    """The desk in the language of who is signed in, or else in the one the browser asks for."""
    if known := getattr(request.state, "language", None):
        return Words(known)
    asked = [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return Words(next((language for language in asked if language in texts()), FALLBACK))
