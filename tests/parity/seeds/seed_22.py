# SPDX-License-Identifier: Apache-2.0
"""seed_22.py: gather ten."""

import asyncio


async def num(n):
    try:
        await asyncio.sleep(n * 0.1)
        return n
    except asyncio.CancelledError:
        print(f"数字{n}被取消")
        raise


async def main():
    complete = await asyncio.gather(*[num(i) for i in range(10)])
    for i in complete:
        print("当前数字", i)


loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main())
finally:
    loop.close()
