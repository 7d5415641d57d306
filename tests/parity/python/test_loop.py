# SPDX-License-Identifier: Apache-2.0
"""test_loop.py: the rows of loops, timers and the exception handler."""

import asyncio
import math
import os
import random
import time
import weakref

from rows import Rows, collect, disagrees, logged, new_loop, reports_of, turns


async def give(value=None, delay=0):
    await asyncio.sleep(delay)
    return value


class Loop(Rows):
    async def test_LOOP_001(self):
        loop, seen = asyncio.get_running_loop(), []
        loop.call_soon(seen.append, 10)
        loop.call_soon(seen.append, 100).cancel()
        loop.call_soon(seen.append, 1)
        await turns()
        self.assertEqual(seen, [10, 1])

    async def test_LOOP_002(self):
        loop, on = asyncio.get_running_loop(), [True]

        def again():
            if on[0]:
                loop.advance(.001)
                loop.call_soon(again)

        again()
        fired = loop.create_future()
        loop.call_later(.01, fired.set_result, "timer")
        self.assertEqual(await fired, "timer")
        await turns(20)
        on[0] = False

    async def test_LOOP_003(self):
        loop, seen = asyncio.get_running_loop(), []
        told = reports_of(loop)

        def fails():
            raise ValueError("callback")

        loop.call_soon(fails)
        loop.call_soon(seen.append, "next")
        await turns()
        self.assertEqual(seen, ["next"])
        self.assertEqual(str(told[0]["exception"]), "callback")

    async def test_LOOP_004(self):
        loop = asyncio.get_running_loop()
        told = reports_of(loop)

        class Own(BaseException):
            pass

        def fails():
            raise Own

        loop.call_soon(fails)
        await turns()
        self.assertIsInstance(told[0]["exception"], Own)

    async def test_LOOP_005(self):
        loop = asyncio.get_running_loop()
        self.assertTrue(loop.is_running())
        other, coroutine = asyncio.new_event_loop(), give()
        with self.assertRaisesRegex(RuntimeError, "while another loop is running"):
            other.run_until_complete(coroutine)  # first: CPython 3.13.0 takes no loop for running afterwards
        with self.assertRaisesRegex(RuntimeError, "already running"):
            loop.run_forever()
        coroutine.close()
        other.close()

    def test_LOOP_006(self):
        with new_loop() as loop, new_loop() as other:
            with self.assertRaises(TypeError):
                loop.run_until_complete(1)
            with self.assertRaises(ValueError):
                loop.run_until_complete(other.create_future())

    def test_LOOP_007(self):
        with new_loop() as loop:
            def leave():
                raise SystemExit

            loop.call_soon(leave)
            with self.assertRaises(SystemExit):
                loop.run_until_complete(give(delay=.1))
            start = loop.time()
            loop.run_until_complete(give(delay=.2))
            self.assertAlmostEqual(loop.time() - start, .2)

    def test_LOOP_008(self):
        with new_loop() as loop:
            async def interrupts():
                raise KeyboardInterrupt

            with self.assertRaises(KeyboardInterrupt):
                loop.run_until_complete(interrupts())
            seen = []
            loop.call_soon(loop.call_soon, seen.append, "second turn")
            loop.call_later(1, loop.stop)
            loop.run_forever()
            self.assertEqual(seen, ["second turn"])
            self.assertEqual(loop.time(), 1)

    def test_LOOP_009(self):
        loop = asyncio.new_event_loop()
        loop.call_soon(lambda: self.assertRaises(RuntimeError, loop.close))
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
        loop.close()
        coroutine = give()
        for refused in (loop.run_forever, lambda: loop.run_until_complete(coroutine),
                        lambda: loop.call_soon(print), lambda: loop.call_soon_threadsafe(print),
                        lambda: loop.call_later(1, print), lambda: loop.call_at(1, print),
                        lambda: loop.create_task(coroutine), lambda: loop.add_reader(0, print),
                        lambda: loop.run_in_executor(None, print)):
            with self.assertRaisesRegex(RuntimeError, "Event loop is closed"):
                refused()
        coroutine.close()
        self.assertFalse(loop.remove_reader(0))

    def test_LOOP_010(self):
        class Argument:
            pass

        loop, ran = asyncio.new_event_loop(), []
        arguments = Argument(), Argument()
        alive = [weakref.ref(argument) for argument in arguments]
        loop.call_soon(ran.append, arguments[0])
        loop.call_later(0, ran.append, arguments[1])
        del arguments
        loop.close()
        collect()
        self.assertEqual(ran, [])
        self.assertEqual([ref() for ref in alive], [None, None])

    async def test_LOOP_011(self):
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        coroutine = give()
        for what in (give, coroutine):
            for call in (loop.call_soon, loop.call_soon_threadsafe, lambda f: loop.call_later(1, f),
                         lambda f: loop.call_at(1, f), lambda f: loop.run_in_executor(None, f)):
                with self.assertRaises(TypeError):
                    call(what)
        coroutine.close()
        loop.set_debug(False)

    @disagrees()
    async def test_LOOP_012(self):
        await self.arguments_are_freed(handle_is_cancelled=False)

    async def test_LOOP_012_corrected(self):
        await self.arguments_are_freed(handle_is_cancelled=True)

    async def arguments_are_freed(self, handle_is_cancelled):
        class Argument:
            pass

        argument = Argument()
        alive = weakref.ref(argument)
        handle = asyncio.get_running_loop().call_soon(id, argument)
        del argument
        if handle_is_cancelled:
            handle.cancel()
        await turns()
        self.assertIsNone(alive())

    async def test_LOOP_013(self):
        loop, seen = asyncio.get_running_loop(), []
        read, write = os.pipe()
        os.write(write, b"data")
        loop.add_reader(read, seen.append, "first")
        await turns()
        self.assertGreater(len(seen), 1)
        seen.clear()
        loop.add_reader(read, seen.append, "second")
        await turns()
        self.assertEqual(set(seen), {"second"})
        self.assertEqual([loop.remove_reader(read), loop.remove_reader(read)], [True, False])
        loop.add_writer(write, seen.append, "writable")
        await turns()
        self.assertIn("writable", seen)
        self.assertEqual([loop.remove_writer(write), loop.remove_writer(write)], [True, False])
        os.close(read)
        os.close(write)


