# SPDX-License-Identifier: Apache-2.0
"""seed_10.py: a callback of a task; the request is a sleep, which does not block the loop."""

import asyncio


async def request():
    await asyncio.sleep(0.3)
    return 200


def callback(task):
    print("Status:", task.result())


loop = asyncio.new_event_loop()
task = loop.create_task(request())
task.add_done_callback(callback)
print("Task:", task)
loop.run_until_complete(task)
print("Task:", task)
loop.close()
