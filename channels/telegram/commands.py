"""The menu, and what a command means: the words a person would have used."""

from __future__ import annotations

#: Command -> language -> the line in the menu, and the words it stands for.
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "start": {"en": ("Say hello", "hello"), "zh": ("打个招呼", "你好")},
    "help": {"en": ("What I can do for you", "hi, can you help me?"), "zh": ("我能帮您做什么", "你好，可以帮我吗")},
    "human": {"en": ("Talk to a human", "talk to a human"), "zh": ("转人工客服", "转人工")},
    "ticket": {
        "en": ("How my ticket is doing", "what's the status of my ticket"),
        "zh": ("查询工单进度", "我的工单进度"),
    },
}
#: Language of the menu -> the code Telegram shows it for; None is everybody else.
LANGUAGES: dict[str, str | None] = {"en": None, "zh": "zh"}
#: What follows these is no words of the person's: `/start` carries where a link came from.
ALONE = {"start"}
#: What follows these stands for itself.
BARE = {"ask", "help"}


def menu(language: str) -> list[tuple[str, str]]:
    """Commands and their lines in a language."""
    return [(command, texts[language][0]) for command, texts in COMMANDS.items()]


def meant(command: str, rest: str, language: str | None) -> str | None:
    """What `/command rest` says in plain words; None for a command that is not ours."""
    if rest and command in BARE:
        return rest
    if command not in COMMANDS:
        return None
    words = COMMANDS[command]["zh" if (language or "").lower().startswith("zh") else "en"][1]
    return words if command in ALONE or not rest else f"{words} {rest}"
