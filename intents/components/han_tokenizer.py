"""Tokens for text in which Chinese and Western words stand side by side."""

from __future__ import annotations

import re
from typing import Any

from opencc import OpenCC
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class HanTokenizer(Tokenizer):
    """One token a Chinese character, one a run of anything else between blanks, whatever language a message mixes.

    Word n-grams over such tokens are character n-grams in Chinese. With `simplify`, featurizers read traditional
    characters as simplified ones; `text`, `start` and `end` of a message stay as written.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"simplify": True, "intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._simplified = OpenCC("t2s").convert if config["simplify"] else str

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HanTokenizer:
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of one attribute; none for a text of blanks."""
        text = message.get(attribute)
        read = self._simplified(text)
        if len(read) != len(text):
            # A phrase became longer or shorter: positions would no longer be the text's own.
            read = "".join(map(self._simplified, text))
        return [Token(read[found.start() : found.end()], found.start()) for found in _TOKEN.finditer(text)]
