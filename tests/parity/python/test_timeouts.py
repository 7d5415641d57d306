# SPDX-License-Identifier: Apache-2.0
"""test_timeouts.py: the rows of wait_for and of timeout blocks."""

import asyncio
import math

from rows import Rows, since, turns


class WaitFor(Rows):
    async def test_WFOR_001(self):
        self.assertEqual(await asyncio.wait_for(asyncio.sleep(5, "a"), None), "a")
        self.assertEqual(await asyncio.wait_for(asyncio.sleep(5, "b"), math.inf), "b")

    async def test_WFOR_002(self):
        seen = []

        async def inner():
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(1)
                seen.append("cleaned up")

        async def caller():
            task = asyncio.create_task(inner())
            with self.assertRaises(TimeoutError):
                await asyncio.wait_for(task, 2)
            return seen == ["cleaned up"] and task.cancelled(), asyncio.current_task().cancelling()

        self.assertEqual(await asyncio.create_task(caller()), (True, 0))

    async def test_WFOR_003(self):
        seen = []

        async def inner():
            seen.append("started")

        for timeout in (0, -1):
            await self.assert_raises(TimeoutError, asyncio.wait_for(inner(), timeout))
        self.assertEqual(seen, [])

    async def test_WFOR_004(self):
        seen = []

        async def inner():
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(1)
                seen.append("cleaned up")

        for timeout in (0, -1):
            task = asyncio.create_task(inner())
            await turns()
            await self.assert_raises(TimeoutError, asyncio.wait_for(task, timeout))
            self.assertTrue(task.cancelled())
        self.assertEqual(seen, ["cleaned up"] * 2)

    async def test_WFOR_005(self):
        async def inner():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                return "kept"

        self.assertEqual(await asyncio.wait_for(inner(), 1), "kept")

    async def test_WFOR_006(self):
        for timeout in (None, 60):
            inner = asyncio.create_task(asyncio.sleep(10))
            waiter = asyncio.create_task(asyncio.wait_for(inner, timeout))
            await turns()
            waiter.cancel()
            await self.assert_raises(asyncio.CancelledError, waiter)
            self.assertTrue(inner.cancelled())

    @since(3, 12)
    async def test_WFOR_007(self):
        async def inner():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                return "x"

        async def waiter():
            return await asyncio.wait_for(inner(), 60)

        task = asyncio.create_task(waiter())
        await turns()
        task.cancel()
        self.assertEqual(await task, "x")
        self.assertEqual((task.cancelled(), task.cancelling()), (False, 1))

    async def test_WFOR_008(self):
        seen = []

        async def inner():
            return "done"

        async def waiter():
            seen.append(await asyncio.wait_for(inner(), 1))
            await asyncio.sleep(10)
            seen.append("not reached")

        task = asyncio.create_task(waiter())
        await turns()
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(seen, ["done"])

    async def test_WFOR_009(self):
        inner = asyncio.create_task(asyncio.sleep(10))

        async def waiter():
            await asyncio.wait_for(inner, 60)

        task = asyncio.create_task(waiter())
        await turns()
        inner.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual((task.cancelled(), task.cancelling()), (True, 0))

    async def test_WFOR_010(self):
        error = TimeoutError("from inside")

        async def inner():
            raise error

        self.assertIs(await self.assert_raises(TimeoutError, asyncio.wait_for(inner(), 10)), error)

    async def test_WFOR_011(self):
        loop = asyncio.get_running_loop()
        self.assertEqual(await asyncio.wait_for(asyncio.sleep(1, "a"), 60), "a")
        await turns()
        self.assertEqual([h for h in loop._scheduled if not h.cancelled()], [])

    async def test_WFOR_012(self):
        for timeout in (0, .01):
            inner = asyncio.create_task(asyncio.sleep(.1, "kept"))
            await turns()
            shield = asyncio.shield(inner)
            await self.assert_raises(TimeoutError, asyncio.wait_for(shield, timeout))
            self.assertTrue(shield.cancelled())
            self.assertFalse(inner.done())
            self.assertEqual(await inner, "kept")


