# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: yield on CPython's asyncio."""

import asyncio

from workload import Request, Scenario

TASK_COUNT = 1000


async def yielder(times: int) -> int:
    done = 0
    while done < times:
        await asyncio.sleep(0)
        done += 1
    return done


async def run(request: Request) -> int:
    tasks = [asyncio.create_task(yielder(request.size // TASK_COUNT)) for _ in range(TASK_COUNT)]
    total = 0
    for task in tasks:
        total += await task
    return total


SCENARIOS = {"yield": Scenario(run, share=10)}
