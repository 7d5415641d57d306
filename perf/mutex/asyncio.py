# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: mutex on CPython's asyncio. Nothing waits inside, so the lock is never contended."""

import asyncio

from workload import Request, Scenario

TASK_COUNT = 1000


async def run(request: Request) -> int:
    count = 0
    guard = asyncio.Lock()

    async def counter(times: int) -> None:
        nonlocal count
        for _ in range(times):
            async with guard:
                count += 1

    tasks = [asyncio.create_task(counter(request.size // TASK_COUNT)) for _ in range(TASK_COUNT)]
    for task in tasks:
        await task
    return count


SCENARIOS = {"mutex": Scenario(run)}
