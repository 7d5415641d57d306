# SPDX-License-Identifier: Apache-2.0
"""seed_14.py: call_later: a handle that knows when, and can be cancelled."""

import asyncio

loop = asyncio.new_event_loop()
first = loop.call_later(0.5, print, "half a second")
second = loop.call_later(1, print, "a second")
loop.call_later(2, loop.stop)
second.cancel()
print(f"{second.when() - first.when():.1f} {second.cancelled()}")
loop.run_forever()
loop.close()
