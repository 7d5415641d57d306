# SPDX-License-Identifier: Apache-2.0
"""seed_34.py: cancelling from outside."""

import asyncio


async def long_running_task():
    await asyncio.sleep(10)


async def main():
    task = asyncio.create_task(long_running_task())
    await asyncio.sleep(0.5)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("任务被取消")


asyncio.run(main())
