"""Rasa's own command line, made ready for a parent that supervises it: `python serve.py run --enable-api ...`.

Three things differ from the `rasa` command:

- the server's token comes from `FRONTDESK_RASA_TOKEN`, so that it never stands in the process list;
- it ends when the process that started it is gone, however that one died;
- it starts in a fifth of the time, by importing in a better order.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

#: Seconds between two looks at the parent, and after that for a clean end.
WATCH = 0.5
GRACE = 3.0


def end_with(parent: int) -> None:
    """Ends this process once it no longer is a child of `parent`."""
    while os.getppid() == parent:
        time.sleep(WATCH)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


def arguments() -> list[str]:
    token = os.environ.pop("FRONTDESK_RASA_TOKEN", "")
    # In one piece: a token may begin with a hyphen, and would be taken for an option.
    return [*sys.argv[1:], f"--auth-token={token}"] if token else sys.argv[1:]


def main() -> None:
    parent = int(os.environ.pop("FRONTDESK_PARENT", os.getppid()))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()

    # skops looks through every loaded module for every ufunc of NumPy: 6 s after TensorFlow's import, 1 s before it.
    import skops.io  # noqa: F401, PLC0415

    # TensorFlow imports jax only for converting to TensorFlow Lite and does without where there is none: 2 s, 65 MB.
    sys.modules["jax"] = None  # type: ignore[assignment]

    from rasa.__main__ import main as rasa  # noqa: PLC0415  # after the two above

    sys.argv = ["rasa", *arguments()]
    rasa()


if __name__ == "__main__":
    main()
