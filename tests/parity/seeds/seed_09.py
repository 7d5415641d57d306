# SPDX-License-Identifier: Apache-2.0
"""seed_09.py: done callbacks run in the order they were added."""

import asyncio
import functools


def callback(future, n):
    print(f"{n}: future done: {future.result()}")


async def register_callbacks(all_done):
    print("注册callback到future对象")
    all_done.add_done_callback(functools.partial(callback, n=1))
    all_done.add_done_callback(functools.partial(callback, n=2))


async def main(all_done):
    await register_callbacks(all_done)
    print("设置future的结果")
    all_done.set_result("the result")
    await asyncio.sleep(0)  # they run on a later turn


loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main(loop.create_future()))
finally:
    loop.close()
