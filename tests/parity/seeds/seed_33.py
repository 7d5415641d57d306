# SPDX-License-Identifier: Apache-2.0
"""seed_33.py: a limit that is too short."""

import asyncio


async def fetch_data():
    await asyncio.sleep(2)
    return "数据"


async def main():
    try:
        result = await asyncio.wait_for(fetch_data(), timeout=1.5)
        print(result)
    except asyncio.TimeoutError:
        print("请求超时")


asyncio.run(main())
