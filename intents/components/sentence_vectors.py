"""What a sentence means, as a vector."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.sentence_model import SentenceModel, locate

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
#: A text with a larger share of Chinese characters says nothing to a model that cannot read them.
MOST_HAN = 0.3

POOLINGS = ("mean", "cls")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectors(DenseFeaturizer, GraphComponent):
    """The sentence vector of a text, of length 1, from an ONNX model; all zero where the model cannot read the text.

    Settings: `model` (a folder with model.onnx and tokenizer.json, a hub name, or nothing for all-MiniLM-L6-v2),
    `sha256` of model.onnx (needed for any model but the default), `pooling` (mean or cls), `prefix` that the model
    wants before a text ("query: "), `max_tokens` read of a text, `reads_han` (false for the default model).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            **DenseFeaturizer.get_default_config(),
            "model": None,
            "sha256": None,
            "pooling": "mean",
            "prefix": "",
            "max_tokens": 128,
            "reads_han": None,
        }

    @staticmethod
    def required_packages() -> list[str]:
        return ["onnxruntime", "tokenizers"]

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Raises `InvalidConfigException` with the key to change."""
        if config.get("pooling", "mean") not in POOLINGS:
            raise InvalidConfigException(f"SentenceVectors: `pooling` is one of {', '.join(POOLINGS)}")

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._model = SentenceModel(locate(config["model"], config["sha256"]), config["max_tokens"], config["pooling"])
        reads_han = config["reads_han"]
        self._reads_han = config["model"] is not None if reads_han is None else reads_han

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectors:
        return cls(config, execution_context.node_name)

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages, each with its vector."""
        for message in messages:
            text = self._read(message)
            self._add(message, self._model.vector(text) if text else self._nothing())
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Vectors for every example, on all cores."""
        examples = [example for example in training_data.training_examples if example.get(TEXT)]
        texts = [self._read(example) for example in examples]
        readable = [place for place, text in enumerate(texts) if text]
        vectors = np.zeros((len(texts), self._model.width), dtype=np.float32)
        if readable:
            vectors[readable] = self._model.vectors([texts[place] for place in readable])
        for example, vector in zip(examples, vectors, strict=True):
            self._add(example, vector[None, :])
        return training_data

    def _read(self, message: Message) -> str:
        """The text as the model gets it; empty where it cannot read it."""
        text = str(message.get(TEXT) or "").strip()
        letters = len("".join(text.split()))
        foreign = not self._reads_han and len(_HAN.findall(text)) > MOST_HAN * letters
        return "" if foreign or not text else self._config["prefix"] + text

    def _nothing(self) -> NDArray[np.float32]:
        return np.zeros((1, self._model.width), dtype=np.float32)

    def _add(self, message: Message, vector: NDArray[np.float32]) -> None:
        message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))
