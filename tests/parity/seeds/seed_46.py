# SPDX-License-Identifier: Apache-2.0
"""seed_46.py: a call on a thread."""

import asyncio


def cpu_bound_function(arg1, arg2):
    return sum(range(arg1, arg2))


async def main():
    loop = asyncio.get_running_loop()
    result = await loop.run_in_executor(None, cpu_bound_function, 1, 101)
    print(result)


asyncio.run(main())
