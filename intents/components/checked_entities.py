"""Entities whose form can be checked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from components.checked_forms import ENTITIES as FORMS
from components.checked_forms import Forms, Found, plain_amount

#: How values that other extractors found are written.
NORMAL: Mapping[str, Callable[[str], str]] = {"amount": plain_amount, "ticket_number": str.upper}

Entity = dict[str, Any]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class CheckedEntities(GraphComponent, EntityExtractorMixin):
    """Finds addresses, transaction hashes, e-mail addresses, account IDs and phone numbers, and checks them.

    An entity whose checksum does not fit is told with `"check": "checksum"`: people mistype, and whoever helps must see
    it. What has a normal form has it as its value: e-mail with its domain in small letters, phones in E.164, Ethereum's
    addresses with their EIP-55 letters. It stands after the other extractors: what they found within one of these
    (a coin's name in an e-mail address) is dropped, and their `amount` and `ticket_number` are written plainly.

    Settings: `entities` to find; `regions`, ISO 3166 codes of countries whose mobile numbers are known without "+";
    `account_words`, after which a number is an account's ID.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"entities": list(FORMS), "regions": [], "account_words": ["uid", "user id", "account id"]}

    @staticmethod
    def required_packages() -> list[str]:
        return ["phonenumbers", "email_validator", "base58", "bech32", "Crypto"]

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Raises `InvalidConfigException` with the key to change."""
        if set(config.get("entities", FORMS)) - set(FORMS):
            raise InvalidConfigException(f"CheckedEntities: `entities` are of {', '.join(FORMS)}")
        if not all(config.get("account_words", ["uid"])):
            raise InvalidConfigException("CheckedEntities: an empty word in `account_words`")

    def __init__(self, config: dict[str, Any]) -> None:
        self._forms = Forms(config["entities"], config["regions"], config["account_words"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CheckedEntities:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages, each with all its entities in reading order."""
        for message in messages:
            before = [_normal(entity) for entity in message.get(ENTITIES, [])]
            found = self._forms.find(message.get(TEXT) or "")
            message.set(ENTITIES, self._together(before, found), add_to_output=True)
        return messages

    def _together(self, before: list[Entity], found: list[Found]) -> list[Entity]:
        starts, ends = [one.start for one in found], [one.end for one in found]
        # Of each entity before, which of the found it overlaps.
        touched = [range(bisect_right(ends, _start(one)), bisect_left(starts, _end(one))) for one in before]
        overruled = {
            place
            for entity, places in zip(before, touched, strict=True)
            for place in places
            if not _within(entity, found[place])
        }
        kept = [entity for entity, places in zip(before, touched, strict=True) if overruled.issuperset(places)]
        new = [_told(one) for place, one in enumerate(found) if place not in overruled]
        return sorted(kept + self.add_extractor_name(new), key=_start)


def _normal(entity: Entity) -> Entity:
    write = NORMAL.get(entity[ENTITY_ATTRIBUTE_TYPE], str)
    value = entity[ENTITY_ATTRIBUTE_VALUE]
    return {**entity, ENTITY_ATTRIBUTE_VALUE: write(value) if isinstance(value, str) else value}


def _start(entity: Entity) -> int:
    return int(entity[ENTITY_ATTRIBUTE_START])


def _end(entity: Entity) -> int:
    return int(entity[ENTITY_ATTRIBUTE_END])


def _within(entity: Entity, found: Found) -> bool:
    """Whether the entity is a part of what was found, and not all of it."""
    start, end = _start(entity), _end(entity)
    return found.start <= start and end <= found.end and end - start < found.end - found.start


def _told(found: Found) -> Entity:
    told = {
        ENTITY_ATTRIBUTE_TYPE: found.entity,
        ENTITY_ATTRIBUTE_START: found.start,
        ENTITY_ATTRIBUTE_END: found.end,
        ENTITY_ATTRIBUTE_VALUE: found.value,
    }
    return {**told, "check": found.check} if found.check else told
