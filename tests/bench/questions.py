"""What is asked: the project's held-out questions that both systems answer with words and without a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from bot import answers, domain, policy
from bot.policy import SPECIAL
from bot.settings import Decisions
from bot.understanding import Understanding
from bot.understood import Understood
from tests.acceptance.customer import questions
from tests.acceptance.house import ROOT
from tests.bench.peer import BRAND

#: Questions in one conversation.
LENGTH = 10


async def answered(url: str) -> list[str]:
    """English and Chinese questions in turn, each of which Rasa at `url` is sure enough of for an answer."""
    understanding = Understanding(lambda: url)
    plain = _plain()
    try:
        pools = [
            [text for text in pool if _sure(await understanding.parse(text), plain)]
            for pool in questions(ROOT / "intents")
        ]
    finally:
        await understanding.close()
    return [text for pair in zip(*pools, strict=False) for text in pair]


def conversations(texts: Sequence[str], turns: int) -> Iterator[list[str]]:
    """`turns` questions, cut into conversations."""
    flow = islice(cycle(texts), turns)
    while part := list(islice(flow, LENGTH)):
        yield part


def _plain() -> frozenset[str]:
    """Intents that Frontdesk answers without opening a ticket."""
    rules = policy.load(ROOT / "responses", domain.load(ROOT / "intents"))
    intents = answers.load(ROOT / "responses", BRAND, ("en", "zh")).intents() - SPECIAL
    return frozenset(intent for intent in intents if not rules.escalates(intent))


def _sure(understood: Understood, plain: frozenset[str]) -> bool:
    limits = Decisions()
    if understood.refused:
        return False
    best, second = understood.ranking[:2]
    sure = best.confidence >= limits.confident and best.confidence - second.confidence >= limits.close
    return sure and best.intent in plain