class Timers(Rows):
    async def test_TIMER_001(self):
        loop, seen = asyncio.get_running_loop(), []
        loop.call_later(.1, lambda argument: seen.append((argument, loop.time())), "arg")
        await asyncio.sleep(1)
        self.assertEqual(len(seen), 1)
        self.assertEqual(seen[0][0], "arg")
        self.assertGreaterEqual(seen[0][1], .1 - 1e-9)

    async def test_TIMER_002(self):
        loop, seen = asyncio.get_running_loop(), []
        loop.call_later(-1, seen.append, "a")
        loop.call_later(-2, seen.append, "b")
        await turns()
        self.assertEqual(seen, ["b", "a"])

    async def test_TIMER_003(self):
        loop, seen = asyncio.get_running_loop(), []
        for n in range(8):
            loop.call_at(1, seen.append, n)
        await asyncio.sleep(2)
        self.assertEqual(sorted(seen), list(range(8)))

    async def test_TIMER_004(self):
        loop, seen = asyncio.get_running_loop(), []
        for n in (5, 3, 1, 4, 2):
            loop.call_later(n / 1000, seen.append, n)
        loop.advance(.02)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.assertEqual(seen, [1, 2, 3, 4, 5])

    async def test_TIMER_005(self):
        loop, seen = asyncio.get_running_loop(), []
        loop.call_later(0, seen.append, "x")
        loop.call_soon(seen.append, "y")
        await turns()
        self.assertEqual(seen, ["y", "x"])

    async def test_TIMER_006(self):
        loop, seen = asyncio.get_running_loop(), []
        loop.call_at(1, lambda: later.cancel())
        later = loop.call_at(1.5, seen.append, "b")
        loop.advance(2)
        await turns()
        self.assertEqual(seen, [])

    async def test_TIMER_007(self):
        class Argument:
            pass

        loop, seen = asyncio.get_running_loop(), []
        argument = Argument()
        alive = weakref.ref(argument)
        handle = loop.call_later(1, seen.append, argument)
        del argument
        handle.cancel()
        handle.cancel()
        self.assertTrue(handle.cancelled())
        self.assertIsNone(alive())
        await asyncio.sleep(2)
        self.assertEqual(seen, [])

    async def test_TIMER_008(self):
        loop, seen = asyncio.get_running_loop(), []
        handles = [loop.call_later(delay, seen.append, delay) for delay in (math.inf, 2 ** 40, 1e300)]
        await asyncio.sleep(1000)
        self.assertEqual(seen, [])
        for handle in handles:
            handle.cancel()

    async def test_TIMER_009(self):
        loop = asyncio.get_running_loop()
        self.assertRaises(TypeError, loop.call_later, None, print)
        self.assertRaises(TypeError, loop.call_at, None, print)

    def test_TIMER_010(self):
        loop = asyncio.new_event_loop()
        seen = []

        def blocks():
            before = loop.time()
            time.sleep(.05)
            seen.append(loop.time() - before)
            now = loop.time()
            loop.call_later(.01, lambda: (seen.append(loop.time() - now), loop.stop()))

        loop.call_soon(blocks)
        loop.run_forever()
        loop.close()
        self.assertGreaterEqual(seen[0], .05 - 1e-4)
        self.assertGreaterEqual(seen[1], .01 - 1e-4)

    async def test_TIMER_011(self):
        loop, seen = asyncio.get_running_loop(), []
        handles = [loop.call_at(1, seen.append, n) for n in range(10000)]
        gone = random.Random(7).sample(range(10000), 5000)
        for n in gone:
            handles[n].cancel()
        await asyncio.sleep(2)
        self.assertEqual(sorted(seen), sorted(set(range(10000)) - set(gone)))


