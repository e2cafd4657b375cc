"""The line itself."""

from __future__ import annotations

import asyncio
import gc
import warnings

from tests.channels.telegram.platform import Platform


async def test_stop_in_the_midst_of_a_handshake_leaves_no_line_open(peer: Platform) -> None:
    """Who is called and says nothing is hung up on when the channel stops."""
    met = asyncio.Event()
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        while await reader.read(1000):
            continue
        left.set()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = peer.channel(base_url=f"https://localhost:{port}/bot").client
        asking = asyncio.create_task(client.identity())
        await met.wait()
        await asyncio.sleep(0.1)
        asking.cancel()
        await asyncio.wait([asking])
        async with asyncio.timeout(5):
            await left.wait()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gc.collect()
