# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: tasks10k and tasks1m on CPython's asyncio."""

import asyncio
import time

from workload import Request, Scenario


async def sleeper() -> float:
    due = time.monotonic() + 0.01
    await asyncio.sleep(0.01)
    return (time.monotonic() - due) * 1e3


async def run(request: Request) -> int:
    tasks = [asyncio.create_task(sleeper()) for _ in range(request.size)]
    for task in tasks:
        request.late_ms.append(await task)
    return len(request.late_ms)


SCENARIOS = {"tasks10k": Scenario(run), "tasks1m": Scenario(run, quick=False)}
