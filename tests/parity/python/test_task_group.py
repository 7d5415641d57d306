# SPDX-License-Identifier: Apache-2.0
"""test_task_group.py: the rows of task groups."""

import asyncio
import contextvars
import gc
import weakref

from rows import Rows, collect, run, since, turns


async def after(delay, value=None, error=None):
    await asyncio.sleep(delay)
    if error:
        raise error
    return value


async def fails_in_cleanup(error):
    try:
        await asyncio.sleep(100)
    finally:
        raise error


def cancelling():
    return asyncio.current_task().cancelling()


class Group(Rows):
    def kinds(self, group):
        return [type(error) for error in group.exceptions]

    async def test_TG_001(self):
        async with asyncio.TaskGroup() as group:
            first = group.create_task(after(1, 42))
            await asyncio.sleep(.5)
            second = group.create_task(after(2, 11))
        self.assertEqual((first.result(), second.result()), (42, 11))

    async def test_TG_002(self):
        gone = asyncio.get_running_loop().create_future()
        gone.cancel()

        async def awaits_cancelled():
            await gone

        async with asyncio.TaskGroup() as group:
            sibling = group.create_task(after(1, "done"))
            cancelled = group.create_task(after(10))
            group.create_task(after(0, error=asyncio.CancelledError()))
            group.create_task(awaits_cancelled())
            await turns()
            cancelled.cancel()
        self.assertEqual(sibling.result(), "done")

    async def test_TG_003(self):
        seen = []

        async def slow():
            try:
                await asyncio.sleep(10)
            finally:
                await asyncio.sleep(1)
                seen.append("cleaned up")

        async def user():
            async with asyncio.TaskGroup() as group:
                group.create_task(slow())
                group.create_task(after(1, error=ValueError()))
            seen.append("code after the block")

        error = await self.assert_raises(ExceptionGroup, user())
        self.assertEqual(self.kinds(error), [ValueError])
        self.assertEqual(seen, ["cleaned up"])

    async def test_TG_004(self):
        seen = []
        with self.assertRaises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(after(1, error=ValueError()))
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    seen.append("interrupted")
                    raise
        self.assertEqual(seen, ["interrupted"])
        self.assertEqual(cancelling(), 0)

    async def test_TG_005(self):
        seen = []
        with self.assertRaises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(after(1, error=ValueError()))
                try:
                    await asyncio.sleep(10)
                except asyncio.CancelledError:
                    pass
                await asyncio.sleep(1)
                coroutine = after(0)
                with self.assertRaisesRegex(RuntimeError, "shutting down"):
                    group.create_task(coroutine)
                coroutine.close()
                seen.append("end of the body")
        self.assertEqual(seen, ["end of the body"])
        self.assertEqual(cancelling(), 0)

    async def test_TG_006(self):
        async def parent():
            async with asyncio.TaskGroup() as group:
                group.create_task(fails_in_cleanup(ValueError()))
                await asyncio.sleep(100)

        task = asyncio.create_task(parent())
        await turns()
        task.cancel()
        error = await self.assert_raises(ExceptionGroup, task)
        self.assertEqual(self.kinds(error), [ValueError])

    @since(3, 13)
    async def test_TG_007(self):
        seen = []

        async def parent():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fails_in_cleanup(ValueError()))
            except ExceptionGroup:
                seen.append(cancelling())
                await asyncio.sleep(0)
                seen.append("not reached")

        task = asyncio.create_task(parent())
        await turns()
        task.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())
        self.assertEqual(seen, [1])

    async def test_TG_008(self):
        for waits in (False, True):
            seen = []

            async def child():
                try:
                    await asyncio.sleep(10)
                finally:
                    seen.append("ended")

            with self.assertRaises(ExceptionGroup) as caught:
                async with asyncio.TaskGroup() as group:
                    group.create_task(child())
                    if waits:
                        await asyncio.sleep(1)
                    raise ZeroDivisionError
            self.assertEqual(self.kinds(caught.exception), [ZeroDivisionError])
            self.assertEqual(seen, ["ended"] if waits else [])

    async def test_TG_009(self):
        with self.assertRaises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails_in_cleanup(KeyError()))
                await turns()
                raise ValueError
        self.assertEqual(self.kinds(caught.exception), [KeyError, ValueError])

    @since(3, 13)
    async def test_TG_010(self):
        seen = []

        async def body():
            try:
                async with asyncio.TaskGroup() as outer:
                    try:
                        async with asyncio.TaskGroup() as inner:
                            inner.create_task(after(1, error=ValueError("inner")))
                            outer.create_task(after(1, error=ValueError("outer")))
                    except* ValueError:
                        seen.append(cancelling())
            except* ValueError:
                seen.append(cancelling())
            return cancelling()

        self.assertEqual(await asyncio.create_task(body()), 0)
        self.assertEqual(seen, [1, 0])

    def test_TG_011(self):
        ended = []

        async def slow():
            try:
                await asyncio.sleep(10)
            finally:
                ended.append("child")

        async def body():
            async with asyncio.TaskGroup() as group:
                group.create_task(slow())
                group.create_task(after(1, error=ValueError()))
                try:
                    await asyncio.sleep(10)
                finally:
                    raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            run(body())
        self.assertEqual(ended, ["child"])

    async def test_TG_012(self):
        tracked = []
        async with asyncio.TaskGroup() as group:
            for n in range(10):
                if n == 5:
                    tracked.append(len(group._tasks))
                group.create_task(after(.3))
                await asyncio.sleep(.1)
        tracked.append(len(group._tasks))
        self.assertLess(tracked[0], 5)
        self.assertEqual(tracked[1], 0)

    async def test_TG_013(self):
        seen = []

        async def parent(depth):
            await asyncio.sleep(1)
            seen.append(depth)
            if depth:
                group.create_task(parent(depth - 1))

        async with asyncio.TaskGroup() as group:
            group.create_task(parent(3))
        self.assertEqual(seen, [3, 2, 1, 0])

    async def test_TG_014(self):
        born = []

        async def breed():
            born.append(1)
            try:
                await asyncio.sleep(1)
            finally:
                for _ in range(2):
                    coroutine = breed()
                    try:
                        group.create_task(coroutine)
                    except RuntimeError:
                        coroutine.close()

        async def killer():
            while len(born) < 10:
                await asyncio.sleep(.5)
            raise ValueError

        with self.assertRaises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(breed())
                group.create_task(killer())
        self.assertEqual(self.kinds(caught.exception), [ValueError])
        self.assertEqual(asyncio.all_tasks(), {asyncio.current_task()})

    async def test_TG_015(self):
        async with asyncio.TaskGroup() as group:
            with self.assertRaisesRegex(RuntimeError, "already been entered"):
                await group.__aenter__()
        with self.assertRaisesRegex(RuntimeError, "already been entered"):
            await group.__aenter__()
        seen = []

        def outside():
            try:
                asyncio.TaskGroup().__aenter__().send(None)
            except RuntimeError as error:
                seen.append(str(error))

        asyncio.get_running_loop().call_soon(outside)
        await turns()
        self.assertIn("parent task", seen[0])

    async def test_TG_016(self):
        var = contextvars.ContextVar("var", default="outside")
        context = contextvars.copy_context()

        async def child():
            var.set("child")

        async with asyncio.TaskGroup() as group:
            task = group.create_task(child(), name="mine", context=context)
        self.assertEqual(task.get_name(), "mine")
        self.assertEqual(context.run(var.get), "child")
        self.assertEqual(var.get(), "outside")

    async def test_TG_017(self):
        class Scope:
            async def __aenter__(self):
                return self

            async def __aexit__(self, *_):
                raise KeyError("exit")

        async def body():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(after(1, error=ValueError()))
                    async with Scope():
                        await asyncio.sleep(10)
            except ExceptionGroup as error:
                return sorted(kind.__name__ for kind in self.kinds(error)), cancelling()

        self.assertEqual(await asyncio.create_task(body()), (["KeyError", "ValueError"], 0))

    async def test_TG_018(self):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(after(0, error=ValueError()))
                await asyncio.sleep(1)
        except ExceptionGroup:
            pass
        await asyncio.sleep(0)
        await asyncio.sleep(.01)

    @since(3, 14)
    async def test_TG_019(self):
        class Error(Exception):
            pass

        alive = []

        async def child():
            error = Error()
            alive.append(weakref.ref(error))
            raise error

        async def body():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(child())
            except ExceptionGroup:
                pass

        gc.disable()
        try:
            await body()
            await turns()
            self.assertIsNone(alive[0]())
        finally:
            gc.enable()
            collect()

    async def test_TG_020(self):
        seen = []

        async def child():
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                seen.append("cancelled")
                await asyncio.sleep(1)
                seen.append("cleaned up")
                raise

        async def parent():
            async with asyncio.TaskGroup() as group:
                group.create_task(child())

        task = asyncio.create_task(parent())
        await turns()
        task.cancel()
        await turns()
        task.cancel()
        await asyncio.wait([task])
        self.assertEqual(seen, ["cancelled", "cleaned up"])
        self.assertTrue(task.cancelled())
        self.assertEqual(task.cancelling(), 2)

    async def test_TG_021(self):
        loop = asyncio.get_running_loop()
        f = loop.create_future()

        async def child():
            await f
            raise ValueError

        async def parent():
            async with asyncio.TaskGroup() as group:
                group.create_task(child())
                await asyncio.sleep(100)

        task = asyncio.create_task(parent())
        await turns()
        f.set_result(None)
        loop.call_soon(task.cancel)
        await asyncio.wait([task])
        self.assertFalse(task.cancelled())
        self.assertEqual(self.kinds(task.exception()), [ValueError])
        self.assertEqual(task.cancelling(), 1)
