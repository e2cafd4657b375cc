"""How requests and answers are wrapped: paths, sizes, headers, where somebody is sent on to, what a browser may do."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest

from bot.access.door import LONGEST_FORM, MOST_FILES
from bot.bound import LONGEST_BODY
from bot.store.access_tables import AuditLine
from bot.tickets import LONGEST_TEXT
from tests.attacks.house import HOME, PNG, House, filled, routes
from tests.desk.house import PASSWORD, browser_of, log_in
from tests.samples import rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Ways out of a folder.
OUT = (
    "../desk/rendering.py",
    "..%2frendering.py",
    "%2e%2e/rendering.py",
    "%2e%2e%2f%2e%2e%2fsettings.py",
    "..%5crendering.py",
    "....//rendering.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "desk.css%00.py",
    "templates/desk.html",
    "..%c0%afrendering.py",
    "",
    ".",
)


async def chunks(size: int, piece: bytes = b" " * 65536) -> AsyncIterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(size // len(piece) + 1):
        yield piece


@pytest.mark.parametrize("folder", ["/desk/static/", "/tickets/static/", "/swagger/"])
async def test_no_way_out_of_a_folder_of_files(open_house: House, folder: str) -> None:
    """Whatever is written into the path, nothing beside the files is served, and no list of them."""
    async with open_house.stranger() as stranger:
        for out in OUT:
            answer = await stranger.get(folder + out)
            assert (out, answer.status_code in {404, 405, 307}) == (out, True)
            assert "import" not in answer.text


async def test_files_lie_under_their_digests(open_house: House) -> None:
    """Whatever a file is called: nothing on the disk has a name that somebody chose, and none is outside the folder."""
    folder = open_house.app.files.folder
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert names
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)
    assert not list(folder.parent.rglob("*.exe"))


async def test_files_are_saved_and_run_nothing(open_house: House) -> None:
    """To agents by page and API and to the user: as a download, of the type of its bytes, locked in, unkept."""
    ann, anna = open_house.ann, open_house.browsers["Anna"]
    async with open_house.stranger(**open_house.token("Anna")) as api, open_house.stranger() as user:
        for client, path in (
            (anna, f"/desk/tickets/{ann.number}"),
            (api, f"/api/tickets/{ann.number}"),
            (user, ann.page),
        ):
            told = [await client.get(f"{path}/files/{id_}") for id_ in (ann.file, ann.picture)]
            assert [answer.headers["content-type"].split(";")[0] for answer in told] == ["text/plain", "image/png"]
            for answer in told:
                _locked_in(answer)
                assert answer.headers["content-disposition"].startswith("attachment;")
            assert told[0].headers["content-disposition"] == 'attachment; filename="x.exe"'
            assert "set-cookie" not in told[1].headers
            assert "\n" not in told[1].headers["content-disposition"]
            assert "<" not in told[1].headers["content-disposition"]


async def test_pictures_are_where_pictures_are(open_house: House) -> None:
    """What only says that it is one is not shown in place."""
    ann, anna = open_house.ann, open_house.browsers["Anna"]
    shown = await anna.get(f"/desk/tickets/{ann.number}/pictures/{ann.picture}")
    _locked_in(shown)
    assert (shown.headers["content-type"], shown.content[: len(PNG)]) == ("image/png", PNG)
    assert (await anna.get(f"/desk/tickets/{ann.number}/pictures/{ann.file}")).status_code == 404


async def test_markup_is_no_picture(open_house: House) -> None:
    """An SVG, which may hold a script, is kept as text and saved."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    form, files = {"text": ""}, {"files": ("p.png", svg, "image/png")}
    anna = open_house.browsers["Anna"]
    sent = await anna.post(f"/desk/tickets/{open_house.ann.number}/reply", data=form, files=files)
    assert sent.status_code in {200, 409}
    for file in range(1, 12):
        shown = await anna.get(f"/desk/tickets/{open_house.ann.number}/pictures/{file}")
        assert shown.status_code == 404 or shown.content.startswith(PNG)


