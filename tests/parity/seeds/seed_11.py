# SPDX-License-Identifier: Apache-2.0
"""seed_11.py: call_soon with arguments and with a context."""

import asyncio
import contextvars

session = contextvars.ContextVar("session", default="none")


def callback(what):
    print(what, session.get())


loop = asyncio.new_event_loop()
context = contextvars.copy_context()
context.run(session.set, "given")
session.set("current")
loop.call_soon(callback, "without a context:")
loop.call_soon(callback, "with a context:", context=context)
session.set("later")
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()
