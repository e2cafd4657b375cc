from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.rasa.driven import Components, Hub, Refused

MODEL, SHA256 = b"a model", hashlib.sha256(b"a model").hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with something for a model, which nobody has to run."""
    (tmp_path / "model.onnx").write_bytes(MODEL)
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    return tmp_path


def test_a_folder_is_found(components: Components, folder: Path) -> None:
    """A folder with both files and the sha256 of its model is taken."""
    found = components.call("found", model=str(folder), sha256=SHA256)
    assert found == [str(folder / "model.onnx"), str(folder / "tokenizer.json")]


def test_a_model_nobody_vouches_for_is_refused(components: Components, folder: Path) -> None:
    """Without `sha256` the error gives the line that config.yml lacks."""
    with pytest.raises(Refused, match=f"InvalidConfigException: .*`sha256: {SHA256}` in config.yml"):
        components.call("found", model=str(folder), sha256=None)


def test_another_model_is_refused(components: Components, folder: Path) -> None:
    """A file that was altered is named, with the sha256 it has and the one it should have."""
    (folder / "model.onnx").write_bytes(b"a  odel")
    with pytest.raises(Refused, match=rf"InvalidConfigException: .*model\.onnx is not .* expected {SHA256}.*`sha256`"):
        components.call("found", model=str(folder), sha256=SHA256)


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(components: Components, folder: Path, missing: str) -> None:
    """The error names the file that is not there and the key that led to it."""
    (folder / missing).unlink()
    with pytest.raises(Refused, match=rf"InvalidConfigException: .*{missing}; see `model` in config\.yml"):
        components.call("found", model=str(folder), sha256=SHA256)


def test_a_folder_reads_as_the_default(components: Components, tmp_path: Path) -> None:
    """The default model exported to a folder gives the default's vectors, each of length 1."""
    components.call("export", folder=str(tmp_path))
    digest = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    texts = ["where is my card", "提现要多久", ""]
    ours = components.call("vectors", texts=texts)
    assert components.call("vectors", texts=texts, model=str(tmp_path), sha256=digest) == ours
    assert [sum(number**2 for number in vector) for vector in ours] == pytest.approx([1, 1, 1], abs=1e-5)


def test_a_hub_name_is_fetched_once(components: Components, hub: Hub) -> None:
    """Both files are sent once; asked for again they come from the cache, also while the hub answers nobody."""
    names = ["owner/small/onnx/model.onnx", "owner/small/tokenizer.json"]
    hub.files |= dict(zip(names, (MODEL, b"{}"), strict=True))
    model, tokenizer = components.call("found", model="owner/small", sha256=SHA256)
    assert (Path(model).read_bytes(), Path(tokenizer).read_bytes()) == (MODEL, b"{}")
    for hub.busy in (False, True, False):
        assert components.call("found", model="owner/small", sha256=SHA256) == [model, tokenizer]
    assert [hub.sent[name] for name in names] == [1, 1]


@pytest.mark.parametrize("name", ["owner/unknown", "no such folder", "owner/halved"])
def test_a_name_that_leads_nowhere(components: Components, hub: Hub, name: str) -> None:
    """What is neither a folder nor a repository with both files is an error that names the key."""
    hub.files["owner/halved/onnx/model.onnx"] = MODEL
    with pytest.raises(Refused, match=rf"InvalidConfigException: .*{name} .*see `model` in config\.yml"):
        components.call("found", model=name, sha256=SHA256)
