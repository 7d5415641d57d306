# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: sleep100k on CPython's asyncio."""

import asyncio

from workload import Request, Scenario, sleep_lengths


async def sleeper(loop, length: float) -> float:
    due = loop.time() + length
    await asyncio.sleep(length)
    return (loop.time() - due) * 1e3


async def run(request: Request) -> int:
    loop = asyncio.get_running_loop()
    lengths = sleep_lengths()
    tasks = [asyncio.create_task(sleeper(loop, next(lengths))) for _ in range(request.size)]
    for task in tasks:
        request.late_ms.append(await task)
    return len(request.late_ms)


SCENARIOS = {"sleep100k": Scenario(run)}
