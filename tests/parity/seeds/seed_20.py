# SPDX-License-Identifier: Apache-2.0
"""seed_20.py: gather with errors in their places."""

import asyncio


async def task1():
    return 1


async def task2():
    raise ValueError("x")


async def task3():
    await asyncio.sleep(1)
    return 3


async def main():
    results = await asyncio.gather(task1(), task2(), task3(), return_exceptions=True)
    for result in results:
        print(f"error {result}" if isinstance(result, Exception) else result)


asyncio.run(main())
