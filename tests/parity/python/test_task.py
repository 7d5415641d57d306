# SPDX-License-Identifier: Apache-2.0
"""test_task.py: the rows of tasks."""

import asyncio
import math
import warnings
import weakref

from rows import Rows, collect, disagrees, new_loop, reports_of, since, turns


async def give(value=None):
    return value


class Task(Rows):
    async def test_TASK_001(self):
        seen = []

        async def body():
            seen.append("body")
            return 7

        task = asyncio.create_task(body())
        self.assertEqual(seen, [])
        await asyncio.sleep(0)
        self.assertEqual(seen, ["body"])
        self.assertEqual(await task, 7)

    def test_TASK_002(self):
        seen = []

        class Argument:
            pass

        async def body(_):
            seen.append("body")

        argument = Argument()
        alive = weakref.ref(argument)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            coroutine = body(argument)
            del argument, coroutine
            collect()
        self.assertEqual(seen, [])
        self.assertEqual(len([w for w in told if "never awaited" in str(w.message)]), 1)
        told.clear()  # a warning keeps the coroutine it is about
        self.assertIsNone(alive())

    async def test_TASK_003(self):
        task = asyncio.create_task(give(7))
        with self.assertRaises(RuntimeError):
            task.set_result(8)
        with self.assertRaises(RuntimeError):
            task.set_exception(ValueError())
        self.assertEqual(await task, 7)

    async def test_TASK_004(self):
        async def name():
            return asyncio.current_task().get_name()

        first, second = asyncio.create_task(give()), asyncio.create_task(give())
        numbers = [int(task.get_name().removeprefix("Task-")) for task in (first, second)]
        self.assertLess(numbers[0], numbers[1])
        named = asyncio.create_task(name(), name="mine")
        self.assertEqual(named.get_name(), "mine")
        self.assertEqual(await named, "mine")
        named.set_name("yours")
        self.assertEqual(named.get_name(), "yours")

    async def test_TASK_005(self):
        seen = []

        async def inner():
            await asyncio.sleep(0)
            seen.append(asyncio.current_task())

        async def body():
            seen.append(asyncio.current_task())
            await inner()

        task = asyncio.create_task(body())
        await task
        self.assertEqual(seen, [task, task])
        asyncio.get_running_loop().call_soon(lambda: seen.append(asyncio.current_task()))
        await turns()
        self.assertIsNone(seen[-1])

        def outside():
            with self.assertRaisesRegex(RuntimeError, "no running event loop"):
                asyncio.current_task()
        await asyncio.to_thread(outside)

    async def test_TASK_006(self):
        async def body():
            await asyncio.current_task()

        error = await self.assert_raises(RuntimeError, asyncio.create_task(body()))
        self.assertIn("cannot await on itself", str(error))

    @since(3, 13)
    async def test_TASK_007(self):
        loop = asyncio.get_running_loop()
        await self.assert_raises(ValueError, asyncio.sleep(math.nan))
        for delay in (math.inf, 2 ** 55, 2 ** 63):
            task = asyncio.create_task(asyncio.sleep(delay))
            await asyncio.sleep(100)
            self.assertFalse(task.done())
            task.cancel()
            await self.assert_raises(asyncio.CancelledError, task)
        self.assertLess(loop.time(), 1000)

    def test_TASK_008(self):
        leaving = SystemExit(3)

        async def sleeper():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise leaving from None

        with new_loop() as loop:
            task = loop.create_task(sleeper())

            async def main():
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.sleep(1)

            with self.assertRaises(SystemExit) as caught:
                loop.run_until_complete(main())
            self.assertIs(caught.exception, leaving)
            self.assertTrue(task.done() and not task.cancelled())
            self.assertIs(task.exception(), leaving)

    async def test_TASK_009(self):
        loop = asyncio.get_running_loop()
        told = reports_of(loop)

        async def never():
            await loop.create_future()

        task = asyncio.create_task(never())
        await turns()
        del task
        collect()
        self.assertEqual([report["message"] for report in told], ["Task was destroyed but it is pending!"])
        self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    async def test_TASK_010(self):
        class Local:
            pass

        locals_of = []

        async def body():
            local = Local()
            locals_of.append(weakref.ref(local))
            await asyncio.sleep(0)
            return 1

        task = asyncio.create_task(body())
        await task
        self.assertIsNone(locals_of[0]())

    async def test_TASK_011(self):
        loop = asyncio.get_running_loop()
        f = loop.create_future()
        self.assertIs(asyncio.ensure_future(f), f)
        task = asyncio.create_task(give(1))
        self.assertIs(asyncio.ensure_future(task), task)
        made = asyncio.ensure_future(give(2))
        self.assertIsInstance(made, asyncio.Task)
        self.assertEqual(await made, 2)

        class Awaitable:
            def __await__(self):
                return give(3).__await__()

        self.assertEqual(await asyncio.ensure_future(Awaitable()), 3)
        with self.assertRaises(TypeError):
            asyncio.ensure_future(4)
        with new_loop(asyncio.new_event_loop) as other:
            with self.assertRaises(ValueError):
                asyncio.ensure_future(f, loop=other)
        await task

    @disagrees()
    def test_TASK_012(self):
        loop = asyncio.new_event_loop()
        loop.close()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            coroutine = give()
            with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
                loop.create_task(coroutine)
            del coroutine
            collect()
        self.assertEqual([str(w.message) for w in told if "never awaited" in str(w.message)], [])

    def test_TASK_012_corrected(self):
        loop = asyncio.new_event_loop()
        loop.close()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
                asyncio.ensure_future(give(), loop=loop)
            collect()
        self.assertEqual([str(w.message) for w in told if "never awaited" in str(w.message)], [])

    def test_TASK_013(self):
        with new_loop() as loop:
            with self.assertRaises(TypeError):
                loop.set_task_factory(1)
            self.assertIsNone(loop.get_task_factory())
            asked = []

            def factory(on, coroutine, **options):
                asked.append(sorted(options))
                return asyncio.Task(coroutine, loop=on, **options)

            loop.set_task_factory(factory)
            self.assertIs(loop.get_task_factory(), factory)
            task = loop.create_task(give(), name="mine")
            self.assertEqual(task.get_name(), "mine")
            loop.run_until_complete(task)
            self.assertEqual(len(asked), 1)
            loop.set_task_factory(None)
            loop.run_until_complete(loop.create_task(give()))
            self.assertEqual(len(asked), 1)

    @since(3, 12)
    async def test_TASK_014(self):
        import contextvars
        context = contextvars.copy_context()
        coroutine = give()
        task = asyncio.create_task(coroutine, context=context)
        self.assertIs(task.get_coro(), coroutine)
        self.assertIs(task.get_loop(), asyncio.get_running_loop())
        await task
        self.assertIs(task.get_context(), context)

    async def test_TASK_015(self):
        f = asyncio.get_running_loop().create_future()
        self.assertIs(await asyncio.create_task(give(f)), f)
        self.assertFalse(f.done())

    async def test_TASK_016(self):
        async def failing():
            raise ValueError("new")

        try:
            raise KeyError("old")
        except KeyError as old:
            task = asyncio.create_task(failing())
            try:
                await task
            except ValueError as error:
                self.assertIs(error.__context__, old)
            self.assertIsNone(old.__context__)


