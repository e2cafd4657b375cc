"""Files in, files out, and who may have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from channels.webchat.files import checked, clean_name
from channels.words import Place
from tests.channels.webchat import samples
from tests.channels.webchat.host import MemoryHost
from tests.channels.webchat.site import Site
from tests.channels.webchat.visitor import File, Visitor

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        (("shot.png", samples.png(), "image/png"), "image/png"),
        (("IMG_1.JPG", samples.JPEG, "image/jpeg"), "image/jpeg"),
        (("statement.pdf", samples.PDF, "application/octet-stream"), "application/pdf"),
        (("letter.docx", samples.office("word"), DOCX), DOCX),
        (("list.xlsx", samples.office("xl"), XLSX), XLSX),
        (("说明.txt", "提现一直没到账\n".encode(), "text/plain"), "text/plain"),
        (("trades.csv", b"pair,amount\nBTC/USDT,1\n", "application/vnd.ms-excel"), "text/csv"),
    ],
)
async def test_file_arrives_with_the_type_of_its_bytes(
    visitor: Visitor, host: MemoryHost, file: File, media_type: str
) -> None:
    """A file of an allowed type reaches the core whole, under the type read off it."""
    answer = await visitor.post(files=[file])
    assert answer.status_code == 200, answer.text
    attachment = host.inbound[0].attachments[0]
    assert (attachment.name, attachment.media_type, attachment.data) == (file[0], media_type, file[1])
    assert answer.json()["message"]["files"][0]["size"] == len(file[1])


@pytest.mark.parametrize(
    "file",
    [
        ("photo.png", samples.EXE, "image/png"),
        ("photo.png", samples.JPEG, "image/png"),
        ("photo.jpg", samples.png(), "image/png"),
        ("photo.png", samples.png(), "application/pdf"),
        ("photo.png", samples.HTML, "image/png"),
        ("note.txt", samples.HTML, "text/plain"),
        ("note.txt", b"\xef\xbb\xbf \n" + samples.SVG, "text/plain"),
        ("note.txt", b"\xff\xfeh\0i\0", "text/plain"),
        ("note.txt", "提现".encode("gbk"), "text/plain"),
        ("note.txt", b"a\0b", "text/plain"),
        ("note.txt", samples.PDF, "text/plain"),
        ("page.html", samples.HTML, "text/html"),
        ("logo.svg", samples.SVG, "image/svg+xml"),
        ("run.exe", samples.EXE, "application/octet-stream"),
        ("run.txt.exe", b"hello", "text/plain"),
        ("empty.txt", b"", "text/plain"),
    ],
)
async def test_disguised_file_is_refused(visitor: Visitor, host: MemoryHost, file: File) -> None:
    """Bytes that contradict the name, the claim, or are of no allowed type are a 415."""
    answer = await visitor.post(files=[file])
    assert (answer.status_code, answer.json()["error"]) == (415, "file_type")
    assert host.inbound == []


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("..\\..\\etc/passwd", "passwd"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\0b\r\n.png", "ab.png"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".png", "x" * 76 + ".png"),
    ],
)
def test_file_names_hide_nothing(name: str, clean: str) -> None:
    """A name keeps its last part and its ending; what reorders or breaks it is gone."""
    assert clean_name(name) == clean


def test_file_without_an_ending_gets_one() -> None:
    """A pasted picture often has no ending: it gets that of its type."""
    assert checked("image", "image/png", samples.png(), ["image/png"]).name == "image.png"


async def test_sixth_file_is_refused(visitor: Visitor) -> None:
    """Five files go in one message, six do not."""
    file = ("a.txt", b"hello", "text/plain")
    assert (await visitor.post(files=[file] * 5)).status_code == 200
    answer = await visitor.post(files=[file] * 6)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_many_files")


async def test_three_hundred_files_are_refused(visitor: Visitor, host: MemoryHost) -> None:
    """However many there are, the client hears it, and can go on."""
    answer = await visitor.post(files=[("a.txt", b"hello", "text/plain")] * 300)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_many_files")
    assert (await visitor.post(text="after")).status_code == 200
    assert [inbound.text for inbound in host.inbound] == ["after"]


async def test_fifty_megabytes_are_refused_and_the_client_hears_it(visitor: Visitor, host: MemoryHost) -> None:
    """A client that sends all of an announced 50 MB still reads a proper 413."""
    answer = await visitor.post(files=[("big.png", samples.png() + bytes(50_000_000), "image/png")])
    assert (answer.status_code, answer.json()["error"]) == (413, "file_too_large")
    assert host.inbound == []


async def test_announced_size_is_refused_before_the_first_byte(site: Site, visitor: Visitor) -> None:
    """The 413 comes on the headers alone; the server does not ask for the body first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
    head = [
        "POST /channels/webchat/messages HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {visitor.token}",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 50000000",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode())
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert status.startswith(b"HTTP/1.1 413")


async def test_unannounced_size_is_counted(client: httpx.AsyncClient, visitor: Visitor) -> None:
    """A chunked body without a length is cut off at the limit too."""

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(50):
            yield bytes(1_000_000)

    headers = visitor.headers | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await client.post("messages", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "file_too_large")


async def sent_file(visitor: Visitor, file: File) -> str:
    """Sends `file` and gives the link the answer has for it."""
    return str((await visitor.post(files=[file])).json()["message"]["files"][0]["url"])


async def test_picture_is_shown_in_place_and_locked_in(client: httpx.AsyncClient, visitor: Visitor) -> None:
    """A picture comes back byte for byte, inline, under a policy that lets it run nothing."""
    answer = await client.get(await sent_file(visitor, ("截图.png", samples.png(), "image/png")))
    assert (answer.status_code, answer.content) == (200, samples.png())
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("inline; filename*=utf-8''%E6%88%AA%E5%9B%BE.png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_other_files_are_downloads(client: httpx.AsyncClient, visitor: Visitor) -> None:
    """Whatever is not a plain picture is an attachment."""
    answer = await client.get(await sent_file(visitor, ("a.pdf", samples.PDF, "application/pdf")))
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_link_opens_its_own_file_only(client: httpx.AsyncClient, visitor: Visitor) -> None:
    """The token of one link does not open another file, not even one's own; nor does a visitor's token."""
    mine, other = [await sent_file(visitor, (f"{n}.txt", b"hello", "text/plain")) for n in "ab"]
    swapped = urlsplit(other).path + "?" + urlsplit(mine).query
    for url in (swapped, urlsplit(mine).path, f"{urlsplit(mine).path}?token={visitor.token}"):
        answer = await client.get(url)
        assert (answer.status_code, answer.json()["error"]) == (401, "token_invalid")


async def test_file_of_another_conversation_is_not_found(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """A well-signed link to a file outside its conversation finds nothing: the core has the last word."""
    foreign = host.keep_file(Place(account="webchat", handle="anon:else"), "a.txt", "text/plain", b"private")
    claims = {"sub": "anon:me", "exp": datetime.now(UTC) + timedelta(hours=1), "file": foreign.id}
    token = jwt.encode(claims | {"aud": "frontdesk/webchat/file"}, host.secret)
    answer = await client.get(f"files/{foreign.id}?token={token}")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_link_ends_after_its_hour(client: httpx.AsyncClient, host: MemoryHost) -> None:
    """An expired link is a 401 that says so."""
    claims = {"sub": "anon:me", "exp": datetime.now(UTC) - timedelta(seconds=1), "file": 1}
    token = jwt.encode(claims | {"aud": "frontdesk/webchat/file"}, host.secret)
    answer = await client.get(f"files/1?token={token}")
    assert (answer.status_code, answer.json()["error"]) == (401, "token_expired")
