# SPDX-License-Identifier: Apache-2.0
"""seed_08.py: awaiting a future that a callback sets."""

import asyncio


def foo(future, result):
    print("设置结果到future", result)
    future.set_result(result)


async def main(loop):
    all_done = loop.create_future()
    print("调用函数获取future对象")
    loop.call_soon(foo, all_done, "the result")
    result = await all_done
    print("获取future里的结果", result)


loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main(loop))
finally:
    loop.close()
