# SPDX-License-Identifier: Apache-2.0
"""seed_28.py: wait for half a second and cancel the rest; it takes tasks, not coroutines."""

import asyncio


async def num(n):
    try:
        await asyncio.sleep(n * 0.1)
        return n
    except asyncio.CancelledError:
        print(f"数字{n}被取消")
        raise


async def main():
    tasks = [asyncio.create_task(num(i)) for i in range(10)]
    complete, pending = await asyncio.wait(tasks, timeout=0.45)
    for i in sorted(task.result() for task in complete):
        print("当前数字", i)
    if pending:
        print("取消未完成的任务")
        for p in tasks:
            if p in pending:
                p.cancel()


asyncio.run(main())
