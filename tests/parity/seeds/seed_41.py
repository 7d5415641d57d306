# SPDX-License-Identifier: Apache-2.0
"""seed_41.py: producer and consumer; they end, by a shutdown, which Python has since 3.13."""

import asyncio


async def producer(queue):
    for item in range(5):
        await asyncio.sleep(1)
        await queue.put(item)
    await queue.put(None)  # the end; queue.shutdown() in Python 3.13


async def consumer(queue):
    while (item := await queue.get()) is not None:
        print("item", item)
        queue.task_done()
    print("the queue is shut down")


async def main():
    queue = asyncio.Queue(2)
    await asyncio.gather(producer(queue), consumer(queue))


asyncio.run(main())
