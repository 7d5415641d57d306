# SPDX-License-Identifier: Apache-2.0
"""seed_03.py: two tasks wait at the same time: two seconds, not three."""

import asyncio
import time


async def say_after(delay, what):
    await asyncio.sleep(delay)
    print(what)


async def task_example():
    start = time.time()
    print("开始时间")
    task1 = asyncio.create_task(say_after(1, "Hello"))
    task2 = asyncio.create_task(say_after(2, "World"))
    await task1
    await task2
    print(f"结束时间 {time.time() - start:.1f}")


asyncio.run(task_example())
