"""The components of intents/, seen from a test: a process of Rasa's Python, and a hub to fetch models from."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any

from tests.rasa.project import PYTHON, ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Refused(Exception):
    """The class and the words of an error in the other process."""


class Components:
    """Calls the functions of driver.py."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests, self._answers = requests, answers

    def call(self, function: str, **arguments: Any) -> Any:
        """What it returns; raises `Refused` where it raised anything."""
        self._requests.write(json.dumps([function, arguments]) + "\n")
        self._requests.flush()
        answer = json.loads(self._answers.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["answer"]


@contextmanager
def driven(log: Path, hub: str) -> Iterator[Components]:
    """The components in a process whose models come from `hub`; what it says besides goes to `log`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_", "VIRTUAL_ENV"))}
    own = {"PYTHONPATH": str(ROOT / "intents"), "PYTHONWARNINGS": "ignore", "CUDA_VISIBLE_DEVICES": "-1"}
    fetching = {"HF_ENDPOINT": hub, "HF_HOME": str(log.parent / "hub-cache"), "NO_PROXY": "127.0.0.1"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [PYTHON, Path(__file__).with_name("driver.py")],
            env=kept | own | fetching,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            encoding="utf-8",
        )
        with process:
            assert process.stdin
            assert process.stdout
            # Leaving closes its standard input, at which it ends.
            yield Components(process.stdin, process.stdout)


class Hub:
    """Serves repositories as the hub does: small files itself, large ones by a redirect to a store of their sha256."""

    def __init__(self) -> None:
        #: Content by repository and path: "owner/name/onnx/model.onnx".
        self.files: dict[str, bytes] = {}
        #: Whether it has more to do than it can.
        self.busy = False
        #: Contents that were sent, by the same names.
        self.sent: Counter[str] = Counter()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def log_message(self, *_: object) -> None:
                """Keeps quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[Hub]:
        """While it serves."""
        thread = Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = request.path.removeprefix("/").replace("/resolve/main", "")
        stored = path.startswith("store/")
        content = self.files.get(path.removeprefix("store/"))
        if self.busy:
            _send(request, HTTPStatus.SERVICE_UNAVAILABLE, {})
        elif content is None:
            _send(request, HTTPStatus.NOT_FOUND, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        elif path.endswith(".onnx") and not stored:
            linked = {"X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Linked-Size": str(len(content))}
            away = {"Location": f"{self.url}/store/{path}", "X-Repo-Commit": COMMIT}
            _send(request, HTTPStatus.FOUND, linked | away)
        else:
            self.sent[path.removeprefix("store/")] += body
            tag = {"ETag": f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()}"', "X-Repo-Commit": COMMIT}
            _send(request, HTTPStatus.OK, tag, content, body=body)


def _send(
    request: BaseHTTPRequestHandler,
    status: HTTPStatus,
    headers: dict[str, str],
    content: bytes = b"",
    *,
    body: bool = False,
) -> None:
    request.send_response(status)
    for name, value in (headers | {"Content-Length": str(len(content))}).items():
        request.send_header(name, value)
    request.end_headers()
    if body:
        request.wfile.write(content)
