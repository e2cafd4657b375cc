"""Bodies that are too much, go too deep, are packed, or are none: refused, and nothing is kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from bot.access.door import LONGEST_FORM, MOST_FILES
from bot.bound import LONGEST_BODY
from bot.tickets import LONGEST_TEXT
from tests.attacks.house import HOME, House
from tests.desk.house import browser_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def chunks(size: int, piece: bytes = b" " * 65536) -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(size // len(piece) + 1):
        yield piece


@pytest.mark.parametrize("length", ["declared", "chunked"])
async def test_too_much_is_refused(open_house: House, length: str) -> None:
    """By the API, the desk, the sign-in and the user's page, whether or not it says how long it is."""
    before, five = open_house.rows(), 5_000_000
    number = open_house.ann.number
    async with open_house.stranger(**open_house.token("Anna")) as api, open_house.stranger() as user:
        for client, path, kind in (
            (api, f"/api/tickets/{number}/note", "application/json"),
            (open_house.browsers["Anna"], f"/desk/tickets/{number}/note", "application/x-www-form-urlencoded"),
            (user, "/channels/webchat/session", "application/json"),
            (user, open_house.ann.page, "application/x-www-form-urlencoded"),
        ):
            body = b"a" * five if length == "declared" else chunks(five)
            answer = await client.post(path, content=body, headers={"Content-Type": kind, "Accept": "application/json"})
            assert (path, answer.status_code in {413, 422, 400}) == (path, True)
    assert open_house.rows() == before


async def test_a_stranger_sends_little(open_house: House) -> None:
    """Who is not signed in is read no further than a sign-in is long, files or not, with an invented cookie too."""
    async with browser_of(open_house.site, home=HOME) as stranger:
        for path in ("/desk/login", f"/desk/tickets/{open_house.ann.number}/reply", "/desk/agents"):
            for cookie in ("", f"__Host-desk={'x' * 43}", "a=__Host-desk="):
                read = 0

                async def body() -> AsyncIterator[bytes]:
                    nonlocal read
                    yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
                    for _ in range(400):
                        read += 65536
                        yield b"x" * 65536

                kind = "multipart/form-data; boundary=x"
                headers = {"Content-Type": kind, "Cookie": cookie, "Accept": "application/json"}
                answer = await stranger.post(path, content=body(), headers=headers)
                assert (path, answer.status_code in {400, 401, 413}) == (path, True)
                assert (path, cookie, read <= LONGEST_FORM + 2 * 65536) == (path, cookie, True)


async def test_a_form_of_many_parts(open_house: House) -> None:
    """More fields or files than a page has are refused, and nothing is kept."""
    before, path = open_house.rows(), f"/desk/tickets/{open_house.ann.number}/reply"
    anna = open_house.browsers["Anna"]
    fields = "&".join(f"f{number}=x" for number in range(20_000))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await anna.post(path, content=fields, headers=kind)).status_code in {400, 413, 422}
    files = [("files", (f"{number}.txt", b"x", "text/plain")) for number in range(1_100)]
    assert (await anna.post(path, files=files)).status_code in {400, 409, 413, 422}
    assert open_house.rows() == before
    assert len(files) > MOST_FILES


async def test_a_long_text_is_refused_whole(open_house: House) -> None:
    """Nothing is cut off it silently: what is longer than a message may be is not kept."""
    before, long = open_house.rows(), "长" * (LONGEST_TEXT + 1)
    number = open_house.ann.number
    for act in ("reply", "note"):
        answer = await open_house.browsers["Anna"].post(f"/desk/tickets/{number}/{act}", data={"text": long})
        assert answer.status_code == 422
    async with open_house.stranger(**open_house.token("Anna")) as api:
        for act in ("reply", "note"):
            assert (await api.post(f"/api/tickets/{number}/{act}", json={"text": long})).status_code == 422
    assert open_house.rows() == before


async def test_json_that_goes_deep_is_refused(open_house: House) -> None:
    """As is JSON that is none, for every way in that reads JSON."""
    deep = "[" * 100_000 + "]" * 100_000
    bad = (deep, '{"a":' * 50_000, '{"text": NaN', "\x00", "\ud800".encode("utf-8", "surrogatepass"))
    async with open_house.stranger(**open_house.token("Ada")) as api:
        for path in (f"/api/tickets/{open_house.ann.number}/note", "/api/webhooks", "/channels/webchat/session"):
            for body in bad:
                answer = await api.post(path, content=body, headers={"Content-Type": "application/json"})
                assert (path, answer.status_code in {400, 413, 422}) == (path, True)


async def test_attributes_that_go_deep_are_refused(open_house: House) -> None:
    """What a company says of a person is plain values of a bounded size."""
    async with open_house.stranger(**open_house.token("Ada")) as api:
        for value in ({"a": {"b": {"c": 1}}}, {"a": ["x"]}, {"a": "x" * 100_000}, {f"a{n}": 1 for n in range(5_000)}):
            answer = await api.put("/api/contacts/memory/ann", json={"attributes": value})
            assert answer.status_code in {413, 422}


async def test_a_gzip_bomb_is_not_unpacked(open_house: House) -> None:
    """A body that says it is compressed is read as what it is, which is no JSON and no form."""
    bomb = gzip.compress(json.dumps({"text": "a" * 10_000_000}).encode())
    assert len(bomb) < LONGEST_BODY
    before = open_house.rows()
    async with open_house.stranger(**open_house.token("Anna")) as api:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await api.post(f"/api/tickets/{open_house.ann.number}/note", content=bomb, headers=headers)
        assert answer.status_code in {400, 415, 422}
    assert open_house.rows() == before
