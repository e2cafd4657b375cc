"""The platforms. Each is imported only when config.yaml asks for it: by its name here, or as "module:Class"."""

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


class NoSuchChannel(LookupError):
    """Nothing that `type` names is a channel; the message says why."""


def channel_class(type_: str) -> type[Channel]:
    """The class behind a channel type: a name in the registry, or a company's own "module:Class".

    Raises `NoSuchChannel`.
    """
    where = type_ if ":" in type_ else registry.get(type_)
    if where is None:
        raise NoSuchChannel(f"no channel type {type_!r}")
    module, _, name = where.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, SyntaxError, AttributeError, ValueError) as error:
        raise NoSuchChannel(f"{type_!r} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Channel)):
        raise NoSuchChannel(f"{type_!r} is no class made from channels.base.Channel")
    return found
