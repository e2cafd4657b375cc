"""The parts of the measurement. Each trains what it needs; shares are from 0 to 1."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import mean, median

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench.understanding import draws, model
from tests.bench.understanding.answers import Answer, accuracy, refused_at, share
from tests.bench.understanding.draws import Draw, Example
from tests.bench.understanding.model import Ask

FOLDS, DRAWS, FEW, LEFT_OUT, TIMED = 5, 3, 10, 10, 300
#: Of the known questions, answered right where the refused unknown ones are counted.
KNOWN_RIGHT = (0.88, 0.85)
#: Questions under way at a time where it is not about latency.
AT_ONCE = 4
#: So that the probability of `nlu_fallback` is always told, however small.
WHOLE_RANKING = 100_000
#: The start of Rasa is measured so often, and its median taken off the time of a training.
STARTS = 3

Figures = dict[str, float | list[float]]
Part = Callable[[Sequence[Example], Console], Coroutine[None, None, Figures]]


async def five_folds(examples: Sequence[Example], console: Console) -> Figures:
    """Accuracy by cross-validation."""
    found = [await _answers(draw, console) for draw in draws.folds(examples, FOLDS)]
    return {"accuracy": accuracy([answer for fold in found for answer in fold]), "each": [accuracy(f) for f in found]}


async def few(examples: Sequence[Example], console: Console) -> Figures:
    """Accuracy with ten examples an intent, on all other questions."""
    found = [accuracy(await _answers(draws.few(examples, FEW, seed), console)) for seed in range(DRAWS)]
    return {"accuracy": mean(found), "each": found}


async def speed(examples: Sequence[Example], console: Console) -> Figures:
    """Seconds of training on everything and on ten examples an intent, less Rasa's start; milliseconds of a parse."""
    chosen = random.Random(0).sample(sorted(examples), TIMED)  # noqa: S311  # a draw that can be repeated
    whole, small = Draw("everything", examples, chosen), draws.few(examples, FEW, 0)
    with _folder() as folder, console.status("Rasa's start, without any training"):
        project = model.write(folder, small.trained)
        starts = [await model.started(project) for _ in range(STARTS)]
    async with _asking(small, console) as (_, few_seconds):
        pass
    async with _asking(whole, console) as (ask, seconds):
        parses = [await _timed(ask, example.text) for example in chosen]
    return {
        "start_seconds": median(starts),
        "training_seconds": seconds - median(starts),
        "training_few_seconds": few_seconds - median(starts),
        "parse_ms": 1000 * median(parses),
    }


async def unknown(examples: Sequence[Example], console: Console) -> Figures:
    """Refusal of questions whose intents were never trained on, at thresholds of belief and as built in."""
    found = [await _unknown(draws.left_out(examples, LEFT_OUT, seed), console) for seed in range(DRAWS)]
    means: Figures = {name: mean(each[name] for each in found) for name in found[0]}
    return means | {f"{name}_each": [each[name] for each in found] for name in found[0]}


async def _unknown(draw: Draw, console: Console) -> dict[str, float]:
    async with _asking(draw, console, ranking_length=WHOLE_RANKING) as (ask, _):
        known = await _asked(ask, draw.asked, draw.name, console)
        strange = await _asked(ask, draw.unknown, f"{draw.name}, unknown", console)
    swept = {f"refused_at_{right:.0%}_right": refused_at(known, strange, right) for right in KNOWN_RIGHT}
    return swept | {
        "known_right": share([answer.right and not answer.refused for answer in known]),
        "known_wrong": share([not answer.right and not answer.refused for answer in known]),
        "unknown_refused": share([answer.refused for answer in strange]),
    }


async def _answers(draw: Draw, console: Console) -> list[Answer]:
    async with _asking(draw, console) as (ask, _):
        return await _asked(ask, draw.asked, draw.name, console)


@asynccontextmanager
async def _asking(draw: Draw, console: Console, **settings: object) -> AsyncIterator[tuple[Ask, float]]:
    """A server with a model of the draw, and the seconds of its training."""
    with _folder() as folder:
        project = model.write(folder, draw.trained, **settings)
        with console.status(f"{draw.name}: training on {len(draw.trained):,} examples"):
            seconds = await model.trained(project)
        console.print(f"{draw.name}: {len(draw.trained):,} examples trained in {seconds:.0f} s with Rasa's start")
        async with model.served(project) as ask:
            yield ask, seconds


async def _asked(ask: Ask, examples: Sequence[Example], name: str, console: Console) -> list[Answer]:
    places = asyncio.Semaphore(AT_ONCE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{name}: asking", total=len(examples))

        async def one(example: Example) -> Answer:
            async with places:
                answer = Answer.of(example.intent, await ask(example.text))
            progress.advance(bar)
            return answer

        return await asyncio.gather(*map(one, examples))


async def _timed(ask: Ask, text: str) -> float:
    began = time.perf_counter()
    await ask(text)
    return time.perf_counter() - began


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="frontdesk-measure-") as folder:
        yield Path(folder) / "intents"
