# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: sleep100k on CPython's asyncio."""

import asyncio
import time

from workload import Request, Scenario, sleep_lengths


async def sleeper(length: float) -> float:
    due = time.monotonic() + length
    await asyncio.sleep(length)
    return (time.monotonic() - due) * 1e3


async def run(request: Request) -> int:
    lengths = sleep_lengths()
    tasks = [asyncio.create_task(sleeper(next(lengths))) for _ in range(request.size)]
    for task in tasks:
        request.late_ms.append(await task)
    return len(request.late_ms)


SCENARIOS = {"sleep100k": Scenario(run)}
