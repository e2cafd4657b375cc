"""Whatever fits what a route takes, and whatever does not, is answered and never breaks the server: API and desk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlmodel import SQLModel

from bot.conversation import Content
from bot.store.database import Database, Session
from tests.attacks.house import House, house, migrated, routes

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Requests to each route.
TRIES = 12

TEXTS = (
    "",
    " ",
    "x",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e\u2028\ufeff",
    "😀" * 300,
    "'; DROP TABLE ticket; --",
    "%s%n{0}{name}",
    "../../etc/passwd",
    "a" * 3_000,
    "FD-1001",
    "fd-1002",
    "2026-02-30",
    "9999-12-31T23:59:59Z",
    "0001-01-01",
    "https://127.0.0.1/",
    "http://[::1",
    "\r\nX: 1",
    "-1",
    "1e400",
)

NUMBERS = (0, -1, 1, 3, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**300, 1.5, -0.0)

ANYTHING: tuple[Any, ...] = (None, True, [], {}, [[]], {"a": {"b": None}}, *TEXTS, *NUMBERS)

#: They sign out, remove, have no end, or wait for a provider who is away.
LEFT_OUT = {
    "/desk/login/openid",
    "/desk/logout",
    "/desk/live",
    "/desk/agents/{agent_id}/remove",
    "/desk/profile/sessions",
}


class Fuzz:
    """Makes requests up; the same ones at every run."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._random = Random(1)  # noqa: S311 - the same at every run

    def fitting(self, schema: Mapping[str, Any]) -> Any:
        """A value of the schema, or now and then of none."""
        if self._random.random() < 0.15:
            return self._random.choice(ANYTHING)
        if "$ref" in schema:
            return self.fitting(self._schemas[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self.fitting(self._random.choice(schema["anyOf"]))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        return self._typed(schema)

    def word(self) -> str:
        """Any text, number or value, as an address or a form carries it."""
        value = str(self._random.choice(ANYTHING))
        return value.encode("utf-8", "replace").decode()

    def _typed(self, schema: Mapping[str, Any]) -> Any:
        makers: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "object": self._object,
            "array": lambda of: [self.fitting(of["items"]) for _ in range(self._random.choice((0, 1, 3)))],
            "integer": lambda _: self._random.choice(NUMBERS),
            "boolean": lambda _: self._random.choice((True, False)),
            "null": lambda _: None,
        }
        make = makers.get(schema.get("type", ""))
        return make(schema) if make else self._random.choice(TEXTS)

    def _object(self, schema: Mapping[str, Any]) -> Any:
        if "properties" not in schema:
            return {self._random.choice(TEXTS): self._random.choice(ANYTHING) for _ in range(3)}
        named = schema["properties"].items()
        return {name: self.fitting(each) for name, each in named if self._random.random() < 0.9}

    def address(self, path: str, case: Mapping[str, Any]) -> str:
        """The path, mostly for what there is."""
        for part in path.split("/"):
            if part.startswith("{"):
                name = part.strip("{}").partition(":")[0]
                known = name in case and self._random.random() < 0.8
                path = path.replace(part, quote(str(case[name]) if known else self.word(), safe=""))
        return path

    def query(self, names: list[str]) -> dict[str, str]:
        """Some of what may be asked, with something in it."""
        return {name: self.word() for name in names if self._random.random() < 0.7}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def open_house(
    request: pytest.FixtureRequest, content: Content, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """On each kind of database in turn."""
    folder = tmp_path_factory.mktemp("house")
    if request.param == "sqlite":
        url = migrated(request.getfixturevalue("migrated_sqlite"), folder)
    else:
        url = _emptied(request.getfixturevalue("migrated_postgres"))
    async with house(content, folder, url) as opened:
        yield opened


async def test_what_no_database_takes_is_refused(open_house: House) -> None:
    """A NUL wherever it would be looked for or kept; and nobody's name gives a ticket to nobody."""
    number, anna = open_house.ann.number, open_house.browsers["Anna"]
    assert (await anna.post(f"/desk/tickets/{number}/assign", data={"to": "a\0"})).status_code == 409
    assert (await anna.post("/desk/views", data={"title": "x", "query": "a\0"})).status_code == 409
    phrase = {"name": "x", "language": "en", "text": "a\0"}
    assert (await anna.post("/desk/phrases", data=phrase)).status_code == 409
    assert (await anna.post(f"/desk/calls/{open_house.ann.call}/start")).status_code == 303
    ended = await anna.post(f"/desk/calls/{open_house.ann.call}/outcome", data={"outcome": "reached", "note": "a\0"})
    assert ended.status_code in {303, 409}
    for act, form in (("note", {"text": "\0"}), ("split", {"title": "\0", "message": str(open_house.ann.message)})):
        answer = await anna.post(f"/desk/tickets/{number}/{act}", data=form)
        assert (act, answer.status_code in {200, 409, 422}) == (act, True)
    for asked in ({"q": "a\0"}, {"language": "a\0"}):
        answer = await anna.get("/desk/parts/phrases", params={"ticket": number, **asked})
        assert answer.status_code == 200
    async with open_house.stranger(**open_house.token("Ada")) as api:
        assert (await api.post(f"/api/tickets/{number}/take")).status_code in {200, 409}
        given = (await api.post(f"/api/tickets/{number}/assign", json={"to": ""})).json()
        assert (given["assignee"], given["owner"]) == (None, "queue")


async def test_the_api_answers_whatever_is_sent(open_house: House) -> None:
    """With an answer or a refusal; never with a fault of the server's or the database's."""
    described = open_house.site.openapi()
    fuzz, case = Fuzz(described["components"]["schemas"]), _case(open_house)
    async with open_house.stranger(**open_house.token("Ada")) as api:
        for path, operations in described["paths"].items():
            if not path.startswith("/api/"):
                continue
            for method, operation in operations.items():
                schema = _body(operation)
                asked = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
                for _ in range(TRIES if schema or asked else 2):
                    sent = json.dumps(fuzz.fitting(schema)).encode() if schema else b""
                    at = fuzz.address(path, case)
                    headers = {"Content-Type": "application/json"}
                    answer = await api.request(method, at, params=fuzz.query(asked), content=sent, headers=headers)
                    assert (method, at, sent, answer.status_code < 500) == (method, at, sent, True)


async def test_the_desk_answers_whatever_is_sent(open_house: House) -> None:
    """The same for what its pages ask and its forms send, to an admin, whom everything is open to."""
    fuzz, case, ada = Fuzz({}), _case(open_house), open_house.browsers["Ada"]
    for method, path, route in routes(open_house.site):
        if not path.startswith("/desk") or path in LEFT_OUT or not hasattr(route, "dependant"):
            continue
        asked, typed = _names(route.dependant, "query_params"), _names(route.dependant, "body_params")
        for _ in range(TRIES if asked or typed else 2):
            at, form, params = fuzz.address(path, case), fuzz.query(typed), fuzz.query(asked)
            answer = await ada.request(method, at, params=params, data=form if method == "POST" else None)
            sent = (method, at, params, form)
            assert (sent, answer.status_code < 500) == (sent, True)


async def test_the_user_s_page_and_the_web_chat_answer_whatever_is_sent(open_house: House) -> None:
    """To strangers, who have a link or not."""
    fuzz = Fuzz({})
    session = {"type": "object", "properties": {name: {"type": "string"} for name in ("token", "identity", "language")}}
    async with open_house.stranger() as stranger:
        for _ in range(3 * TRIES):
            at = f"/channels/webchat/{fuzz.address('{a}/{b}', {})}"
            assert (at, (await stranger.get(at)).status_code < 500) == (at, True)
            sent = json.dumps(fuzz.fitting(session)).encode()
            answer = await stranger.post("/channels/webchat/session", content=sent)
            assert (sent, answer.status_code < 500) == (sent, True)
            form, params = fuzz.query(["once", "text", "files"]), fuzz.query(["language", "done"])
            answer = await stranger.post(open_house.ann.page, params=params, data=form)
            assert (form, answer.status_code < 500) == (form, True)


def _case(house: House) -> dict[str, Any]:
    """What there is, by what addresses call it."""
    return {
        "number": house.ann.number,
        "other": house.eve.number,
        "message_id": house.ann.message,
        "file_id": house.ann.file,
        "call_id": house.ann.call,
        "agent_id": 2,
        "channel": "memory",
        "handle": "ann",
        "kind": "related",
        "name": "outcomes",
    }


def _body(operation: Mapping[str, Any]) -> Any:
    found = operation.get("requestBody", {}).get("content", {})
    return found.get("application/json", {}).get("schema")


def _names(dependant: Any, kind: str) -> list[str]:
    inner = [name for each in dependant.dependencies for name in _names(each, kind)]
    return [field.alias for field in getattr(dependant, kind)] + inner


def _emptied(url: str) -> str:
    def empty(session: Session) -> None:
        tables = ", ".join(f'"{table.name}"' for table in SQLModel.metadata.sorted_tables)
        session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))

    database = Database(url)
    database.transact(empty)
    database.close()
    return url
