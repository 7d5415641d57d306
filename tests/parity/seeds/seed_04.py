# SPDX-License-Identifier: Apache-2.0
"""seed_04.py: a task made before its loop runs."""

import asyncio


async def execute(x):
    print("Number:", x)
    return x


loop = asyncio.new_event_loop()
coroutine = execute(1)
print("Coroutine:", coroutine)
task = asyncio.ensure_future(coroutine, loop=loop)
print("Task:", task)
loop.run_until_complete(task)
print("Task:", task)
loop.close()
