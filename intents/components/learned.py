"""What `LinearIntents` has learned, and how it lies on disk: arrays and JSON, nothing that runs when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasa.shared.exceptions import FileIOException
from safetensors.numpy import load, save

from components.linear_model import Belief, Floats, Neighbours, Planes, Weighting

_TENSORS, _REST = "model.safetensors", "model.json"


@dataclass(frozen=True)
class Learned:
    """Everything training found out. Sparse blocks are in the order of `weighting.rarity`."""

    intents: Sequence[str]
    weighting: Weighting
    planes: Planes
    neighbours: Neighbours
    belief: Belief

    def write(self, folder: Path) -> None:
        """Two files in `folder`; the second knows the sha256 of the first."""
        tensors = {name: np.ascontiguousarray(tensor) for name, tensor in self._tensors().items()}
        content = save(tensors)
        rest = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "intents": self.intents,
            "dense_weight": self.weighting.dense_weight,
            "sparse": list(self.weighting.rarity),
            "belief": vars(self.belief),
        }
        (folder / _TENSORS).write_bytes(content)
        (folder / _REST).write_text(json.dumps(rest))

    def _tensors(self) -> dict[str, Floats]:
        return {
            "weights": self.planes.weights.astype(np.float16),
            "bias": self.planes.bias,
            "dense": self.neighbours.dense,
            "labels": self.neighbours.labels,
            **{f"rarity/{name}": rarity for name, rarity in self.weighting.rarity.items()},
        }

    @classmethod
    def read(cls, folder: Path) -> Learned:
        """What `write` wrote. Raises `FileIOException` where one of the files is missing or not what it was."""
        try:
            content, rest = (folder / _TENSORS).read_bytes(), json.loads((folder / _REST).read_text())
        except (OSError, ValueError) as error:
            raise FileIOException(f"LinearIntents: {folder} cannot be read ({error}); train again") from error
        if hashlib.sha256(content).hexdigest() != rest.get("sha256"):
            raise FileIOException(f"LinearIntents: {folder / _TENSORS} is not what training wrote; train again")
        return cls._of(load(content), rest)

    @classmethod
    def _of(cls, tensors: dict[str, Floats], rest: dict[str, Any]) -> Learned:
        return cls(
            intents=rest["intents"],
            weighting=Weighting({name: tensors[f"rarity/{name}"] for name in rest["sparse"]}, rest["dense_weight"]),
            planes=Planes(tensors["weights"].astype(np.float32), tensors["bias"]),
            neighbours=Neighbours(tensors["dense"].astype(np.float32), tensors["labels"]),
            belief=Belief(**rest["belief"]),
        )
