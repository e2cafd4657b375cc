"""What the files around the code promise to whoever clones them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-tools.lock", "intents/requirements.lock")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Package and version of every line of a lock file that names one."""
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", read(name), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_index_and_no_machine(lock: str) -> None:
    """A lock file works with whatever index its reader uses."""
    assert not re.search(r"https?://|file:|--index|--extra-index|--find-links|^/|\s/", read(lock), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    """Each entry of a lock file is an exact version followed by at least one sha256."""
    entries = re.split(r"^(?=[a-zA-Z0-9])", read(lock), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"\S+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_asked_for_is_locked(lock: str) -> None:
    """Nothing stands in an .in file that is not in its lock file."""
    asked = re.findall(r"^([a-zA-Z0-9][a-zA-Z0-9._-]*)", read(lock.replace(".lock", ".in")), re.MULTILINE)
    assert set(map(canonical, asked)) <= set(pins(lock))


def test_every_import_is_asked_for() -> None:
    """No module of ours leans on a package that only another package brings."""
    asked = set(map(canonical, re.findall(r"^([a-zA-Z0-9._-]+)", read("requirements.in"), re.MULTILINE)))
    imported = {
        name.partition(".")[0]
        for folder in ("bot", "channels")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imports(node)
    }
    brought = packages_distributions()
    foreign = sorted(imported - sys.stdlib_module_names - {"bot", "channels"})
    assert [name for name in foreign if asked.isdisjoint(map(canonical, brought.get(name, [])))] == []


def canonical(package: str) -> str:
    """The one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", package).lower()


def imports(node: ast.AST) -> list[str]:
    """Modules an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    """A package in both lock files of the bot has one version."""
    shipped, tested = pins("requirements.lock"), pins("requirements-dev.lock")
    shared = shipped.keys() & tested.keys()
    assert shared
    assert {name: shipped[name] for name in shared} == {name: tested[name] for name in shared}


def test_the_builder_is_the_installer() -> None:
    """The package is built by the very version of uv that the Makefile installs."""
    (builder,) = tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    assert builder == f"uv_build=={pins('requirements-tools.lock')['uv']}"


def test_every_lint_exception_has_its_reason() -> None:
    """Each rule of ruff that is off says why on its line."""
    listed = re.search(r"\[tool\.ruff\.lint\](.*?)\[tool\.ruff\.lint\.mccabe\]", read("pyproject.toml"), re.DOTALL)
    assert listed
    rules = [line for line in listed[1].splitlines() if re.match(r' +"', line)]
    assert rules
    assert [line for line in rules if not re.search(r"# \w+", line)] == []


def test_every_test_states_the_fact_it_proves() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{path.relative_to(ROOT)}: {function.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_")
        if not ast.get_docstring(function)
    ]
    assert silent == []


@pytest.mark.parametrize(
    "target", ["install", "up", "test", "check", "bench", "measure", "evaluate", "train", "lock", "clean"]
)
def test_make_tells_what_it_can_do(target: str) -> None:
    """`make` alone lists every target with a word on it."""
    shown = subprocess.run(["make", "-s", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^ *make {target} +\S+", shown, re.MULTILINE)


def test_ci_is_what_a_developer_runs() -> None:
    """`.ci/run` stops at the first failure and calls the two commands everybody has."""
    lines = [line for line in read(".ci/run").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "set -euo pipefail"
    assert lines[-2:] == ["make check", "make test"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_license_is_the_one_declared() -> None:
    """LICENSE is the whole Apache License 2.0, as pyproject.toml says."""
    text = read("LICENSE")
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("script", ["scripts/bootstrap", "scripts/browser", ".ci/run"])
def test_scripts_are_valid(script: str) -> None:
    """The shell can read every script."""
    subprocess.run(["bash", "-n", ROOT / script], check=True)
