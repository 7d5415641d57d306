# SPDX-License-Identifier: Apache-2.0
"""test_threads.py: the rows of threads and executors; these run in real time."""

import asyncio
import concurrent.futures
import contextvars
import threading
import warnings

from rows import Rows, collect, new_loop, since

WAIT = 10  # real seconds that nothing here takes


def real(test):
    """A row in real time: threads do not wait for a fake clock."""
    def call(self):
        with asyncio.Runner() as runner:
            runner.run(test(self))
    call.__name__ = test.__name__
    return call


class Threads(Rows):
    @real
    async def test_THR_001(self):
        loop, seen, ended = asyncio.get_running_loop(), [], asyncio.Event()
        loop.call_soon_threadsafe(seen.append, "hello")
        loop.call_soon(seen.append, "world")
        await asyncio.sleep(0)
        self.assertEqual(seen, ["hello", "world"])

        def post():
            loop.call_soon_threadsafe(lambda: (seen.append(threading.current_thread()), ended.set()))

        thread = threading.Thread(target=post)
        thread.start()
        await ended.wait()
        thread.join()
        self.assertIs(seen[-1], threading.current_thread())

    @real
    async def test_THR_002(self):
        loop, seen, ended = asyncio.get_running_loop(), [], asyncio.Event()

        def post(name):
            for n in range(1000):
                loop.call_soon_threadsafe(seen.append, (name, n))
            loop.call_soon_threadsafe(seen.append, (name, "end"))

        threads = [threading.Thread(target=post, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
        loop.call_soon(ended.set)
        await ended.wait()
        for name in "abc":
            self.assertEqual([n for who, n in seen if who == name], [*range(1000), "end"])

    @real
    async def test_THR_003(self):
        loop, count, ended = asyncio.get_running_loop(), [0], asyncio.Event()

        def one():
            count[0] += 1

        def post():
            for _ in range(100_000):  # the wake-up pipe is long full
                loop.call_soon_threadsafe(one)
            loop.call_soon_threadsafe(ended.set)

        thread = threading.Thread(target=post)
        thread.start()
        thread.join()  # the loop is blocked meanwhile, the producer is not
        await ended.wait()
        self.assertEqual(count[0], 100_000)

    @real
    async def test_THR_004(self):
        loop = asyncio.get_running_loop()

        def post():
            for call in (lambda: loop.call_soon(int), lambda: loop.call_later(0, int), lambda: loop.call_at(0, int)):
                with self.assertRaisesRegex(RuntimeError, "Non-thread-safe operation"):
                    call()

        loop.set_debug(True)
        await asyncio.to_thread(post)
        loop.set_debug(False)
        await asyncio.to_thread(loop.call_soon, int)

    @real
    async def test_THR_005(self):
        loop = asyncio.get_running_loop()
        self.assertIsNot(await loop.run_in_executor(None, threading.current_thread), threading.current_thread())
        self.assertEqual(await loop.run_in_executor(None, abs, -7), 7)
        await self.assert_raises(ZeroDivisionError, loop.run_in_executor(None, lambda: 1 / 0))

    @real
    async def test_THR_006(self):
        loop, running, go, ended = asyncio.get_running_loop(), threading.Event(), threading.Event(), threading.Event()

        def job():
            running.set()
            go.wait(WAIT)
            ended.set()
            return "dropped"

        future = loop.run_in_executor(None, job)
        await asyncio.to_thread(running.wait, WAIT)
        future.cancel()
        await self.assert_raises(asyncio.CancelledError, future)
        self.assertFalse(ended.is_set())
        go.set()
        self.assertTrue(await asyncio.to_thread(ended.wait, WAIT))

    def test_THR_007(self):
        loop, ended = asyncio.new_event_loop(), []
        go = threading.Event()

        async def main():
            future = loop.run_in_executor(None, lambda: (go.wait(WAIT), ended.append(1)))
            loop.call_later(.01, go.set)
            await loop.shutdown_default_executor()
            self.assertEqual(ended, [1])
            with self.assertRaisesRegex(RuntimeError, "Executor shutdown has been called"):
                loop.run_in_executor(None, int)
            await future

        loop.run_until_complete(main())
        loop.close()

    @since(3, 13)
    def test_THR_007_with_a_limit(self):
        loop, go = asyncio.new_event_loop(), threading.Event()

        async def main():
            loop.run_in_executor(None, go.wait, WAIT)
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                await loop.shutdown_default_executor(timeout=.01)
            return told

        told = loop.run_until_complete(main())
        go.set()
        loop.close()
        self.assertIn("joining", str(told[0].message))

    @real
    async def test_THR_008(self):
        loop = asyncio.get_running_loop()

        class NoPool(concurrent.futures.Executor):
            pass

        with self.assertRaises(TypeError):
            loop.set_default_executor(NoPool())
        self.assertEqual(await loop.run_in_executor(None, abs, -7), 7)

    @real
    async def test_THR_009(self):
        calls, lock = [], threading.Lock()

        def job(a, *, b):
            with lock:
                calls.append(a)
            return a + b

        self.assertEqual(sorted(await asyncio.gather(*(asyncio.to_thread(job, n, b=1) for n in range(10)))),
                         list(range(1, 11)))
        self.assertEqual(sorted(calls), list(range(10)))
        await self.assert_raises(ZeroDivisionError, asyncio.to_thread(lambda: 1 / 0))

    @real
    async def test_THR_010(self):
        var = contextvars.ContextVar("var", default="none")
        var.set("caller")

        def job():
            seen = var.get()
            var.set("thread")
            return seen

        self.assertEqual(await asyncio.to_thread(job), "caller")
        self.assertEqual(var.get(), "caller")
        self.assertEqual(await asyncio.get_running_loop().run_in_executor(None, var.get), "none")

    @real
    async def test_THR_011(self):
        running, go, ended = threading.Event(), threading.Event(), threading.Event()

        def job():
            running.set()
            go.wait(WAIT)
            ended.set()

        task = asyncio.create_task(asyncio.to_thread(job))
        await asyncio.to_thread(running.wait, WAIT)
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertFalse(ended.is_set())
        go.set()
        self.assertTrue(await asyncio.to_thread(ended.wait, WAIT))

    @real
    async def test_THR_012(self):
        loop = asyncio.get_running_loop()

        async def add(a, b):
            if a is None:
                raise ValueError("no number")
            return a + b

        def post(a):
            return asyncio.run_coroutine_threadsafe(add(a, 2), loop).result(WAIT)

        self.assertEqual(await asyncio.to_thread(post, 1), 3)
        await self.assert_raises(ValueError, asyncio.to_thread(post, None))
        with self.assertRaises(TypeError):
            asyncio.run_coroutine_threadsafe(1, loop)

    @real
    async def test_THR_013(self):
        loop = asyncio.get_running_loop()

        def post():
            future = asyncio.run_coroutine_threadsafe(asyncio.sleep(100), loop)
            with self.assertRaises(TimeoutError):
                future.result(timeout=0)
            return future.cancel()

        self.assertTrue(await asyncio.to_thread(post))
        for _ in range(8):
            await asyncio.sleep(0)
        self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    def test_THR_014(self):
        async def main():
            task = asyncio.create_task(asyncio.sleep(0, "result"))
            await task
            return task

        with new_loop() as loop:
            kept = [loop.run_until_complete(main())]
        thread = threading.Thread(target=lambda: (kept.clear(), collect()))
        thread.start()
        thread.join()
        self.assertEqual(kept, [])
