# SPDX-License-Identifier: Apache-2.0
"""test_gather.py: the rows of gather and of shield."""

import asyncio
import warnings

from rows import Rows, collect, new_loop, reports_of, turns


def futures(n):
    return [asyncio.get_running_loop().create_future() for _ in range(n)]


class Gather(Rows):
    async def test_GATH_001(self):
        a, b, c = futures(3)
        g = asyncio.gather(a, b, c)
        b.set_result(1)
        a.set_result(2)
        await turns()
        self.assertFalse(g.done())
        c.set_result(3)
        self.assertEqual(await g, [2, 1, 3])

    async def test_GATH_002(self):
        seen = []
        g = asyncio.gather()
        self.assertTrue(g.done())
        asyncio.get_running_loop().call_soon(seen.append, "a turn")
        self.assertEqual(await g, [])
        self.assertEqual(seen, [])

    async def test_GATH_003(self):
        told = reports_of(asyncio.get_running_loop())
        a, b, c, d, e = futures(5)
        calls, error = [], ValueError("b")
        g = asyncio.gather(a, b, c, d, e)
        g.add_done_callback(calls.append)
        a.set_result(1)
        b.set_exception(error)
        self.assertIs(await self.assert_raises(ValueError, g), error)
        self.assertFalse(c.done() or d.done() or e.done())
        c.set_result(3)
        d.cancel()
        e.set_exception(KeyError("late"))
        await turns()
        self.assertEqual(calls, [g])
        del a, b, c, d, e
        collect()
        self.assertEqual(told, [])

    async def test_GATH_004(self):
        a, b, c, d = futures(4)
        g = asyncio.gather(a, b, c, d, return_exceptions=True)
        errors = ValueError("c"), KeyError("d")
        d.set_exception(errors[1])
        c.set_exception(errors[0])
        b.set_result(1)
        await turns()
        self.assertFalse(g.done())
        a.set_result(3)
        self.assertEqual(await g, [3, 1, *errors])

    async def test_GATH_005(self):
        a, b, c = futures(3)
        g = asyncio.gather(a, b, c)
        b.cancel()
        await asyncio.wait([g])
        self.assertFalse(g.cancelled())
        self.assertIsInstance(g.exception(), asyncio.CancelledError)
        self.assertFalse(a.done() or c.done())

    async def test_GATH_006(self):
        a, b, c, d, e, f = futures(6)
        g = asyncio.gather(a, b, c, d, e, f, return_exceptions=True)
        zero, late = ZeroDivisionError(), RuntimeError()
        a.set_result(1)
        b.set_exception(zero)
        c.cancel()
        d.set_result(3)
        e.cancel()
        f.set_exception(late)
        results = await g
        self.assertEqual([results[i] for i in (0, 1, 3, 5)], [1, zero, 3, late])
        self.assertIsInstance(results[2], asyncio.CancelledError)
        self.assertIsInstance(results[4], asyncio.CancelledError)

    async def test_GATH_007(self):
        children = futures(3)
        g = asyncio.gather(*children)
        children[0].set_result(1)
        await turns()
        self.assertTrue(g.cancel())
        self.assertFalse(g.done())
        self.assertTrue(children[1].cancelled() and children[2].cancelled())
        await self.assert_raises(asyncio.CancelledError, g)

    async def test_GATH_008(self):
        a, b = futures(2)
        g = asyncio.gather(a, b)
        a.set_exception(ValueError())
        await self.assert_raises(ValueError, g)
        self.assertFalse(g.cancel())
        self.assertFalse(b.done())

    def test_GATH_009(self):
        with new_loop() as one, new_loop() as two:
            with self.assertRaises(ValueError):
                asyncio.gather(one.create_future(), two.create_future())
            g = asyncio.gather(two.create_future(), two.create_future())
            self.assertIs(g.get_loop(), two)

    async def test_GATH_010(self):
        child = asyncio.create_task(asyncio.sleep(10))

        async def parent():
            await asyncio.gather(child)

        task = asyncio.create_task(parent())
        await turns()
        child.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())
        self.assertEqual(task.cancelling(), 0)

    async def test_GATH_011(self):
        c1, c2 = futures(2)
        s1, s2 = asyncio.shield(c1), asyncio.shield(c2)
        g = asyncio.gather(s1, s2)
        g.cancel()
        await turns()
        self.assertTrue(s1.cancelled() and s2.cancelled())
        with self.assertRaises(asyncio.CancelledError):
            g.result()
        c1.set_result(1)
        c2.set_result(2)
        self.assertEqual((await c1, await c2), (1, 2))

    async def test_GATH_012(self):
        told = reports_of(asyncio.get_running_loop())

        async def child():
            pass

        with self.assertRaises(TypeError):
            asyncio.gather(child(), 1)
        await turns()
        collect()
        self.assertEqual(told, [])

    async def test_GATH_013(self):
        for outcomes, order in ((False, ["parent", "slow"]), (True, ["slow", "parent"])):
            seen = []

            async def slow():
                try:
                    await asyncio.sleep(10)
                finally:
                    await asyncio.sleep(1)
                    seen.append("slow")

            async def parent():
                try:
                    await asyncio.gather(slow(), asyncio.sleep(10), return_exceptions=outcomes)
                finally:
                    seen.append("parent")

            task = asyncio.create_task(parent())
            await turns()
            task.cancel()
            await self.assert_raises(asyncio.CancelledError, task)
            await asyncio.sleep(2)
            self.assertEqual(seen, order)


class Shield(Rows):
    async def test_SHLD_001(self):
        a, b = futures(2)
        error = ValueError()
        a.set_result(1)
        b.set_exception(error)
        self.assertEqual(await asyncio.shield(a), 1)
        self.assertIs(await self.assert_raises(ValueError, asyncio.shield(b)), error)

    async def test_SHLD_002(self):
        inner, = futures(1)
        shield = asyncio.shield(inner)
        inner.cancel()
        await turns()
        self.assertTrue(shield.cancelled())

    async def test_SHLD_003(self):
        seen = []

        async def inner():
            await asyncio.sleep(1)
            seen.append("effect")

        async def outer():
            await asyncio.shield(inner())

        task = asyncio.create_task(outer())
        await turns()
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(seen, [])
        await asyncio.sleep(2)
        self.assertEqual(seen, ["effect"])

    async def test_SHLD_004(self):
        told = reports_of(asyncio.get_running_loop())
        inner, = futures(1)
        shield = asyncio.shield(inner)
        shield.cancel()
        inner.set_result(1)
        await turns()
        collect()
        self.assertEqual(told, [])
        self.assertTrue(shield.cancelled())

    async def test_SHLD_005(self):
        c1, c2 = futures(2)
        g = asyncio.gather(c1, c2)
        shield = asyncio.shield(g)
        shield.cancel()
        await turns()
        self.assertFalse(g.done())
        c1.set_result(1)
        c2.set_result(2)
        self.assertEqual(await g, [1, 2])

    async def test_SHLD_006(self):
        inner, = futures(1)
        first, second = asyncio.shield(inner), asyncio.shield(inner)
        first.cancel()
        await turns()
        inner.set_result(7)
        self.assertEqual(await second, 7)

    async def test_SHLD_007(self):
        seen = []

        async def inner():
            await asyncio.sleep(1)  # the loop's timer holds the task here
            seen.append("end")

        shield = asyncio.shield(inner())
        await turns()
        shield.cancel()
        del shield
        collect()
        with warnings.catch_warnings():
            await asyncio.sleep(2)
        self.assertEqual(seen, ["end"])
