"""config.yaml as it was written: its values, and on which line each key stands."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.errors import Misconfigured, Problem

#: Environment variables that override the file: FRONTDESK__WEB__PORT is web.port.
PREFIX = "FRONTDESK__"


class ConfigFile:
    """A read configuration file. Problems call it `name`, by default the file's own without its folder.

    Raises `Misconfigured` where it is not a YAML mapping.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        self.path = path
        self.folder = path.resolve().parent
        self._name = name or path.name
        self._tree = _read(path, self._name)

    def values(self) -> dict[str, Any]:
        """A plain copy of what stands in the file; sections left empty are absent."""
        return {key: value for key, value in _plain(self._tree).items() if value is not None}

    def has(self, keys: tuple[str | int, ...]) -> bool:
        """Whether `keys` leads to something in the file itself."""
        return self._depth(keys) == len(keys)

    def line(self, keys: tuple[str | int, ...]) -> str:
        """The place of the deepest of `keys` that stands in the file, as "config.yaml:12"."""
        number = self.number(keys)
        return f"{self._name}:{number}" if number else self._name

    def number(self, keys: tuple[str | int, ...]) -> int:
        """The number of that line, from 1; 0 where none of `keys` stands in the file."""
        node: Any = self._tree
        number = 0
        for key in keys[: self._depth(keys)]:
            place = node.lc.key(key) if isinstance(node, CommentedMap) else node.lc.item(key)
            number = place[0] + 1
            node = node[key]
        return number

    @contextlib.contextmanager
    def blamed(self, under: tuple[str, ...] = ()) -> Iterator[None]:
        """Turns a model's errors into `Misconfigured` with their lines; `under` is where the model stands."""
        try:
            yield
        except ValidationError as error:
            found = [self._problem((*under, *one["loc"]), one["msg"], one["type"]) for one in error.errors()]
            raise Misconfigured(found) from error

    def _depth(self, keys: tuple[str | int, ...]) -> int:
        node: Any = self._tree
        for depth, key in enumerate(keys):
            if isinstance(node, CommentedSeq):
                if not isinstance(key, int) or key >= len(node):
                    return depth
            elif not isinstance(node, CommentedMap) or key not in node:
                return depth
            node = node[key]
        return len(keys)

    def _problem(self, keys: tuple[str | int, ...], message: str, kind: str) -> Problem:
        dotted = ".".join(str(key) for key in keys)
        variable = PREFIX + "__".join(str(key) for key in keys).upper()
        where = f"environment ({variable})" if variable in os.environ else self.line(keys)
        if kind == "extra_forbidden":
            return Problem(where, dotted, "unknown key", "remove it or correct its spelling: docs/operator.md has all")
        if kind == "missing":
            return Problem(where, dotted, "missing", f"set it in {self.path.name}, or a secret as {variable}")
        return Problem(where, dotted, message, f"correct it in {self.path.name}, or with {variable}")


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list) else node


def _read(path: Path, name: str) -> CommentedMap:
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(
            [Problem(str(path), "--config", f"{error.strerror}", "name a file that can be read")]
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise Misconfigured([Problem(where, "yaml", f"{error.problem}", "mend the YAML of that line")]) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise Misconfigured([Problem(name, "yaml", f"{error}", "save it as YAML in UTF-8")]) from error
    if tree is None:
        return CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise Misconfigured([Problem(f"{name}:1", "yaml", "not a mapping", "write `section:` lines")])
    return tree
