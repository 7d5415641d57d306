# SPDX-License-Identifier: Apache-2.0
"""seed_32.py: a task group waits for its tasks."""

import asyncio


async def work(name, delay):
    await asyncio.sleep(delay)
    print(name)


async def main():
    async with asyncio.TaskGroup() as tg:
        tg.create_task(work("task1", 1))
        tg.create_task(work("task2", 2))
    print("all tasks ended")


asyncio.run(main())
