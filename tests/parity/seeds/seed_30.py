# SPDX-License-Identifier: Apache-2.0
"""seed_30.py: as_completed, and how long it takes."""

import asyncio
import time


async def foo(n):
    print("Waiting: ", n)
    await asyncio.sleep(n)
    return n


async def main():
    start = time.time()
    tasks = [asyncio.ensure_future(foo(n)) for n in (1, 2, 4)]
    for task in asyncio.as_completed(tasks):
        result = await task
        print(f"Task ret: {result}")
    print(f"{time.time() - start:.1f}")


asyncio.run(main())
