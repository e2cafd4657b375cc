"""The servers of the tests themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.channels.email.servers import alive, answers, missing, running, wait_until

needed = pytest.mark.skipif(bool(missing()), reason=missing())


@needed
def test_nothing_is_left_after_a_failure() -> None:
    """Neither process nor port nor folder, though what used them failed."""
    using = running("password")
    servers = using.__enter__()
    groups = [server.pid for server in servers._running.values()]
    assert all(map(alive, groups))
    assert not using.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert not any(map(alive, groups))
    assert not any(map(answers, (servers.imaps, servers.mx, servers.submission)))
    assert not servers.folder.exists()


@needed
def test_killed_tests_take_their_servers_with_them() -> None:
    """Whoever started them may be killed without a word: they end all the same."""
    code = """
        import time
        from tests.channels.email.servers import running
        with running("password") as servers:
            print(servers.folder, *(server.pid for server in servers._running.values()), flush=True)
            time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as tests:
        assert tests.stdout
        folder, *groups = tests.stdout.readline().split()
        tests.kill()
    wait_until(lambda: not any(alive(int(group)) for group in groups), "they are still there")
    shutil.rmtree(folder)
