# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: tasks10k and tasks1m on CPython's asyncio."""

import asyncio

from workload import Request, Scenario


async def sleeper(loop) -> float:
    due = loop.time() + 0.01
    await asyncio.sleep(0.01)
    return (loop.time() - due) * 1e3


async def run(request: Request) -> int:
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(sleeper(loop)) for _ in range(request.size)]
    for task in tasks:
        request.late_ms.append(await task)
    return len(request.late_ms)


SCENARIOS = {"tasks10k": Scenario(run), "tasks1m": Scenario(run, quick=False)}
