# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: echo on CPython's asyncio: a server that ends when all clients have left."""

import asyncio

from workload import Request, Scenario


async def run(request: Request) -> int:
    connected = request.connections
    total = 0
    all_left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected, total
        while message := await reader.read(4096):
            writer.write(message)
            await writer.drain()
            total += len(message)
        writer.close()
        await writer.wait_closed()
        connected -= 1
        if connected == 0:
            all_left.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f'{{"port": {port}}}', flush=True)
    await all_left.wait()
    server.close()
    await server.wait_closed()
    return total


SCENARIOS = {"echo": Scenario(run, share=10)}
