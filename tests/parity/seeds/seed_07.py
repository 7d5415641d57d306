# SPDX-License-Identifier: Apache-2.0
"""seed_07.py: a bare future, set by a callback; its result outlives the loop."""

import asyncio


def foo(future, result):
    print(f"此时future的状态:{future}")
    print(f"设置future的结果:{result}")
    future.set_result(result)
    print(f"此时future的状态:{future}")


loop = asyncio.new_event_loop()
all_done = loop.create_future()
try:
    loop.call_soon(foo, all_done, "Future is done!")
    print("进入事件循环")
    result = loop.run_until_complete(all_done)
    print("返回结果", result)
finally:
    print("关闭事件循环")
    loop.close()
print("获取future的结果", all_done.result())
