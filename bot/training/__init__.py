"""The maintainers' loop: from training data to a model that answers."""

from __future__ import annotations

from bot.training.models import fingerprint, model_path, usable
from bot.training.train import Trained, model_for, train

__all__ = ["Trained", "fingerprint", "model_for", "model_path", "train", "usable"]
