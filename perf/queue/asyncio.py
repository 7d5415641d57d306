# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: queue and queue44 on CPython's asyncio."""

import asyncio
import functools

from workload import Request, Scenario

CAPACITY = 1000


async def produce(channel: asyncio.Queue, first: int, last: int) -> None:
    for i in range(first, last):
        await channel.put(i)


async def consume(channel: asyncio.Queue, count: int) -> int:
    total = 0
    for _ in range(count):
        total += await channel.get()
    return total


async def run(pairs: int, request: Request) -> int:
    channel = asyncio.Queue(CAPACITY)
    each = request.size // pairs
    producers = [asyncio.create_task(produce(channel, i * each, (i + 1) * each)) for i in range(pairs)]
    consumers = [asyncio.create_task(consume(channel, each)) for _ in range(pairs)]
    for task in producers:
        await task
    total = 0
    for task in consumers:
        total += await task
    return total


SCENARIOS = {
    "queue": Scenario(functools.partial(run, 1), share=10),
    "queue44": Scenario(functools.partial(run, 4), share=10),
}
