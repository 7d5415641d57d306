# SPDX-License-Identifier: Apache-2.0
"""seed_18.py: the loop's own time; times are told from the start."""

import asyncio


def call_back(n, loop, start):
    print(f"callback {n} 运行时间点{loop.time() - start:.1f}")


async def main(loop):
    now = loop.time()
    print("注册callback")
    loop.call_at(now + 0.1, call_back, 1, loop, now)
    loop.call_at(now + 0.2, call_back, 2, loop, now)
    loop.call_soon(call_back, 3, loop, now)
    await asyncio.sleep(1)


loop = asyncio.new_event_loop()
try:
    print("进入事件循环")
    loop.run_until_complete(main(loop))
finally:
    print("关闭循环")
    loop.close()