class Timeout(Rows):
    async def test_TMO_001(self):
        loop = asyncio.get_running_loop()
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(.01) as scope:
                await asyncio.sleep(10)
        self.assertTrue(scope.expired())
        deadline = loop.time() + .01
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout_at(deadline) as scope:
                await asyncio.sleep(10)
        self.assertEqual(scope.when(), deadline)

    async def test_TMO_002(self):
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10) as scope:
            await asyncio.sleep(1)
        self.assertFalse(scope.expired())
        self.assertGreater(scope.when(), loop.time())
        self.assertEqual([h for h in loop._scheduled if not h.cancelled()], [])

    async def test_TMO_003(self):
        for scope in (asyncio.timeout(None), asyncio.timeout_at(None)):
            async with scope:
                await asyncio.sleep(10)
            self.assertIsNone(scope.when())
            self.assertFalse(scope.expired())

    async def test_TMO_004(self):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(5)
        for scope in (asyncio.timeout(0), asyncio.timeout_at(loop.time() - 3)):
            with self.assertRaises(TimeoutError):
                async with scope:
                    await asyncio.sleep(0)

    async def test_TMO_005(self):
        async with asyncio.timeout(10) as outer:
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(1) as inner:
                    await asyncio.sleep(5)
            await asyncio.sleep(1)
        self.assertEqual((outer.expired(), inner.expired()), (False, True))

    async def test_TMO_006(self):
        async with asyncio.timeout(1) as scope:
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                pass
        self.assertTrue(scope.expired())
        self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_TMO_007(self):
        with self.assertRaises(KeyError):
            async with asyncio.timeout(1) as scope:
                try:
                    await asyncio.sleep(5)
                except asyncio.CancelledError:
                    raise KeyError from None
        self.assertTrue(scope.expired())
        self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_TMO_008(self):
        async def body():
            scope = asyncio.timeout(10)
            try:
                async with scope:
                    asyncio.current_task().cancel()
                    await asyncio.sleep(5)
            except asyncio.CancelledError:
                return scope.expired(), asyncio.current_task().cancelling()

        self.assertEqual(await asyncio.create_task(body()), (False, 1))

    async def test_TMO_009(self):
        loop = asyncio.get_running_loop()
        for first in (0.5, 1.5):
            seen = []

            async def body():
                scope = asyncio.timeout(1)
                try:
                    async with scope:
                        await asyncio.sleep(10)
                finally:
                    seen.append((scope.expired(), asyncio.current_task().cancelling()))

            task = asyncio.create_task(body())
            await turns()
            loop.call_later(first, task.cancel)
            loop.advance(2)  # both are due in one pass
            await asyncio.wait([task])
            self.assertEqual(seen, [(True, 1)])
            self.assertTrue(task.cancelled())

    async def test_TMO_010(self):
        async def body():
            asyncio.current_task().cancel()
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                pass
            with self.assertRaises(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.sleep(1)
            return asyncio.current_task().cancelling()

        self.assertEqual(await asyncio.create_task(body()), 1)

    async def test_TMO_011(self):
        async def body():
            asyncio.current_task().cancel()
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                pass
            async with asyncio.timeout(1):
                asyncio.current_task().cancel()
                await asyncio.sleep(2)

        await self.assert_raises(asyncio.CancelledError, asyncio.create_task(body()))

    async def test_TMO_012(self):
        scope = asyncio.timeout(1)
        with self.assertRaisesRegex(RuntimeError, "not been entered"):
            scope.reschedule(2)
        async with scope:
            pass
        with self.assertRaisesRegex(RuntimeError, "finished"):
            scope.reschedule(2)
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0) as scope:
                try:
                    await asyncio.sleep(1)
                finally:
                    with self.assertRaisesRegex(RuntimeError, "expiring"):
                        scope.reschedule(2)
        with self.assertRaisesRegex(RuntimeError, "expired"):
            scope.reschedule(2)

    @since(3, 12)
    async def test_TMO_013(self):
        scope = asyncio.timeout(10)
        async with scope:
            with self.assertRaisesRegex(RuntimeError, "already been entered"):
                async with scope:
                    pass
        with self.assertRaisesRegex(RuntimeError, "already been entered"):
            async with scope:
                pass
        fresh, seen = asyncio.timeout(10), []

        def outside():
            try:
                fresh.__aenter__().send(None)
            except RuntimeError as error:
                seen.append(error)

        asyncio.get_running_loop().call_soon(outside)
        await turns()
        self.assertEqual(len(seen), 1)
        self.assertIn("created", repr(fresh))

    async def test_TMO_014(self):
        seen = []
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(1) as outer:
                try:
                    await asyncio.sleep(5)
                finally:
                    try:
                        async with asyncio.timeout(1):
                            await asyncio.sleep(5)
                    except TimeoutError:
                        seen.append("inner")
        self.assertEqual(seen, ["inner"])
        self.assertTrue(outer.expired())

    async def test_TMO_015(self):
        converted = []

        async def nested(n):
            if n == 150:  # as deep as CPython's stack goes without help
                await asyncio.sleep(1000)
                return
            try:
                async with asyncio.timeout(200 - n if n != 70 else 1):
                    await nested(n + 1)
            except TimeoutError:
                converted.append(n)

        await nested(0)
        self.assertEqual(converted, [70])
        self.assertEqual(asyncio.current_task().cancelling(), 0)
