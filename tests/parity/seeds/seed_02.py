# SPDX-License-Identifier: Apache-2.0
"""seed_02.py: running a coroutine in four ways; the fourth makes its loop, which Python 3.14 asks for."""

import asyncio


async def my_coroutine():
    print("开始协程")
    await asyncio.sleep(1)
    print("结束协程")


async def with_create_task():
    task = asyncio.create_task(my_coroutine())
    await task


async def with_ensure_future():
    task = asyncio.ensure_future(my_coroutine())
    await task


asyncio.run(my_coroutine())
asyncio.run(with_create_task())
asyncio.run(with_ensure_future())
loop = asyncio.new_event_loop()
loop.run_until_complete(my_coroutine())
loop.close()
