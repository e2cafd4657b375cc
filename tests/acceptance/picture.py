"""The pictures in docs/images, taken of the real program: `python -m tests.acceptance.picture [FOLDER]`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import expect
from rich.console import Console

from bot.rasa_project import RasaProject
from bot.training import model_for
from tests.acceptance.desk_picture import desk_picture, sections
from tests.acceptance.house import LONGEST_STOP, PATIENCE, ROOT, House
from tests.acceptance.page import still, tab
from tests.browser.widget import Widget

#: Bytes of a picture that a page on the way to its reader can bear.
LARGEST = 400_000

DESKTOP = {"viewport": {"width": 1200, "height": 800}, "device_scale_factor": 2, "locale": "en-US"}
PHONE = {
    "viewport": {"width": 412, "height": 915},
    "device_scale_factor": 2,
    "color_scheme": "dark",
    "locale": "zh-CN",
    "is_mobile": True,
    "has_touch": True,
}


async def main(folder: Path) -> None:
    os.environ["FONTCONFIG_FILE"] = str(Path(__file__).with_name("fonts.conf"))
    async with served() as house:
        await picture(house, "en", DESKTOP, folder / "chat.png")
        await picture(house, "zh", PHONE, folder / "chat-dark-phone.png", reply="您好，我是 Anna，我来帮您看一下。")
    async with served() as house:
        await desk_picture(house, folder / "desk.png")
        bearable(folder / "desk.png")


@asynccontextmanager
async def served() -> AsyncIterator[House]:
    """The example, ready, with a database of its own."""
    with TemporaryDirectory() as folder:
        content = Path(folder) / "content"
        content.mkdir()
        for name in ("intents", "responses"):
            (content / name).symlink_to(ROOT / name)
        model = await model_for(RasaProject(ROOT / "intents"), ROOT / "var" / "models", Console(stderr=True))
        (content / "model.tar.gz").symlink_to(model)
        house = House(Path(folder) / "house", content, **sections(Path(folder)))
        up = house.up()
        try:
            await up.ready()
            yield house
        finally:
            up.process.terminate()
            up.process.wait(LONGEST_STOP)


async def picture(house: House, language: str, context: dict[str, Any], file: Path, reply: str = "") -> None:
    """Somebody asks in Chinese, is answered, is handed to a person, and may get a `reply`, on the page at `/`."""
    async with tab(**context) as page:
        await page.goto(f"{house.base}/?lang={language}")
        widget = Widget(page, language)
        await widget.open()
        await says(widget, "提现要多久？", 2)
        await says(widget, "转人工", 4)
        if reply:
            await answered(house, widget, reply)
        await still(page)
        await page.screenshot(path=file)
    bearable(file)


def bearable(file: Path) -> None:
    """Ends the program where the picture has more bytes than its readers should wait for."""
    size = file.stat().st_size
    if size > LARGEST:
        sys.exit(f"{file} has {size:,} bytes; {LARGEST:,} is the limit")


async def says(widget: Widget, text: str, count: int) -> None:
    """Sends `text`; returns once the message number `count` is there."""
    await widget.send(text)
    await expect(widget.messages).to_have_count(count, timeout=PATIENCE * 1000)


async def answered(house: House, widget: Widget, reply: str) -> None:
    """Anna takes the ticket the chat names, and says `reply`."""
    number = (await widget.owner.inner_text()).rpartition(" ")[2]
    await asyncio.to_thread(house.run, "tickets", "reply", number, reply, "--as", "Anna")
    await widget.hears(reply)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"))
