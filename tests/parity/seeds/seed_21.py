# SPDX-License-Identifier: Apache-2.0
"""seed_21.py: gather three tasks: the results come in the order of the arguments."""

import asyncio


async def task(name, delay):
    print(f"任务 {name} 开始")
    await asyncio.sleep(delay)
    print(f"任务 {name} 完成")
    return f"结果-{name}"


async def main():
    task1 = asyncio.create_task(task("A", 2))
    task2 = asyncio.create_task(task("B", 1))
    task3 = asyncio.create_task(task("C", 3))
    results = await asyncio.gather(task1, task2, task3)
    print("所有任务完成:", results)


asyncio.run(main())
