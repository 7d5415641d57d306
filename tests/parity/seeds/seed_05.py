# SPDX-License-Identifier: Apache-2.0
"""seed_05.py: a task by its loop, pending and finished; it returns what the tutorial prints."""

import asyncio


async def execute(x):
    print("Number:", x)
    return x


coroutine = execute(1)
print("Coroutine:", coroutine)
loop = asyncio.new_event_loop()
task = loop.create_task(coroutine)
print("Task:", task)
loop.run_until_complete(task)
print("Task:", task)
loop.close()
