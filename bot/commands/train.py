"""`frontdesk train`: a model of the present data."""

from __future__ import annotations

import asyncio

from bot.commands.shared import DEFAULT_CONFIG, ConfigOption, configured, err, plainly
from bot.rasa import RasaProject
from bot.training.train import train as trained


def train(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Trains Rasa on the examples in `intents/`. A running Frontdesk takes the model at its next start."""
    with plainly():
        settings = configured(config)
        asyncio.run(trained(RasaProject(settings.folders.intents), settings.folders.var / "models", err))