class Eager(Rows):
    """Eager tasks."""

    @staticmethod
    def eager(coroutine, **options):
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True, **options)

    @since(3, 12)
    async def test_EAGER_001(self):
        task = self.eager(give(7))
        self.assertTrue(task.done())
        self.assertEqual(task.result(), 7)

    @since(3, 12)
    async def test_EAGER_002(self):
        me, seen = asyncio.current_task(), []

        async def nested(depth):
            mine = asyncio.current_task()
            if depth:
                self.eager(nested(depth - 1))
            seen.append(asyncio.current_task() is mine and mine is not me)
            if depth == 0:
                raise ValueError("thrown in the eager part")

        task = self.eager(nested(2))
        self.assertEqual(seen, [True] * 3)
        self.assertIs(asyncio.current_task(), me)
        failed = self.eager(nested(0))
        self.assertIs(asyncio.current_task(), me)
        self.assertIsInstance(failed.exception(), ValueError)
        reports_of(asyncio.get_running_loop())  # the innermost one is unseen
        await task

    @since(3, 12)
    async def test_EAGER_003(self):
        seen = []

        async def body(waits):
            seen.append(asyncio.current_task() in asyncio.all_tasks())
            if waits:
                await asyncio.sleep(0)

        done, waiting = self.eager(body(False)), self.eager(body(True))
        self.assertEqual(seen, [True, True])
        self.assertNotIn(done, asyncio.all_tasks())
        self.assertIn(waiting, asyncio.all_tasks())
        loop = asyncio.get_running_loop()
        self.assertIn(waiting, await asyncio.to_thread(asyncio.all_tasks, loop) | {waiting})
        await waiting

    @since(3, 12)
    async def test_EAGER_004(self):
        import contextvars
        var = contextvars.ContextVar("var", default=1)

        async def body():
            var.set(2)
            await asyncio.sleep(0)
            seen = var.get()
            var.set(3)
            return seen

        task = self.eager(body())
        self.assertEqual(var.get(), 1)
        self.assertEqual(await task, 2)
        self.assertEqual(var.get(), 1)

    @since(3, 12)
    async def test_EAGER_005(self):
        task = self.eager(give(7))
        self.assertFalse(task.cancel())
        self.assertEqual(await task, 7)
        waiting = self.eager(asyncio.sleep(10))
        self.assertTrue(waiting.cancel("why"))
        self.assertEqual(waiting.cancelling(), 1)
        error = await self.assert_raises(asyncio.CancelledError, waiting)
        self.assertEqual(error.args, ("why",))

    @since(3, 12)
    async def test_EAGER_006(self):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        gathered = asyncio.gather(give(1), give(2))
        self.assertTrue(gathered.done())
        self.assertEqual(await gathered, [1, 2])

        async def deep(n):
            return n if n == 0 else await asyncio.gather(*[deep(n - 1) for _ in range(4)])

        seen = []
        asyncio.get_running_loop().call_soon(seen.append, "a turn")
        await deep(5)
        self.assertEqual(seen, [])

    @since(3, 12)
    async def test_EAGER_007(self):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        seen = []

        async def failing():
            raise ValueError("at once")

        with self.assertRaises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(failing())
                seen.append("next statement")
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    seen.append("interrupted")
                    raise
        self.assertEqual(seen, ["next statement", "interrupted"])
        self.assertEqual([str(error) for error in caught.exception.exceptions], ["at once"])

    @since(3, 14)
    async def test_EAGER_008(self):
        loop = asyncio.get_running_loop()

        async def name():
            return asyncio.current_task().get_name()

        eager = asyncio.create_task(give(1), eager_start=True)
        self.assertTrue(eager.done())
        loop.set_task_factory(asyncio.eager_task_factory)
        lazy = asyncio.create_task(name(), eager_start=False, name="x")
        self.assertFalse(lazy.done())
        self.assertEqual(await lazy, "x")

    @since(3, 14)
    async def test_EAGER_009(self):
        from asyncio.staggered import staggered_race
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

        async def failing():
            raise ValueError("at once")

        winner, index, errors = await staggered_race(
            [failing, lambda: asyncio.sleep(1, "one"), lambda: asyncio.sleep(0, "zero")], delay=None)
        self.assertEqual((winner, index, len(errors)), ("one", 1, 2))
