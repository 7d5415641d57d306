# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: pingpong on CPython's asyncio."""

import asyncio

from workload import Request, Scenario


async def player(ping: asyncio.Event, pong: asyncio.Event, rounds: int) -> int:
    returned = 0
    while returned < rounds:
        await ping.wait()
        ping.clear()
        pong.set()
        returned += 1
    return returned


async def run(request: Request) -> int:
    ping, pong = asyncio.Event(), asyncio.Event()
    opponent = asyncio.create_task(player(ping, pong, request.size))
    for _ in range(request.size):
        ping.set()
        await pong.wait()
        pong.clear()
    return await opponent


SCENARIOS = {"pingpong": Scenario(run, share=10)}
