# SPDX-License-Identifier: Apache-2.0
"""test_cancel.py: the rows of cancellation."""

import asyncio

from rows import Rows, since, turns


class Cancel(Rows):
    async def test_CANC_001(self):
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(asyncio.sleep(10))
        await turns()
        self.assertTrue(task.cancel())
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertTrue(task.done() and task.cancelled())
        self.assertFalse(task.cancel())
        self.assertEqual(loop.time(), 0)

    async def test_CANC_002(self):
        seen = []

        async def body():
            try:
                seen.append("entered")
            except asyncio.CancelledError:
                seen.append("handler")

        task = asyncio.create_task(body())
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(seen, [])
        self.assertTrue(task.cancelled())

    async def wait_for_future(self, f, log=None):
        try:
            return await f
        finally:
            if log is not None:
                log.append("resumed")

    async def test_CANC_003(self):
        f = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.wait_for_future(f))
        await turns()
        f.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())
        self.assertEqual(task.cancelling(), 0)

    async def test_CANC_004(self):
        f = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.wait_for_future(f))
        await turns()
        task.cancel()
        self.assertTrue(f.cancelled())
        self.assertFalse(task.done())
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())

    async def test_CANC_005(self):
        loop = asyncio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()

        async def body():
            try:
                await first
            except asyncio.CancelledError:
                return await second

        task = asyncio.create_task(body())
        await turns()
        task.cancel()
        await turns()
        self.assertFalse(second.cancelled() or task.done())
        second.set_result(42)
        self.assertEqual(await task, 42)

    async def test_CANC_006(self):
        f = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.wait_for_future(f))
        await turns()
        f.set_result(1)
        self.assertTrue(task.cancel())
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())
        self.assertEqual(f.result(), 1)

    @since(3, 13)
    async def test_CANC_007(self):
        f = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self.wait_for_future(f))
        await turns()
        f.set_result(42)
        task.cancel()
        self.assertEqual(task.uncancel(), 0)
        self.assertEqual(task.cancelling(), 0)
        self.assertEqual(await task, 42)

    async def test_CANC_008(self):
        task = asyncio.create_task(asyncio.sleep(10))
        self.assertEqual(task.uncancel(), 0)
        await turns()
        task.cancel()
        task.cancel()
        self.assertEqual(task.uncancel(), 1)
        await asyncio.wait([task])
        self.assertEqual(task.uncancel(), 0)
        self.assertEqual(task.uncancel(), 0)
        self.assertTrue(task.cancelled())

    async def test_CANC_009(self):
        async def body():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
            await asyncio.sleep(10)

        task = asyncio.create_task(body())
        await turns()
        task.cancel()
        await turns()
        self.assertFalse(task.done())
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertTrue(task.cancelled())
        self.assertEqual(task.cancelling(), 1)

    async def test_CANC_010(self):
        async def inner():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                return "s"

        async def outer():
            return await asyncio.create_task(inner())

        task = asyncio.create_task(outer())
        await turns()
        task.cancel()
        self.assertEqual(await task, "s")
        self.assertFalse(task.cancelled())
        self.assertEqual(task.cancelling(), 1)

    async def test_CANC_011(self):
        f, order = asyncio.get_running_loop().create_future(), []

        async def inner():
            try:
                await f
            except asyncio.CancelledError:
                order.append(1)
                raise

        async def outer():
            try:
                await inner()
            except asyncio.CancelledError:
                order.append(100)
                return sum(order)

        task = asyncio.create_task(outer())
        await turns()
        task.cancel()
        self.assertEqual(await task, 101)
        self.assertEqual(order, [1, 100])
        self.assertTrue(f.cancelled())

    async def test_CANC_012(self):
        waiting = asyncio.create_task(asyncio.sleep(10))
        await turns()
        fresh = asyncio.create_task(asyncio.sleep(10))
        for task in (waiting, fresh):
            task.cancel("one")
            task.cancel("two")
        messages = [(await self.assert_raises(asyncio.CancelledError, task)).args for task in (waiting, fresh)]
        self.assertEqual(messages, [("one",), ("two",)])

    async def test_CANC_013(self):
        async def body():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise ValueError("instead")

        task = asyncio.create_task(body())
        await turns()
        task.cancel()
        await self.assert_raises(ValueError, task)
        self.assertFalse(task.cancelled())
        self.assertIsInstance(task.exception(), ValueError)

    async def test_CANC_014(self):
        seen = []

        async def body():
            try:
                try:
                    await asyncio.sleep(10)
                except Exception:
                    seen.append("Exception")
            except BaseException:
                seen.append("BaseException")
                raise

        task = asyncio.create_task(body())
        await turns()
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(seen, ["BaseException"])

    async def test_CANC_016(self):
        loop = asyncio.get_running_loop()

        async def limited(limit, work):
            me = asyncio.current_task()
            timer = loop.call_later(limit, me.cancel)
            timed_out = False
            try:
                await asyncio.sleep(work)
            except asyncio.CancelledError:
                if me.uncancel() > 0:
                    raise
                timed_out = True
            finally:
                timer.cancel()
            await asyncio.sleep(5)
            return timed_out, me.cancelling()

        self.assertEqual(await asyncio.create_task(limited(1, 3)), (True, 0))
        self.assertEqual(await asyncio.create_task(limited(3, 1)), (False, 0))

    async def test_CANC_017(self):
        f, log = asyncio.get_running_loop().create_future(), []
        task = asyncio.create_task(self.wait_for_future(f, log))
        await turns()
        f.cancel()
        task.cancel()
        await asyncio.wait([task])
        self.assertEqual(log, ["resumed"])
        self.assertTrue(task.cancelled() and f.cancelled())
