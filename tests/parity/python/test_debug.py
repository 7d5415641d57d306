# SPDX-License-Identifier: Apache-2.0
"""test_debug.py: the rows of debug mode, of the call graph and of async generators."""

import asyncio
import sys
import threading
import time
import warnings

from rows import Rows, collect, logged, new_loop, since, turns


class Debug(Rows):
    def test_DBG_001(self):
        def blocks():
            time.sleep(.02)

        async def step():
            blocks()

        for debug in (True, False):
            loop = asyncio.new_event_loop()
            loop.set_debug(debug)
            loop.slow_callback_duration = .01
            with logged() as lines:
                for start in (lambda: loop.call_soon(blocks), lambda: loop.call_later(0, blocks),
                              lambda: loop.create_task(step())):
                    task = start()
                    loop.run_until_complete(asyncio.sleep(.001))
                loop.slow_callback_duration = 5
                loop.call_soon(blocks)
                loop.run_until_complete(asyncio.sleep(.001))
                del task
            loop.close()
            told = [line for line in lines if line.startswith("Executing ")]
            self.assertEqual([line.split()[1] for line in told], ["<Handle", "<TimerHandle", "<Task"] if debug else [])

    async def test_DBG_002(self):
        loop = asyncio.get_running_loop()
        f = loop.create_future()

        async def body():
            await f

        task = asyncio.create_task(body(), name="mine")
        self.assertIn("pending name='mine' coro=<Debug.test_DBG_002.<locals>.body() running at", repr(task))
        await turns()
        self.assertIn("wait_for=<Future pending", repr(task))
        task.add_done_callback(id)
        self.assertIn("cb=[id()]", repr(task))
        task.cancel()
        self.assertIn("<Task cancelling", repr(task))
        await asyncio.wait([task])
        self.assertIn("<Task cancelled", repr(task))

    def test_DBG_002_in_a_circle(self):
        pair = []

        async def waits(n):
            await pair[n]

        loop = asyncio.new_event_loop()
        pair += [loop.create_task(waits(1)), loop.create_task(waits(0))]
        loop.run_until_complete(asyncio.sleep(0))
        self.assertLess(len(repr(pair[0])), 5000)
        with logged():  # nothing can end them: cancel() recurses in CPython
            pair.clear()
            loop.close()
            collect()

    async def test_DBG_003(self):
        loop = asyncio.get_running_loop()
        handle, timer = loop.call_soon(print, "x"), loop.call_later(5, print)
        self.assertIn("print(", repr(handle))
        self.assertIn("when=5", repr(timer))
        handle.cancel()
        timer.cancel()
        self.assertIn("cancelled", repr(handle))
        self.assertNotIn("print", repr(handle))
        loop.set_debug(True)
        handle = loop.call_soon(print, "x")
        handle.cancel()
        self.assertIn("print", repr(handle))
        loop.set_debug(False)

    async def test_DBG_004(self):
        loop = asyncio.get_running_loop()
        early, late, same = loop.call_at(1, print), loop.call_at(2, print), loop.call_at(1, print)
        self.assertTrue(early < late and late > early and early <= same and early >= same)
        self.assertEqual(early, same)
        same.cancel()
        self.assertNotEqual(early, same)
        self.assertFalse(early == loop.call_soon(int))

    def test_DBG_005(self):
        async def main():
            return sys.get_coroutine_origin_tracking_depth()

        before = sys.get_coroutine_origin_tracking_depth()
        with asyncio.Runner(debug=True) as runner:
            self.assertGreater(runner.run(main()), before)
        self.assertEqual(sys.get_coroutine_origin_tracking_depth(), before)


