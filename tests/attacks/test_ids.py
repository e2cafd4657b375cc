"""What belongs to another ticket, person or agent, by every id there could be: it is as if it were not there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from bot.store.list_tables import SavedView
from tests.attacks.house import House
from tests.samples import rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Ids that nothing has, or that are none.
ODD = (
    "0",
    "-1",
    "999999",
    str(2**31),
    str(2**63),
    "9" * 400,
    "1e3",
    "0x1",
    "1%00",
    "..%2f1",
    "%2e%2e%2f1",
    "１",
    "a" * 4000,
)

#: Numbers of no ticket.
NUMBERS = (
    "FD-9999",
    "FD-0",
    "%00",
    "FD-1001%00",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "'%20or%20''='",
    "％",
    "9" * 4000,
)

#: 409 is a page for whom it is about, with why.
REFUSED = {403, 404, 405, 409, 422}


async def answers(client: httpx.AsyncClient, method: str, path: str, **more: object) -> tuple[int, str]:
    """Status and words, without what was asked for in them."""
    answer = await client.request(method, path, headers={"Accept": "application/json"}, **more)  # type: ignore[arg-type]  # passed on
    return answer.status_code, re.sub(r"\d+|FD-\d+", "#", answer.text)


def of_ticket(number: str, id_: str) -> Iterator[tuple[str, str]]:
    """What the desk opens under a ticket, by id."""
    yield "GET", f"/desk/tickets/{number}/files/{id_}"
    yield "GET", f"/desk/tickets/{number}/pictures/{id_}"
    yield "GET", f"/desk/tickets/{number}/messages/{id_}/original"


def of_api(number: str, id_: str) -> Iterator[tuple[str, str]]:
    """The same over the API."""
    yield "GET", f"/api/tickets/{number}/files/{id_}"
    yield "GET", f"/api/tickets/{number}/messages/{id_}/original"
    yield "POST", f"/api/tickets/{number}/messages/{id_}/undo"
    yield "POST", f"/api/tickets/{number}/messages/{id_}/retry"
    yield "PUT", f"/api/tickets/{number}/messages/{id_}/intent"


BODIES = {"retry": {"sure": True}, "intent": {"intent": "withdrawal_pending"}}


async def test_what_hangs_on_another_ticket(open_house: House) -> None:
    """By the number of one ticket nothing of the other opens, with the words for what there is not."""
    ann, eve, anna = open_house.ann, open_house.eve, open_house.browsers["Anna"]
    others = {"files": eve.file, "pictures": eve.picture, "messages": eve.message}
    async with open_house.stranger(**open_house.token("Anna")) as api:
        for client, asked in ((anna, of_ticket), (api, of_api)):
            for (method, path), (_, none) in zip(asked(ann.number, "{}"), asked(ann.number, "999999"), strict=True):
                theirs = path.format(others[path.split("/")[4]])
                body = BODIES.get(path.rpartition("/")[2], {})
                found = await answers(client, method, theirs, json=body)
                assert (theirs, found) == (theirs, await answers(client, method, none, json=body))
                assert (theirs, found[0]) == (theirs, 404)
                there = await answers(client, "GET", theirs.replace(ann.number, eve.number))
                assert there[0] in {200, 405}


async def test_odd_ids(open_house: House) -> None:
    """None opens anything, and none is a fault of ours."""
    number, anna, before = open_house.ann.number, open_house.browsers["Anna"], open_house.rows()
    forms = {"message": "1", "title": "x", "outcome": "reached", "intent": "withdrawal_pending"}
    for odd in ODD:
        changes = [f"calls/{odd}/start", f"calls/{odd}/outcome", f"phrases/{odd}/remove", f"views/{odd}/remove"]
        asked = [*of_ticket(number, odd), *(("POST", f"/desk/{path}") for path in changes)]
        for method, path in asked:
            assert (path, (await answers(anna, method, path, data=forms))[0] in REFUSED) == (path, True)
        for act in ("unsend", "retry", "split", "intent"):
            answer = await answers(anna, "POST", f"/desk/tickets/{number}/{act}", data={**forms, "message": odd})
            assert (act, odd[:9], answer[0] in REFUSED) == (act, odd[:9], True)
        for path in (f"/desk/phrases?change={odd}", f"/desk?view=v-{odd[:10]}", f"/desk/tickets/{number}?before={odd}"):
            assert (path, (await answers(anna, "GET", path))[0] in {200, 404, 422}) == (path, True)
    assert open_house.rows() == before


async def test_odd_ids_over_the_api(open_house: House) -> None:
    """The same with a token of an admin's."""
    number, before = open_house.ann.number, open_house.rows()
    async with open_house.stranger(**open_house.token("Ada")) as api:
        for odd in ODD:
            for method, path in (
                *of_api(number, odd),
                ("GET", f"/api/calls/{odd}"),
                ("POST", f"/api/calls/{odd}/start"),
                ("POST", f"/api/calls/{odd}/outcome"),
                ("PATCH", f"/api/webhooks/{odd}"),
                ("DELETE", f"/api/webhooks/{odd}"),
                ("GET", f"/api/webhooks/{odd}/deliveries"),
                ("POST", f"/api/webhooks/{odd}/test"),
                ("POST", f"/api/webhooks/deliveries/{odd}/replay"),
            ):
                body = BODIES.get(path.rpartition("/")[2], {"outcome": "reached", "enabled": True})
                assert (path, (await answers(api, method, path, json=body))[0] in REFUSED) == (path, True)
    assert open_house.rows() == before


