# SPDX-License-Identifier: Apache-2.0
"""test_context.py: the rows of context variables."""

import asyncio
import contextvars
import random
import weakref

from rows import Rows, collect, since, turns


class Context(Rows):
    def setUp(self):
        self.var = contextvars.ContextVar("var", default="none")

    async def set(self, value):
        self.var.set(value)

    async def test_CTX_001(self):
        self.var.set("before")
        seen = []

        async def child():
            seen.append(self.var.get())
            self.var.set("child")
            await asyncio.sleep(1)
            seen.append(self.var.get())

        task = asyncio.create_task(child())
        self.var.set("after")
        await task
        self.assertEqual(seen, ["before", "child"])
        self.assertEqual(self.var.get(), "after")

    async def test_CTX_002(self):
        loop, seen = asyncio.get_running_loop(), []
        f = loop.create_future()

        def callback(*_):
            seen.append(self.var.get())
            self.var.set("callback")

        self.var.set("a")
        loop.call_soon(callback)
        f.add_done_callback(callback)
        self.var.set("b")
        f.set_result(None)
        await turns()
        self.assertEqual(seen, ["a", "a"])
        self.assertEqual(self.var.get(), "b")

    async def test_CTX_003(self):
        self.var.set("outer")
        chance = random.Random(7)

        async def own(n):
            for step in range(5):
                self.var.set((n, step))
                await asyncio.sleep(chance.random())
                self.assertEqual(self.var.get(), (n, step))

        await asyncio.gather(*(own(n) for n in range(100)))
        self.assertEqual(self.var.get(), "outer")

    async def test_CTX_004(self):
        context = contextvars.copy_context()
        for value in (1, 2):
            await asyncio.create_task(self.set(value), context=context)
            self.assertEqual(context.run(self.var.get), value)
        self.assertEqual(self.var.get(), "none")

    async def test_CTX_005(self):
        await self.set("awaited")
        self.assertEqual(self.var.get(), "awaited")
        async with asyncio.timeout(10):
            await self.set("in a timeout block")
        self.assertEqual(self.var.get(), "in a timeout block")
        for wrapped in (asyncio.gather(self.set(1)), asyncio.shield(self.set(2)), asyncio.create_task(self.set(3))):
            await wrapped
            self.assertEqual(self.var.get(), "in a timeout block")

    @since(3, 12)
    async def test_CTX_005_through_wait_for(self):
        await asyncio.wait_for(self.set("waited for"), 10)
        self.assertEqual(self.var.get(), "waited for")

    async def test_CTX_006(self):
        class Value:
            pass

        alive = []

        async def body():
            value = Value()
            alive.append(weakref.ref(value))
            self.var.set(value)

        task = asyncio.create_task(body())
        await task
        del task
        await turns()
        collect()
        self.assertIsNone(alive[0]())

    async def test_CTX_007(self):
        self.var.set("old")
        token = self.var.set("new")
        with self.assertRaises(ValueError):
            contextvars.copy_context().run(self.var.reset, token)
        self.var.reset(token)
        self.assertEqual(self.var.get(), "old")
        with self.assertRaises(RuntimeError):
            self.var.reset(token)

    async def test_CTX_008(self):
        async def generator():
            while True:
                yield self.var.get()

        values = generator()

        async def ask(name):
            self.var.set(name)
            return await anext(values)

        self.assertEqual(await asyncio.create_task(ask("first")), "first")
        self.assertEqual(await asyncio.create_task(ask("second")), "second")
        await values.aclose()
