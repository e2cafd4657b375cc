"""A postfix and a dovecot of our own: child processes in a temporary folder, gone when the tests are."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from string import Template

import trustme

FORMS = Path(__file__).parent / "mailservers"
POSTFIX = Path("/usr/lib/postfix/sbin/master")
LMTP = Path("/usr/lib/dovecot/lmtp")
SYSTEM = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
#: Seconds a server may take to come up or to go.
PATIENCE = 30.0
#: Who the mailboxes belong to: dovecot serves none of root's.
POSTMAN = "nobody"


@cache
def missing() -> str:
    """Why they cannot be started here; "" where they can."""
    if os.geteuid() != 0:
        return "postfix is started by root alone"
    if not (POSTFIX.exists() and LMTP.exists()):
        return "postfix and dovecot are not installed: make test does that on Debian"
    version = subprocess.run(["dovecot", "--version"], env=SYSTEM, check=True, capture_output=True, text=True).stdout
    if not version.startswith("2.3."):
        return f"dovecot {version.split()[0]} reads another configuration than the tests have, which is for 2.3"
    return ""


class Form(Template):
    """Both servers have uses of their own for the dollar."""

    delimiter = "§"


class Servers:
    """Both of them. Every address under `frontdesk.test` and `people.test` has a mailbox, with the one password."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.imaps, self.mx, self.submission, self.submissions = free_ports(4)
        self.authority = folder / "authority.pem"
        #: Where postfix asks what to do with a recipient of ours.
        self.policy = folder / "policy"
        self._password = password
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._watchers: dict[str, subprocess.Popen[bytes]] = {}

    def write(self) -> None:
        """Lays out the folder, which the servers' own users must be able to enter."""
        self.folder.chmod(0o755)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(self.folder / "server.pem"))
        (self.folder / "server.pem").chmod(0o600)
        postman = pwd.getpwnam(POSTMAN)
        for name, owner in {"queue": "root", "data": "postfix", "mail": POSTMAN, "run": "root", "etc": "root"}.items():
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, owner)
        values = {
            **{name: getattr(self, name) for name in ("folder", "imaps", "mx", "submission", "submissions")},
            "password": b64encode(self._password.encode()).decode(),
            "user": postman.pw_uid,
            "group": postman.pw_gid,
        }
        for form in FORMS.iterdir():
            written = Form(form.read_text(encoding="utf-8")).substitute(values)
            (self.folder / "etc" / form.name).write_text(written, encoding="utf-8")

    def start_postfix(self) -> None:
        etc = str(self.folder / "etc")
        subprocess.run(["postfix", "-c", etc, "check"], env=SYSTEM, check=True)
        self._start("postfix", [str(POSTFIX), "-c", etc], self.mx)

    def start_dovecot(self) -> None:
        self._start("dovecot", ["dovecot", "-F", "-c", str(self.folder / "etc" / "dovecot.conf")], self.imaps)

    def _start(self, name: str, command: list[str], port: int) -> None:
        server = subprocess.Popen(command, env=SYSTEM, start_new_session=True, stdin=subprocess.DEVNULL)
        self._running[name] = server
        self._watchers[name] = watcher(server.pid)
        wait_until(lambda: answers(port) or server.poll() is not None, f"{name} does not answer")
        if server.poll() is not None:
            log = self.folder / f"{name}.log"
            raise OSError(f"{name} ended: {log.read_text() if log.exists() else 'without a word'}")

    def stop(self, name: str) -> None:
        """Returns when no process of it is left."""
        server = self._running.pop(name)
        server.terminate()
        server.wait(PATIENCE)
        # Those that outlive their master only wait for what is to be logged.
        self._watchers.pop(name).communicate()
        wait_until(lambda: not alive(server.pid), f"{name} leaves processes behind")

    def stop_all(self) -> None:
        with ExitStack() as stack:
            for name in list(self._running):
                stack.callback(self.stop, name)

    def flush(self) -> None:
        """What waits in the queue is tried now."""
        subprocess.run(["postqueue", "-c", str(self.folder / "etc"), "-f"], env=SYSTEM, check=True)

    def queued(self) -> bool:
        """Whether a mail is on its way; one that waits for another try is not."""
        # In the order they move in, so that none is missed between two looks.
        return any(
            path.is_file() for name in ("incoming", "active") for path in (self.folder / "queue" / name).rglob("*")
        )

    def doveadm(self, *command: str) -> str:
        """What dovecot's own tool prints."""
        whole = ["doveadm", "-c", str(self.folder / "etc" / "dovecot.conf"), *command]
        return subprocess.run(whole, env=SYSTEM, check=True, capture_output=True, text=True).stdout


@contextmanager
def running(password: str) -> Iterator[Servers]:
    """Both, up. Not below pytest's own folder: nobody but root may enter that."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-mail-"))
    servers = Servers(folder, password)
    try:
        servers.write()
        servers.start_dovecot()
        servers.start_postfix()
        yield servers
    finally:
        servers.stop_all()
        shutil.rmtree(folder)


def watcher(group: int) -> subprocess.Popen[bytes]:
    """Ends a group of processes when it is told to, or when we are gone, killed or not."""
    end = f"read _; kill -9 -{group} 2>/dev/null"
    return subprocess.Popen(["sh", "-c", end], stdin=subprocess.PIPE, start_new_session=True)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(count)]
        return [server.getsockname()[1] for server in taken]


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def alive(group: int) -> bool:
    """Whether a process of this group is left; what only waits for init to take note of its end is not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == group and state != "Z":
            return True
    return False


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.02)
