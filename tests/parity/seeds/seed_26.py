# SPDX-License-Identifier: Apache-2.0
"""seed_26.py: wait until the first is done, for two seconds at most."""

import asyncio


async def work(n):
    await asyncio.sleep(n)
    return n


async def main():
    tasks = [asyncio.create_task(work(n)) for n in (3, 1, 5)]
    done, pending = await asyncio.wait(tasks, timeout=2.0, return_when=asyncio.FIRST_COMPLETED)
    print(len(done), len(pending), done.pop().result())


asyncio.run(main())
