# SPDX-License-Identifier: Apache-2.0
"""test_wait.py: the rows of wait, as_completed and staggered race."""

import asyncio
import gc
import sys
from asyncio.staggered import staggered_race

from rows import Rows, since, turns


async def after(delay, value=None, error=None):
    await asyncio.sleep(delay)
    if error:
        raise error
    return value


def spawn(*delays):
    return [asyncio.create_task(after(delay, delay)) for delay in delays]


class Wait(Rows):
    async def test_WAIT_001(self):
        loop, tasks = asyncio.get_running_loop(), spawn(1, 2)
        self.assertEqual(await asyncio.wait(tasks), (set(tasks), set()))
        now = loop.time()
        self.assertEqual(await asyncio.wait(tasks, timeout=5), (set(tasks), set()))
        self.assertEqual(loop.time(), now)

    async def test_WAIT_002(self):
        cancelled, slow = spawn(1, 3)
        asyncio.get_running_loop().call_later(0.5, cancelled.cancel)
        done, pending = await asyncio.wait([cancelled, slow], return_when=asyncio.FIRST_EXCEPTION)
        self.assertEqual((done, pending), ({cancelled, slow}, set()))
        # The error that ends it counts as seen.
        loop, reports = asyncio.get_running_loop(), []
        loop.set_exception_handler(lambda _, context: reports.append(context["message"]))
        bad, rest = loop.create_future(), loop.create_future()
        bad.set_exception(ValueError())
        await asyncio.wait([bad, rest], return_when=asyncio.FIRST_EXCEPTION)
        del bad
        gc.collect()
        self.assertEqual(reports, [])

    async def test_WAIT_003(self):
        fast, slow = spawn(1, 3)
        self.assertEqual(await asyncio.wait([fast, slow], timeout=2), ({fast}, {slow}))
        self.assertFalse(slow.cancelled() or slow.cancelling())
        self.assertEqual(await asyncio.wait([slow]), ({slow}, set()))

    async def test_WAIT_004(self):
        loop, seen = asyncio.get_running_loop(), []
        ready, slow = spawn(0, 3)
        await turns()
        loop.call_soon(seen.append, "a turn")
        self.assertEqual(await asyncio.wait([ready, slow], timeout=0), ({ready}, {slow}))
        self.assertEqual((seen, loop.time()), (["a turn"], 0))

    async def test_WAIT_005(self):
        tasks = spawn(3, 4)
        waiter = asyncio.create_task(asyncio.wait(tasks))
        await turns()
        waiter.cancel()
        await self.assert_raises(asyncio.CancelledError, waiter)
        self.assertFalse(any(task.cancelling() for task in tasks))
        self.assertEqual(await asyncio.gather(*tasks), [3, 4])

    async def test_WAIT_006(self):
        seen = []

        async def body():
            seen.append("started")

        task, = spawn(0)
        await self.assert_raises(ValueError, asyncio.wait([]))
        await self.assert_raises(ValueError, asyncio.wait([task], return_when="never"))
        await self.assert_raises(TypeError, asyncio.wait(task))
        coroutine = body()
        await self.assert_raises(TypeError, asyncio.wait(coroutine))
        await self.assert_raises(TypeError, asyncio.wait([coroutine]))
        coroutine.close()
        await turns()
        self.assertEqual(seen, [])

    async def test_WAIT_007(self):
        a, b = spawn(1, 2)
        self.assertEqual(await asyncio.wait([a, b, a, b]), ({a, b}, set()))
        self.assertEqual(await asyncio.wait(iter([a, b])), ({a, b}, set()))
        if sys.version_info >= (3, 12):  # generators are refused before
            self.assertEqual(await asyncio.wait(task for task in (a, b)), ({a, b}, set()))

    async def test_WAIT_008(self):
        pool = spawn(*(n % 7 for n in range(64)))
        seen = set()

        async def drain():
            left = set(pool)
            while left:
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                seen.update(done)

        await asyncio.gather(*(drain() for _ in range(16)))
        self.assertEqual(seen, set(pool))