async def test_every_page_carries_the_policy(open_house: House) -> None:
    """Whatever HTML the desk and the user's page answer with, to whom it is for and to whom not."""
    async with open_house.stranger() as stranger:
        for method, path, _ in routes(open_house.site):
            if method != "GET" or not path.startswith(("/desk", "/tickets")) or path == "/desk/live":
                continue
            for client in (open_house.browsers["Ada"], open_house.browsers["Anna"], stranger):
                answer = await client.get(_there(open_house, path), headers={"Accept": "text/html"})
                if answer.headers.get("content-type", "").startswith("text/html"):
                    _strict(answer)
        _strict(await stranger.get(open_house.ann.page))


async def test_other_pages_are_not_put_into_frames(open_house: House) -> None:
    """Nor taken for what they are not: the company's page, the API's, and where links of public places lead."""
    async with open_house.stranger() as stranger:
        for path in ("/", "/docs", "/channels/webchat/private/"):
            headers = (await stranger.get(path)).headers
            assert "frame-ancestors 'none'" in headers.get("content-security-policy", ""), path
            assert headers["x-content-type-options"] == "nosniff"


async def test_private_answers_are_not_kept(open_house: House) -> None:
    """No cache between keeps what the API, the desk or the user's page says of people."""
    ann = open_house.ann
    async with open_house.stranger(**open_house.token("Ada")) as api, open_house.stranger() as user:
        for client, path in (
            (api, "/api/tickets"),
            (api, f"/api/tickets/{ann.number}"),
            (api, f"/api/tickets/{ann.number}/messages/{ann.message}/original"),
            (api, "/api/contacts/memory/ann"),
            (api, "/api/calls"),
            (user, ann.page),
            (open_house.browsers["Ada"], "/desk/audit.csv"),
            (open_house.browsers["Ada"], "/desk/reports/outcomes.csv"),
        ):
            answer = await client.get(path)
            assert (path, answer.status_code) == (path, 200)
            assert "no-store" in answer.headers.get("cache-control", ""), path


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


async def test_a_stranger_s_file_is_not_kept_waiting_for_a_name(open_house: House) -> None:
    """Nor is a well-made form with a file read to its end, where the cookie is an invented one."""
    async with browser_of(open_house.site, home=HOME) as stranger:
        for path in ("/desk/login", f"/desk/tickets/{open_house.ann.number}/reply", "/desk/agents"):
            read = 0

            async def body() -> AsyncIterator[bytes]:
                nonlocal read
                yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
                for _ in range(40):
                    read += 65536
                    yield b"x" * 65536
                yield b"\r\n--x--\r\n"

            kind = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": f"__Host-desk={'x' * 43}"}
            answer = await stranger.post(path, content=body(), headers={**kind, "Accept": "application/json"})
            assert (path, answer.status_code, read) == (path, 413, 65536)


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


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/desk\\@evil.example",
        "/desk/..//evil.example",
        "/desk/%2E%2e/api/tickets",
        "/desk/%0d%0aSet-Cookie:x=1",
        "/desk\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "data:text/html,x",
        "/deskevil",
        "@evil.example",
        "/desk@evil.example",
        "  //evil.example",
    ],
)
async def test_sign_in_sends_nobody_elsewhere(open_house: House, wanted: str) -> None:
    """Whatever stands behind next=, it is a page of the desk that somebody is sent on to."""
    async with browser_of(open_house.site, home=HOME) as browser:
        page = await browser.get("/desk/login", params={"next": wanted})
        assert "evil.example" not in page.text or wanted.startswith("/desk/")
        answer = await log_in(browser, "Anna", next=wanted)
        assert answer.status_code == 303
        where = httpx.URL(HOME).join(answer.headers["location"])
        assert (where.host, where.path.startswith("/desk")) == ("help.example.org", True)
        assert "\n" not in answer.headers["location"]


