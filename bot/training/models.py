"""Models on disk: one archive for each state of the training data, named by its fingerprint."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.errors import Misconfigured, Problem, Refused

#: Written into config.yml by Rasa itself; says nothing of the model.
_ASSIGNMENT = "assistant_id"


def fingerprint(intents: Path) -> str:
    """A name for what `intents` would train to: sha256 of configuration, domain, data, components and Rasa's version.

    Comments in config.yml do not change it, since Rasa rewrites that file; in all others every byte counts.
    """
    digest = hashlib.sha256()
    for path in _sources(intents):
        content = path.read_bytes()
        for part in (path.relative_to(intents).as_posix().encode(), str(len(content)).encode(), content):
            digest.update(part + b"\0")
    digest.update(json.dumps(_configuration(intents), sort_keys=True).encode())
    return digest.hexdigest()


def components(intents: Path) -> int:
    """How many components the pipeline in config.yml has; 0 where it has none that can be counted."""
    pipeline = _configuration(intents).get("pipeline")
    return len(pipeline) if isinstance(pipeline, list) else 0


def model_path(models: Path, name: str) -> Path:
    """Where the model of a fingerprint lies, trained or not."""
    return models / f"{name}.tar.gz"


def named(models: Path, name: str) -> Path:
    """The one model in `models` whose fingerprint begins with `name`. Raises `Refused` where it is not one."""
    found = [path for path in sorted(models.glob("*.tar.gz")) if path.name.startswith(name)]
    if len(found) != 1:
        known = ", ".join(path.name[:12] for path in sorted(models.glob("*.tar.gz"))) or "none"
        raise Refused(f"{len(found) or 'no'} models in {models} begin with {name!r}; there are: {known}")
    return found[0]


def usable(model: Path) -> bool:
    """Whether `model` is a whole archive of a Rasa model: every byte is read, none is unpacked."""
    try:
        with gzip.open(model) as whole:
            while whole.read(1 << 20):
                pass
        with tarfile.open(model) as archive:
            metadata = archive.extractfile("metadata.json")
            return metadata is not None and "predict_schema" in json.load(metadata)
    except (OSError, EOFError, zlib.error, tarfile.TarError, KeyError, ValueError):
        return False


def set_aside(model: Path) -> Path:
    """Renames a model nobody can load, so that it can be looked at; returns its new name."""
    return model.replace(model.with_name(model.name + ".corrupt"))


def _sources(intents: Path) -> Iterator[Path]:
    """Everything a model is made of except config.yml, in a fixed order."""
    named = [intents / "domain.yml", intents / "requirements.lock"]
    code = [path for path in intents.glob("*.py") if path.name != "serve.py"]
    inside = [path for folder in ("components", "data", "domain") for path in (intents / folder).rglob("*")]
    return (path for path in sorted({*named, *code, *inside}) if path.is_file() and path.suffix != ".pyc")


def _configuration(intents: Path) -> dict[str, object]:
    try:
        loaded = YAML(typ="safe", pure=True).load(intents / "config.yml")
    except (OSError, YAMLError) as error:
        broken = Problem(str(intents / "config.yml"), "folders.intents", str(error), "Rasa needs it, in valid YAML")
        raise Misconfigured([broken]) from error
    if not isinstance(loaded, dict):
        return {}
    return {str(key): value for key, value in loaded.items() if key != _ASSIGNMENT}
