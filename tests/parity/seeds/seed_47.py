# SPDX-License-Identifier: Apache-2.0
"""seed_47.py: gather and wait together, which the tutorial leaves to be written."""

import asyncio


async def work(n):
    await asyncio.sleep(n)
    if n == 3:
        raise ValueError("three")
    return n


async def main():
    tasks = [asyncio.create_task(work(n)) for n in (1, 2, 3, 4, 5)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for task, result in zip(tasks, results):
        print("cancelled" if task.cancelled() else result)


asyncio.run(main())
