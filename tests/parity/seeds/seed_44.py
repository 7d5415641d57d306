# SPDX-License-Identifier: Apache-2.0
"""seed_44.py: an async context manager: its exit sees the error."""

import asyncio


class AsyncResource:
    async def __aenter__(self):
        await self.connect()
        return self

    async def __aexit__(self, exc_type, exc, tb):
        await self.close(exc)

    async def connect(self):
        await asyncio.sleep(1)
        print("connected")

    async def close(self, error):
        await asyncio.sleep(1)
        print("closed after an error" if error else "closed")

    def use(self):
        print("used")


async def main():
    async with AsyncResource() as resource:
        resource.use()
    try:
        async with AsyncResource():
            raise ValueError("no luck")
    except ValueError as error:
        print(error)


asyncio.run(main())
