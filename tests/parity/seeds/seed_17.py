# SPDX-License-Identifier: Apache-2.0
"""seed_17.py: call_at takes a time of the loop."""

import asyncio

loop = asyncio.new_event_loop()
start = loop.time()


def tell(what):
    print(f"{what} {loop.time() - start:.1f}")


loop.call_at(start + 2, tell, "two")
loop.call_at(start + 1, tell, "one")
loop.call_at(start + 3, loop.stop)
loop.run_forever()
loop.close()
