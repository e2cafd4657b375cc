"""An intent classifier that trains in seconds, and is silent when unsure."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack

from components.learned import Learned
from components.linear_model import Belief, Neighbours, Planes, Rows, Weighting, held_out

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntents(IntentClassifier, GraphComponent):
    """A linear SVM over all sparse and dense sentence features, with calibrated confidence and built-in refusal.

    The probability that a text means none of the intents goes to `nlu_fallback`. Where that is the largest it stands on
    top of the ranking: the text is refused, and what it was taken for stands below. No FallbackClassifier is needed.

    Settings:
    `c`: the SVM's; smaller trusts the examples less.
    `dense_weight`: length of the dense vectors, beside each sparse block's 1.
    `folds`: of the cross-validation from which confidence and threshold are learned.
    `refuse`: the share of what it would understand that it may refuse; this places the threshold.
    `refusal`: false never refuses.
    `out_of_scope`: the intent, if there is one, whose examples mean none of the others.
    `ranking_length`: intents told, best first.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "c": 0.5,
            "dense_weight": 2.0,
            "folds": 5,
            "refuse": 0.05,
            "refusal": True,
            "out_of_scope": "out_of_scope",
            "ranking_length": 10,
        }

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn", "safetensors"]

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Raises `InvalidConfigException` with the key to change."""
        if config.get("folds", 5) < 2:  # noqa: PLR2004
            raise InvalidConfigException("LinearIntents: `folds` is at least 2")
        if not 0 <= config.get("refuse", 0) < 1:
            raise InvalidConfigException("LinearIntents: `refuse` is a share, from 0 to below 1")

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._learned: Learned | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntents:
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from every example that has an intent; without any, it will never say one."""
        examples = [example for example in training_data.intent_examples if str(example.get(TEXT) or "").strip()]
        if examples:
            self._learned = self._learn(examples)
            with self._model_storage.write_to(self._resource) as folder:
                self._learned.write(folder)
        return self._resource

    def _learn(self, examples: Sequence[Message]) -> Learned:
        intents = sorted({example.get(INTENT) for example in examples})
        number = {intent: place for place, intent in enumerate(intents)}
        labels = np.array([number[example.get(INTENT)] for example in examples])
        rows = _rows(examples)
        weighting = Weighting.learned(rows, self._config["dense_weight"])
        features = weighting.features(rows)
        held = held_out(features, rows.dense, labels, len(intents), self._config["c"], self._config["folds"])
        belief = Belief.learned(held, self._config["refuse"])
        logger.info("Of %d examples %.1f %% are understood when held out.", len(labels), 100 * held.right.mean())
        planes = Planes.fitted(features, labels, len(intents), self._config["c"])
        return Learned(intents, weighting, planes, Neighbours(rows.dense.astype(np.float16), labels), belief)

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages, each with `intent` and `intent_ranking`."""
        if self._learned is None:
            return messages
        for message in messages:
            ranking = self._ranking(self._learned, message)
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking[: self._config["ranking_length"]], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The training data as it is: what an example means it says itself."""
        return training_data

    def _ranking(self, learned: Learned, message: Message) -> list[dict[str, Any]]:
        found = _sentence(message)
        if not found or not learned.weighting.rarity.keys() <= found.keys():
            # Blanks, or whatever else a tokenizer finds no token in.
            return self._nothing()
        rows = _rows([message], learned.weighting.rarity)
        distances = learned.planes.distances(learned.weighting.features(rows))
        has_vector = np.abs(rows.dense).sum(axis=1) > 0
        near = learned.neighbours.nearest(rows.dense, distances.argmax(axis=1))
        shares, known = learned.belief.probabilities(distances, near, has_vector)
        belief = float(known[0]) if self._config["refusal"] else 1.0
        confidence = dict(zip(learned.intents, (belief * shares[0]).tolist(), strict=True))
        outside = confidence.pop(self._config["out_of_scope"], 0.0) + 1 - belief
        if self._config["refusal"]:
            confidence[DEFAULT_NLU_FALLBACK_INTENT_NAME] = outside
        ordered = sorted(confidence.items(), key=lambda item: -item[1])
        return [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: value} for name, value in ordered] or self._nothing()

    def _nothing(self) -> list[dict[str, Any]]:
        """The ranking for a text that says nothing: refused, or Rasa's answer where nothing is refused."""
        if self._config["refusal"]:
            return [{INTENT_NAME_KEY: DEFAULT_NLU_FALLBACK_INTENT_NAME, PREDICTED_CONFIDENCE_KEY: 1.0}]
        return [{INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}]

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> LinearIntents:
        """The trained classifier; an untrained one where training found no example."""
        loaded = cls.create(config, model_storage, resource, execution_context)
        try:
            with model_storage.read_from(resource) as folder:
                loaded._learned = Learned.read(folder)  # noqa: SLF001  # one of our own
        except ValueError:
            # Rasa's word for a component that stored nothing.
            logger.warning("LinearIntents was trained without examples.")
        return loaded


def _rows(messages: Sequence[Message], names: Iterable[str] | None = None) -> Rows:
    """The sentence features of `messages`; the sparse ones called `names`, or those of the first message."""
    features = [_sentence(message) for message in messages]
    sparse = [name for name, found in features[0].items() if found.is_sparse()] if names is None else names
    counts = {name: csr_matrix(vstack([found[name].features for found in features])) for name in sparse}
    dense = [
        np.hstack([one.features for one in found.values() if one.is_dense()] or [np.zeros((1, 0))])
        for found in features
    ]
    return Rows(counts, np.vstack(dense).astype(np.float32))


def _sentence(message: Message) -> dict[str, Features]:
    return {
        found.origin: found
        for found in message.features
        if found.attribute == TEXT and found.type == FEATURE_TYPE_SENTENCE
    }
