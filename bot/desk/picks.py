"""What is put into an agent's box or under a message by picking it: canned replies, answers, intents; and previews."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse

from bot.access.guard import SignedIn
from bot.answers import PLACEHOLDER
from bot.desk.parts import Parts
from bot.desk.rendering import HEADERS, fragment
from bot.desk.talk import Teller
from bot.desk.texts import Words
from bot.rendering import render
from bot.store import phrases
from bot.store.agent_tables import Agent
from bot.tickets import LONGEST_TEXT
from channels.words import Markup

#: Of each list; whoever does not see it types a word of it.
MOST = 40

#: Characters of a text's beginning that stand under its title.
HINT = 200

Asked = Annotated[str, Query(max_length=100)]
Language = Annotated[str, Query(max_length=8)]
Number = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class Pick:
    """What can be picked: `value` is what it puts in."""

    title: str
    hint: str
    value: str


def routes(parts: Parts) -> APIRouter:
    """The lists of the pickers, and the preview of an answer."""
    picks = APIRouter(prefix="/desk", include_in_schema=False)

    @picks.get("/parts/phrases")
    async def part_phrases(agent: SignedIn, ticket: Number, q: Asked = "", language: Language = "en") -> HTMLResponse:
        found = await parts.database.run(phrases.found, q, language, MOST)
        values = await _values(parts, agent, ticket)
        return _shown(agent, [_filled(Pick(each.name, each.text[:HINT], each.text), values) for each in found])

    @picks.get("/parts/answers")
    async def part_answers(agent: SignedIn, q: Asked = "", language: Language = "en") -> HTMLResponse:
        return _shown(agent, _matching(_answers(parts, agent, language), q))

    @picks.get("/parts/intents")
    async def part_intents(agent: SignedIn, q: Asked = "") -> HTMLResponse:
        return _shown(agent, _matching(_intents(parts, agent), q))

    @picks.post("/preview")
    async def preview(_: SignedIn, text: Annotated[str, Form(max_length=LONGEST_TEXT)] = "") -> dict[str, str]:
        """The Markdown as a channel with formatting shows it."""
        return {"html": render(text, Markup.HTML)}

    return picks


def _answers(parts: Parts, agent: Agent, language: str) -> Iterator[Pick]:
    answers = parts.content.answers
    for intent in sorted(answers.intents()):
        text = answers.answer(intent, language, "webchat", {"language": language}).text
        yield Pick(answers.title(intent, agent.language), text[:HINT], text)


def _intents(parts: Parts, agent: Agent) -> Iterator[Pick]:
    teller = Teller(Words(agent.language), parts.content.answers)
    for intent in parts.intents:
        yield Pick(teller.title(intent), intent, intent)


def _matching(picks: Iterator[Pick], asked: str) -> list[Pick]:
    words = asked.casefold().split()
    found = [pick for pick in picks if all(word in f"{pick.title} {pick.hint}".casefold() for word in words)]
    return found[:MOST]


async def _values(parts: Parts, agent: Agent, number: str) -> dict[str, str]:
    """What stands in place of a canned reply's placeholders."""
    name = await parts.database.run(phrases.contact_name, number)
    return {"name": name, "ticket": number, "agent": agent.name, "brand": parts.settings.brand.name}


def _filled(pick: Pick, values: dict[str, str]) -> Pick:
    text = PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), pick.value)
    return Pick(pick.title, text[:HINT], text)


def _shown(agent: Agent, picks: list[Pick]) -> HTMLResponse:
    return HTMLResponse(fragment("tickets/picks.html", Words(agent.language), picks=picks), headers=HEADERS)
