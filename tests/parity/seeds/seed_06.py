# SPDX-License-Identifier: Apache-2.0
"""seed_06.py: a task is cancelled and cleans up."""

import asyncio


async def long_running_task():
    try:
        print("任务开始")
        await asyncio.sleep(10)
        print("任务完成")
    except asyncio.CancelledError:
        print("任务被取消")
        raise


async def main():
    task = asyncio.create_task(long_running_task())
    await asyncio.sleep(1)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("主函数捕获到取消异常")


asyncio.run(main())
