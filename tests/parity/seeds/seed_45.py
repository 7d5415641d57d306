# SPDX-License-Identifier: Apache-2.0
"""seed_45.py: an async iterator."""

import asyncio


class AsyncIterator:
    def __init__(self):
        self.data = [1, 2, 3]

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(1)
        if not self.data:
            raise StopAsyncIteration
        return self.data.pop(0)


async def main():
    async for n in AsyncIterator():
        print(n)


asyncio.run(main())
