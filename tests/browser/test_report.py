from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser

from bot.training.evaluation import Evaluation
from bot.training.report import render
from tests.training.answers import asked

ANSWERS = (
    *(asked(f"a_rather_long_intent_{number}", f"another_long_intent_{number}", 0.5) for number in range(20)),
    *(asked(f"known_{number}", f"known_{number}", number / 40) for number in range(40)),
    asked(None, "known_1", 0.9, "w" * 500),
    asked("known_2", "known_1", 0.9, "提现一直没到账" * 50, language="zh"),
)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
async def test_an_evaluation_fits_every_screen(
    browser: Browser, tmp_path: Path, shots: Path, width: int, scheme: Literal["dark", "light"]
) -> None:
    """Nothing stands out at the side, however long it is; nothing is fetched."""
    (tmp_path / "report.html").write_text(render(Evaluation(model="0123456789abcdef", asked=ANSWERS)), "utf-8")
    page = await browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    await page.goto(f"file://{tmp_path}/report.html")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(fetched) == 1
    await page.screenshot(path=shots / f"report-{width}.png", full_page=True)
    await page.close()