async def test_the_host_named_by_a_request_is_not_believed(open_house: House) -> None:
    """Links that are handed on lead to the address of the settings, whatever the request says it was sent to."""
    ada = open_house.browsers["Ada"]
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    answer = await ada.post("/desk/agents", data={"name": "New", "email": "new@example.org"}, headers=evil)
    assert answer.status_code in {200, 403}
    assert "evil.example" not in answer.text
    for path in ("/desk/login", "/desk", "/desk/agents", f"/desk/tickets/{open_house.ann.number}"):
        assert "evil.example" not in (await ada.get(path, headers=evil)).text


async def test_a_link_elsewhere_takes_nothing_out(open_house: House) -> None:
    """An export begins at a page of the desk; the trail has none that another site's link asked for."""
    ada, came = open_house.browsers["Ada"], {"Sec-Fetch-Site": "cross-site"}
    for path in ("/desk/audit.csv", "/desk/reports/outcomes.csv"):
        before = len(rows(open_house.database, AuditLine))
        assert (await ada.get(path, headers=came)).status_code == 403
        assert len(rows(open_house.database, AuditLine)) == before
        assert (await ada.get(path)).status_code == 200
        assert len(rows(open_house.database, AuditLine)) == before + 1


async def test_who_saves_a_file_looked_at_the_ticket(open_house: House) -> None:
    """Also where they never opened its page: it is in the audit trail."""
    ann, mia = open_house.ann, open_house.browsers["Mia"]
    assert (await mia.get(f"/desk/tickets/{ann.number}/files/{ann.file}")).status_code == 200
    newest = rows(open_house.database, AuditLine)[-1]
    assert (newest.actor, newest.action, newest.subject) == ("Mia", "ticket viewed", ann.number)


async def test_the_cookie_is_the_browser_s_alone(open_house: House) -> None:
    """No script reads it, no neighbour under the domain sets it, no other site's form carries it."""
    async with browser_of(open_house.site, home=HOME) as browser:
        set_ = (await log_in(browser, "Anna")).headers["set-cookie"]
    name, *flags = (part.strip().lower() for part in set_.split(";"))
    assert name.startswith("__host-desk=")
    assert {"httponly", "secure", "path=/", "samesite=lax"} <= set(flags)
    assert not any(flag.startswith("domain") for flag in flags)


async def test_no_answer_carries_what_was_sent_into_its_headers(open_house: House) -> None:
    """A line break in whatever is asked for makes no header of its own."""
    broken = quote("x\r\nX-Evil: 1\r\n\r\n<script>", safe="")
    ada = open_house.browsers["Ada"]
    for path in (
        f"/desk/login?next=%2Fdesk{broken}",
        f"/desk/reports/{broken}.csv",
        f"/desk/reports/outcomes.csv?team={broken}&days={broken}",
        f"/desk/audit.csv?actor={broken}",
        f"{open_house.ann.page}?done={broken}&language={broken}",
        f"/channels/webchat/files/1?token={broken}",
    ):
        answer = await ada.get(path)
        assert "x-evil" not in answer.headers
        assert answer.status_code < 500


async def test_guessing_a_password_ends(open_house: House) -> None:
    """After some tries the right one does not open either, from there; from elsewhere the agent still comes in."""
    async with browser_of(open_house.site, address="198.51.100.9", home=HOME) as guesser:
        statuses = [(await log_in(guesser, "Bo", f"guess number {number}")).status_code for number in range(8)]
        assert set(statuses) == {401}
        assert (await log_in(guesser, "Bo", PASSWORD)).status_code == 401
    async with browser_of(open_house.site, address="192.0.2.88", home=HOME) as bo:
        assert (await log_in(bo, "Bo")).status_code == 303


def _there(house: House, path: str) -> str:
    return filled(house, path.replace("{token}", house.ann.page.rpartition("/")[2]))


def _locked_in(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]


def _strict(answer: httpx.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] in {"same-origin", "no-referrer"}
    for inline in ("<script>", "<style", " style=", " onclick=", " onload=", "javascript:"):
        assert inline not in answer.text