async def test_odd_numbers_of_tickets(open_house: House) -> None:
    """There is no such ticket, whoever asks for it and whatever is to be done with it."""
    anna = open_house.browsers["Anna"]
    async with open_house.stranger(**open_house.token("Anna")) as api:
        for odd in NUMBERS:
            for client, path in (
                (anna, f"/desk/tickets/{odd}"),
                (anna, f"/desk/parts/tickets/{odd}"),
                (api, f"/api/tickets/{odd}"),
            ):
                assert (path, (await answers(client, "GET", path))[0]) == (path, 404)
            for act, form in (("take", {}), ("note", {"text": "x"}), ("here", {}), ("reply", {"text": "x"})):
                assert (odd, (await answers(anna, "POST", f"/desk/tickets/{odd}/{act}", data=form))[0]) == (odd, 404)
            assert (odd, (await answers(anna, "GET", f"/desk/parts/phrases?ticket={odd[:40]}"))[0]) == (odd, 404)
            merged = await answers(
                anna, "POST", f"/desk/tickets/{open_house.ann.number}/merge", data={"into": odd[:400]}
            )
            assert (odd, merged[0]) == (odd, 404)


async def test_views_and_replies_of_another_agent(open_house: House) -> None:
    """A view is its owner's: nobody else sees it, opens it or removes it, and only leads share theirs."""
    bo, anna, lea = (open_house.browsers[name] for name in ("Bo", "Anna", "Lea"))
    assert (await bo.post("/desk/views", data={"title": "Bo's own", "query": "state:pending"})).status_code == 303
    (view,) = rows(open_house.database, SavedView)
    for other in (anna, lea):
        assert "Bo&#39;s own" not in (await other.get("/desk")).text
        assert "Bo&#39;s own" not in (await other.get(f"/desk?view=v-{view.id}")).text
        for form in ({}, {"shared": "yes"}):
            assert (await answers(other, "POST", f"/desk/views/{view.id}/remove", data=form))[0] == 404
    assert rows(open_house.database, SavedView) == [view]
    await anna.post("/desk/views", data={"title": "Anna's", "query": "state:pending", "shared": "yes"})
    assert [view.owner for view in rows(open_house.database, SavedView)] == ["Bo", "Anna"]


async def test_a_session_of_another_agent_is_not_ended(open_house: House) -> None:
    """Whatever id is sent from one's own profile."""
    anna, bo = open_house.browsers["Anna"], open_house.browsers["Bo"]
    for id_ in [*map(str, range(1, 12)), *ODD]:
        if f'value="{id_}"' not in (await anna.get("/desk/profile")).text:
            await anna.post("/desk/profile/sessions", data={"session": id_})
    assert (await bo.get("/desk/profile")).status_code == 200


async def test_the_page_of_another_person_s_ticket(open_house: House) -> None:
    """A link opens its own ticket with its own files; whatever is put into it opens nothing, in the same words."""
    ann, eve = open_house.ann, open_house.eve
    halves = [link.rpartition("/")[2] for link in (ann.page, eve.page)]
    forged = {
        halves[0][:-32] + halves[1][-32:],
        halves[1][:-32] + halves[0][-32:],
        "0" * 32,
        "-".join("0" * 5),
        "%00",
        "%2e%2e",
    }
    async with open_house.stranger() as stranger:
        assert "the secret of ann" in (await stranger.get(ann.page)).text
        over = (await stranger.get("/tickets/no")).text
        for token in forged:
            answer = await stranger.get(f"/tickets/{token}")
            assert (answer.status_code, answer.text) == (404, over)
        assert (await stranger.get(f"{ann.page}/files/{ann.file}")).content == b"<script>1</script>ann"
        gone = (await stranger.get(f"{ann.page}/files/999999")).text
        for id_ in (eve.file, eve.picture, 0, 2**31, 2**63, "9" * 300):
            answer = await stranger.get(f"{ann.page}/files/{id_}")
            assert (answer.status_code, answer.text) == (404, gone)


async def test_files_of_the_web_chat_by_odd_ids(open_house: House) -> None:
    """A link names its file; another number with it opens nothing."""
    async with open_house.stranger() as stranger:
        for way in ("", "/private"):
            for id_ in (open_house.ann.file, 0, 2**31, 2**63, "9" * 300, "..%2f1"):
                for token in ("", "x", open_house.ann.page.rpartition("/")[2]):
                    answer = await stranger.get(f"/channels/webchat{way}/files/{id_}", params={"token": token})
                    assert answer.status_code in {401, 403, 404}


async def test_numbers_of_others_are_told_to_nobody(open_house: House) -> None:
    """Who is no agent is told nothing of a ticket by its number, from whatever path."""
    async with open_house.stranger() as stranger:
        for path in (f"/tickets/{open_house.ann.number}", f"/channels/webchat/{open_house.ann.number}"):
            answer = await stranger.get(path)
            assert answer.status_code == 404
            assert "secret" not in answer.text
