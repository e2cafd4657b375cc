"""The `frontdesk` command as a process of its own: how it logs is set for good."""

from __future__ import annotations

import subprocess

from tests.acceptance.house import PATIENCE, command, environment


def frontdesk(*arguments: str, status: int = 0) -> str:
    """What it says in the working folder, held to its exit status."""
    ended = subprocess.run(
        command(*arguments), env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == status, said
    return said
