"""The platforms. Each is named here and imported only when config.yaml asks for it."""

from __future__ import annotations

from importlib import import_module

from channels.base import Channel

#: `type` in config.yaml -> "module:Class".
registry: dict[str, str] = {
    "discord": "channels.discord:Discord",
    "email": "channels.email:Email",
    "memory": "channels.memory:Memory",
    "telegram": "channels.telegram:Telegram",
    "webchat": "channels.webchat:WebChat",
    "x": "channels.x:X",
}


def channel_class(type_: str) -> type[Channel]:
    """The class behind a channel type. Raises `KeyError` for a type nobody registered."""
    module, _, name = registry[type_].partition(":")
    found: type[Channel] = getattr(import_module(module), name)
    return found
