# SPDX-License-Identifier: Apache-2.0
"""seed_24.py: two steps at once: the slowest counts."""

import asyncio
import time


async def step1(n, start):
    await asyncio.sleep(n)
    print("第一阶段完成")
    print(f"此时用时 {time.time() - start:.1f}")
    return n


async def step2(n, start):
    await asyncio.sleep(n)
    print("第二阶段完成")
    print(f"此时用时 {time.time() - start:.1f}")
    return n


async def main():
    now = time.time()
    result = await asyncio.gather(step1(5, now), step2(2, now))
    for i in result:
        print(i)
    print(f"总用时 {time.time() - now:.1f}")


asyncio.run(main())
