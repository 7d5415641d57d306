# SPDX-License-Identifier: Apache-2.0
"""seed_27.py: wait for five and read their results; the request is a sleep."""

import asyncio


async def request():
    await asyncio.sleep(0.5)
    return 200


async def main():
    tasks = [asyncio.ensure_future(request()) for _ in range(5)]
    print("Tasks:", len(tasks))
    await asyncio.wait(tasks)
    for task in tasks:
        print("Task Result:", task.result())


asyncio.run(main())