class AsCompleted(Rows):
    async def test_ASC_001(self):
        order = [await item for item in asyncio.as_completed([after(.15, "b"), after(.01, "a"), after(.01, "c")])]
        self.assertEqual(sorted(order[:2]), ["a", "c"])
        self.assertEqual(order[2], "b")
        self.assertAlmostEqual(asyncio.get_running_loop().time(), .15)

    @since(3, 13)
    async def test_ASC_002(self):
        tasks = spawn(3, 1, 2)
        order = []
        async for task in asyncio.as_completed(tasks):
            self.assertTrue(task.done())
            order.append(task)
        self.assertEqual(order, [tasks[1], tasks[2], tasks[0]])
        async for task in asyncio.as_completed([after(1, 7)]):
            self.assertIsInstance(task, asyncio.Task)
            self.assertEqual(await task, 7)

    async def test_ASC_003(self):
        tasks = spawn(1, 3, 4)
        outcomes = []
        for item in asyncio.as_completed(tasks, timeout=2):
            try:
                outcomes.append(await item)
            except TimeoutError:
                outcomes.append("timeout")
        self.assertEqual(outcomes, [1, "timeout", "timeout"])
        self.assertEqual(await asyncio.gather(*tasks), [1, 3, 4])

    async def test_ASC_004(self):
        items, order = asyncio.as_completed(spawn(4, 1, 3, 2)), []
        for item in items:
            order.append(await item)
            if len(order) == 2:
                break
        for item in items:
            order.append(await item)
        self.assertEqual(order, [1, 2, 3, 4])

    async def test_ASC_005(self):
        items = list(asyncio.as_completed(spawn(3, 1, 2)))
        self.assertEqual(sorted(await asyncio.gather(*items)), [1, 2, 3])

    async def test_ASC_006(self):
        task, = spawn(1)
        self.assertEqual([await item for item in asyncio.as_completed([task, task])], [1])
        self.assertEqual(list(asyncio.as_completed([])), [])

    async def test_ASC_007(self):
        tasks = [asyncio.create_task(after(1, error=ValueError("first"))), *spawn(2)]
        outcomes = []
        for item in asyncio.as_completed(tasks):
            try:
                outcomes.append(await item)
            except ValueError as error:
                outcomes.append(str(error))
        self.assertEqual(outcomes, ["first", 2])


class Staggered(Rows):
    def setUp(self):
        self.started = []

    def candidate(self, n, delay, error=None):
        async def body():
            self.started.append(n)
            return await after(delay, n, error)
        return body

    async def test_STAG_001(self):
        self.assertEqual(await staggered_race([], delay=None), (None, None, []))

    async def test_STAG_002(self):
        self.assertEqual(await staggered_race([self.candidate(0, .05), self.candidate(1, 1)], delay=.1),
                         (0, 0, [None]))
        self.assertEqual(self.started, [0])

    async def test_STAG_003(self):
        error = ValueError()
        self.assertEqual(await staggered_race([self.candidate(0, 0, error), self.candidate(1, 1)], delay=100),
                         (1, 1, [error, None]))
        self.assertEqual(asyncio.get_running_loop().time(), 1)

    async def test_STAG_004(self):
        winner, index, errors = await staggered_race([self.candidate(0, 10), self.candidate(1, .05)], delay=.1)
        self.assertEqual((winner, index), (1, 1))
        self.assertIsInstance(errors[0], asyncio.CancelledError)
        self.assertIsNone(errors[1])
        self.assertAlmostEqual(asyncio.get_running_loop().time(), .15)

    async def test_STAG_005(self):
        errors = ValueError("0"), KeyError("1")
        self.assertEqual(
            await staggered_race([self.candidate(n, 1, error) for n, error in enumerate(errors)], delay=.1),
            (None, None, list(errors)))

    @since(3, 14)
    async def test_STAG_006(self):
        log = []

        async def stubborn():
            for n in (1, 2):
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    log.append(f"cancelled {n}")

        async def race():
            try:
                await staggered_race([stubborn], delay=None)
            except asyncio.CancelledError:
                log.append("cancelled 3")
                raise

        task = asyncio.create_task(race())
        await turns()
        task.cancel()
        await turns()
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(log, ["cancelled 1", "cancelled 2", "cancelled 3"])

    async def test_STAG_007(self):
        self.assertEqual((await staggered_race([self.candidate(0, 50), self.candidate(1, 1)], delay=None))[:2], (0, 0))
        self.assertEqual(self.started, [0])
        self.assertEqual(
            (await staggered_race([self.candidate(2, 1, ValueError()), self.candidate(3, 1)], delay=None))[:2], (3, 1))
