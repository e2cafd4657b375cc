"""A page that wants the chat open from the start."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("attributes", "opens"), [({"data-open": ""}, True), ({"data-open": "false"}, False), ({}, False)]
)
async def test_chat_opens_by_itself(visit: Visit, attributes: dict[str, str], *, opens: bool) -> None:
    """The bare attribute is enough; without it, or with "false", the visitor opens the chat."""
    widget = await visit(attributes=attributes)
    await widget.launch.wait_for(state="attached")
    await expect(widget.input).to_be_visible(visible=opens)