class Errors(Rows):
    async def test_EXC_001(self):
        with logged() as lines:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "what happened", "exception": ValueError("e"), "own key": "own value"})
        self.assertIn("what happened", lines[0])
        self.assertIn("own key: 'own value'", lines[0])

    async def test_EXC_002(self):
        loop, told = asyncio.get_running_loop(), []

        def handler(*arguments):
            told.append(arguments)

        self.assertIsNone(loop.get_exception_handler())
        with self.assertRaises(TypeError):
            loop.set_exception_handler(1)
        loop.set_exception_handler(handler)
        self.assertIs(loop.get_exception_handler(), handler)
        loop.call_soon(lambda: 1 / 0)
        await turns()
        on, context = told[0]
        self.assertIs(on, loop)
        self.assertIsInstance(context["exception"], ZeroDivisionError)
        self.assertIn("handle", context)
        loop.set_exception_handler(None)
        self.assertIsNone(loop.get_exception_handler())

    async def test_EXC_003(self):
        loop, seen = asyncio.get_running_loop(), []

        def broken(*_):
            raise KeyError("the handler's own")

        loop.set_exception_handler(broken)
        with logged() as lines:
            loop.call_soon(lambda: 1 / 0)
            loop.call_soon(seen.append, "next")
            await turns()
        self.assertIn("Unhandled error in exception handler", lines[0])
        self.assertIn("ZeroDivisionError", lines[0])
        self.assertEqual(seen, ["next"])

    @staticmethod
    async def fails():
        raise ValueError("unseen")

    async def test_EXC_004(self):
        told = reports_of(asyncio.get_running_loop())
        for see, count in ((lambda task: None, 1), (lambda task: task.cancel(), 1), (lambda task: task.exception(), 1)):
            task = asyncio.create_task(self.fails())
            await turns()
            see(task)
            del task
            collect()
            self.assertEqual(len(told), count)
        self.assertEqual(told[0]["message"], "Task exception was never retrieved")

    async def test_EXC_005(self):
        told = reports_of(asyncio.get_running_loop())
        task = asyncio.create_task(self.fails())
        await asyncio.wait({task})
        del task
        collect()
        self.assertEqual(len(told), 1)
        task = asyncio.create_task(self.fails())
        await asyncio.gather(task, return_exceptions=True)
        del task
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.fails())
        except ExceptionGroup:
            pass
        collect()
        self.assertEqual(len(told), 1)

    def test_EXC_006(self):
        class Broken(asyncio.SelectorEventLoop):
            broken = False

            def call_soon(self, *arguments, **options):
                if self.broken:
                    raise MemoryError
                return super().call_soon(*arguments, **options)

        with new_loop(Broken) as loop:
            told = reports_of(loop)
            loop.broken = True
            coroutine = self.fails()
            with self.assertRaises(MemoryError):
                loop.create_task(coroutine)
            loop.broken = False
            collect()
            self.assertEqual([report["message"] for report in told], ["Task was destroyed but it is pending!"])
            self.assertEqual(asyncio.all_tasks(loop), set())
            coroutine.close()
