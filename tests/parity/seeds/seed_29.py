# SPDX-License-Identifier: Apache-2.0
"""seed_29.py: as_completed: each result as soon as it is there."""

import asyncio


async def work(n):
    await asyncio.sleep(n)
    return n


async def main():
    tasks = [asyncio.create_task(work(n)) for n in (3, 1, 2)]
    for coro in asyncio.as_completed(tasks):
        print(await coro)


asyncio.run(main())
