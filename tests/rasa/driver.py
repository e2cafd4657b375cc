"""Runs in Rasa's own Python: components are driven by one JSON request a line, answered by one JSON line each."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.han_tokenizer import HanTokenizer
from components.intent_names import IntentNames
from components.linear_intents import LinearIntents
from components.sentence_model import VOCABULARY, SentenceModel, locate
from components.sentence_vectors import SentenceVectors
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.featurizers.sparse_featurizer.count_vectors_featurizer import CountVectorsFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from tokenizers import BertWordPieceTokenizer

#: As in config.yml.
STEPS: list[tuple[Any, dict[str, Any]]] = [
    (IntentNames, {}),
    (HanTokenizer, {}),
    (CountVectorsFeaturizer, {"analyzer": "word", "min_ngram": 1, "max_ngram": 2}),
    (CountVectorsFeaturizer, {"analyzer": "char_wb", "min_ngram": 2, "max_ngram": 5}),
    (SentenceVectors, {}),
    (LinearIntents, {}),
]


def _steps(folder: str, settings: dict[str, Any], *, loaded: bool) -> list[Any]:
    storage = LocalModelStorage.create(Path(folder))
    found = []
    for number, (kind, config) in enumerate(STEPS):
        name = f"{kind.__name__}{number}"
        whole = kind.get_default_config() | config | (settings if kind is LinearIntents else {})
        make = kind.load if loaded else kind.create
        found.append(make(whole, storage, Resource(name), ExecutionContext(GraphSchema({}), node_name=name)))
    return found


def learn(folder: str, examples: Sequence[tuple[str, str]], *, names: bool = True, **settings: Any) -> None:
    """Trains the pipeline on pairs of text and intent, and `names` of intents; what it learns is below `folder`."""
    Path(folder).mkdir(parents=True)
    data = TrainingData([Message.build(text=text, intent=intent) for text, intent in examples])
    for step in _steps(folder, settings, loaded=False)[not names :]:
        if hasattr(step, "train"):
            step.train(data)
        data = step.process_training_data(data)


def ask(folder: str, texts: Sequence[str], **settings: Any) -> list[dict[str, Any]]:
    """What the pipeline below `folder` says of each text, loaded anew."""
    messages = [Message.build(text=text) for text in texts]
    for step in _steps(folder, settings, loaded=True):
        messages = step.process(messages)
    return [message.as_dict(only_output_properties=True) for message in messages]


def tokens(text: str, **settings: Any) -> list[tuple[str, int, int]]:
    """What HanTokenizer makes of a text: each token as featurizers read it, its start and end."""
    message = Message({TEXT: text})
    tokenizer = HanTokenizer(HanTokenizer.get_default_config() | settings)
    return [(token.text, token.start, token.end) for token in tokenizer.process([message])[0].get("text_tokens")]


def export(folder: str) -> None:
    """The default model as a folder that `model` may name."""
    shutil.copy(locate(None, None).model, Path(folder) / "model.onnx")
    BertWordPieceTokenizer(str(VOCABULARY), lowercase=True).save(str(Path(folder) / "tokenizer.json"))


def vectors(texts: Sequence[str], model: str | None = None, sha256: str | None = None) -> list[list[float]]:
    """The vectors of texts, by the default model or another."""
    found: list[list[float]] = SentenceModel(locate(model, sha256), 128, "mean").vectors(texts).tolist()
    return found


def found(model: str | None, sha256: str | None) -> list[str]:
    """Where a model and its tokenizer lie."""
    files = locate(model, sha256)
    return [str(files.model), str(files.tokenizer)]


def checked(**settings: Any) -> None:
    """What Rasa asks a component of its settings before it trains."""
    LinearIntents.validate_config(settings)


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    calls = {call.__name__: call for call in (learn, ask, tokens, export, vectors, found, checked)}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        answer: dict[str, Any]
        try:
            answer = {"answer": calls[name](**arguments)}
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the test's to judge
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
