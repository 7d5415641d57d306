# SPDX-License-Identifier: Apache-2.0
"""seed_01.py: ten thousand tasks that sleep 10 ms."""

import asyncio


async def task():
    await asyncio.sleep(0.01)


async def main():
    tasks = [asyncio.create_task(task()) for _ in range(10000)]
    await asyncio.gather(*tasks)
    print(len(tasks), "tasks")


asyncio.run(main())