class Graph(Rows):
    """The call graph."""

    @staticmethod
    def waiters(graph):
        return sorted(by.future.get_name() for by in graph.awaited_by)

    @since(3, 14)
    async def test_GRAPH_001(self):
        graphs = []

        async def root():
            await asyncio.sleep(1)
            graphs.append(asyncio.capture_call_graph())

        async def sub(task):
            await task

        async def owner():
            async with asyncio.TaskGroup() as group:
                task = group.create_task(root(), name="c2_root")
                group.create_task(sub(task), name="sub_main_1")
                group.create_task(sub(task), name="sub_main_2")

        await asyncio.create_task(owner(), name="owner")
        self.assertEqual(self.waiters(graphs[0]), ["owner", "sub_main_1", "sub_main_2"])
        for by in graphs[0].awaited_by:
            if by.future.get_name() != "owner":
                self.assertEqual(self.waiters(by), ["owner"])

    async def through(self, wrap):
        graphs = []

        async def child():
            await asyncio.sleep(1)
            graphs.append(asyncio.capture_call_graph())

        async def parent():
            await wrap(child())

        await asyncio.create_task(parent(), name="parent")
        return self.waiters(graphs[0])

    @since(3, 14)
    async def test_GRAPH_002(self):
        self.assertEqual(await self.through(asyncio.gather), ["parent"])

    @since(3, 14)
    async def test_GRAPH_003(self):
        async def in_timeout(coroutine):
            task = asyncio.create_task(coroutine)
            async with asyncio.timeout(10):
                await task

        self.assertEqual(await self.through(asyncio.shield), ["parent"])
        self.assertEqual(await self.through(in_timeout), ["parent"])

    @since(3, 14)
    async def test_GRAPH_004(self):
        f = asyncio.get_running_loop().create_future()

        async def inner():
            await f

        async def a():
            await inner()

        tasks = [asyncio.create_task(a(), name="a"), asyncio.create_task(inner(), name="b")]
        await turns()
        graph = asyncio.capture_call_graph(f)
        self.assertEqual(len(graph.call_stack), 0)
        self.assertEqual(self.waiters(graph), ["a", "b"])
        f.set_result(None)
        await asyncio.gather(*tasks)

    @since(3, 14)
    def test_GRAPH_005(self):
        self.assertRaises(RuntimeError, asyncio.capture_call_graph)
        seen = []

        async def main():
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: seen.append(asyncio.capture_call_graph()))
            await turns()
            self.assertRaises(TypeError, asyncio.capture_call_graph, 1)

        with new_loop() as loop:
            loop.run_until_complete(main())
        self.assertEqual(seen, [None])

    @since(3, 14)
    async def test_GRAPH_006(self):
        async def lowest(**options):
            return asyncio.capture_call_graph(**options)

        async def middle(**options):
            return await lowest(**options)

        async def names(**options):
            graph = await asyncio.create_task(middle(**options))
            return [entry.frame.f_code.co_name for entry in graph.call_stack]

        whole = await names()
        self.assertIn("lowest", whole)
        self.assertEqual(len(await names(limit=1)), 1)
        self.assertEqual(await names(limit=0), [])


class Generators(Rows):
    """Async generators."""

    def test_AGEN_001(self):
        closed = []

        async def generator():
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0)
                closed.append(1)

        async def main():
            self.two = [generator(), generator()]
            for values in self.two:
                await anext(values)

        asyncio.run(main())
        self.assertEqual(closed, [1, 1])
        closed.clear()
        with new_loop() as loop:
            loop.run_until_complete(main())
            loop.run_until_complete(loop.shutdown_asyncgens())
            self.assertEqual(closed, [1, 1])

    def test_AGEN_002(self):
        async def generator():
            yield 1

        with new_loop() as loop:
            loop.run_until_complete(loop.shutdown_asyncgens())
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")

                async def main():
                    values = generator()
                    await anext(values)
                    await values.aclose()

                loop.run_until_complete(main())
            self.assertTrue(any("was scheduled after" in str(w.message) for w in told))

    def test_AGEN_003(self):
        cleaned = []

        async def generator():
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0)
                cleaned.append(threading.current_thread())

        async def main():
            kept = [generator()]
            await anext(kept[0])
            await asyncio.to_thread(lambda: (kept.clear(), collect()))
            for _ in range(20):
                await asyncio.sleep(0)

        asyncio.run(main())
        self.assertEqual(cleaned, [threading.current_thread()])
