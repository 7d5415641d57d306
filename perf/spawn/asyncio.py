# SPDX-License-Identifier: Apache-2.0
"""asyncio.py: spawn on CPython's asyncio."""

import asyncio

from workload import Request, Scenario


async def trivial(i: int) -> int:
    return i


async def run(request: Request) -> int:
    tasks = [asyncio.create_task(trivial(i)) for i in range(request.size)]
    total = 0
    for task in tasks:
        total += await task
    return total


SCENARIOS = {"spawn": Scenario(run, share=10)}
