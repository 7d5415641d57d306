# SPDX-License-Identifier: Apache-2.0
"""test_future.py: the rows of futures."""

import asyncio
import concurrent.futures

from rows import Rows, collect, new_loop, reports_of, since, turns


class Future(Rows):
    async def test_FUT_001(self):
        f = asyncio.get_running_loop().create_future()
        self.assertFalse(f.done() or f.cancelled())
        self.assertRaises(asyncio.InvalidStateError, f.result)
        self.assertRaises(asyncio.InvalidStateError, f.exception)

    async def test_FUT_002(self):
        f = asyncio.get_running_loop().create_future()
        f.set_result(42)
        self.assertTrue(f.done() and not f.cancelled())
        self.assertIsNone(f.exception())
        with self.assertRaises(asyncio.InvalidStateError):
            f.set_result(43)
        with self.assertRaises(asyncio.InvalidStateError):
            f.set_exception(ValueError())
        self.assertFalse(f.cancel())
        self.assertEqual(f.result(), 42)

    async def test_FUT_003(self):
        f, error = asyncio.get_running_loop().create_future(), ValueError("e")
        f.set_exception(error)
        self.assertTrue(f.done() and not f.cancelled())
        self.assertIs(f.exception(), error)
        with self.assertRaises(ValueError) as caught:
            f.result()
        self.assertIs(caught.exception, error)
        with self.assertRaises(asyncio.InvalidStateError):
            f.set_result(1)
        self.assertFalse(f.cancel())

    async def test_FUT_004(self):
        f = asyncio.get_running_loop().create_future()
        self.assertTrue(f.cancel())
        self.assertTrue(f.done() and f.cancelled())
        self.assertRaises(asyncio.CancelledError, f.result)
        self.assertRaises(asyncio.CancelledError, f.exception)
        with self.assertRaises(asyncio.InvalidStateError):
            f.set_result(1)
        with self.assertRaises(asyncio.InvalidStateError):
            f.set_exception(ValueError())
        self.assertFalse(f.cancel())

    async def test_FUT_005(self):
        f, seen = asyncio.get_running_loop().create_future(), []
        f.add_done_callback(lambda done: seen.append((1, done)))
        f.add_done_callback(lambda done: seen.append((2, done)))
        f.set_result(None)
        self.assertEqual(seen, [])
        await asyncio.sleep(0)
        self.assertEqual(seen, [(1, f), (2, f)])

    async def test_FUT_006(self):
        f, seen = asyncio.get_running_loop().create_future(), []
        f.add_done_callback(seen.append)
        f.set_result(None)
        self.assertEqual(f.remove_done_callback(seen.append), 0)
        await asyncio.sleep(0)
        self.assertEqual(seen, [f])

    async def test_FUT_007(self):
        f, seen = asyncio.get_running_loop().create_future(), []

        def a(_):
            seen.append("a")
            f.remove_done_callback(b)
            f.add_done_callback(lambda _: seen.append("c"))
            seen.append("end of a")

        def b(_):
            seen.append("b")

        f.add_done_callback(a)
        f.add_done_callback(b)
        f.set_result(None)
        await asyncio.sleep(0)
        self.assertEqual(seen, ["a", "end of a", "b"])
        await asyncio.sleep(0)
        self.assertEqual(seen[-1], "c")

    async def test_FUT_008(self):
        loop, seen = asyncio.get_running_loop(), []
        f = loop.create_future()
        f.set_result(7)
        loop.call_soon(seen.append, "x")
        self.assertEqual(await f, 7)
        self.assertEqual(seen, [])

    async def test_FUT_009(self):
        f = asyncio.get_running_loop().create_future()

        async def wait():
            return await f

        waiting = [asyncio.create_task(wait()) for _ in range(3)]
        await turns()
        f.set_result("v")
        self.assertEqual(await asyncio.gather(*waiting), ["v"] * 3)
        self.assertEqual(await f, "v")

    def test_FUT_010(self):
        for debug in (False, True):
            with self.subTest(debug=debug), new_loop() as loop:
                loop.set_debug(debug)
                told, error = reports_of(loop), ValueError("unseen")
                f = loop.create_future()
                f.set_exception(error)
                del f
                collect()
                self.assertEqual(len(told), 1)
                self.assertIn("exception was never retrieved", told[0]["message"])
                self.assertIs(told[0]["exception"], error)
                self.assertIn("future", told[0])
                self.assertEqual("source_traceback" in told[0], debug)

    async def test_FUT_011(self):
        loop = asyncio.get_running_loop()
        told = reports_of(loop)

        def failed():
            f = loop.create_future()
            f.set_exception(ValueError("e"))
            return f

        f = failed()
        self.assertRaises(ValueError, f.result)
        f = failed()
        f.exception()
        f = failed()
        await self.assert_raises(ValueError, f)
        del f
        collect()
        self.assertEqual(told, [])
        f = failed()
        self.assertTrue(f.done())
        await asyncio.wait([f])
        del f
        collect()
        self.assertEqual(len(told), 1)

    async def test_FUT_012(self):
        loop = asyncio.get_running_loop()
        told = reports_of(loop)
        f = loop.create_future()
        f.set_exception(ValueError("e"))
        self.assertFalse(f.cancel())
        del f
        collect()
        self.assertEqual(told, [])

    async def test_FUT_013(self):
        with new_loop(asyncio.new_event_loop) as other:
            foreign = other.create_future()
            error = await self.assert_raises(RuntimeError, foreign)
            self.assertIn("attached to a different loop", str(error))
            await asyncio.sleep(0)

    async def test_FUT_014(self):
        source = concurrent.futures.Future()
        asyncio.wrap_future(source).cancel()
        await turns()
        self.assertTrue(source.cancelled())
        source = concurrent.futures.Future()
        g = asyncio.wrap_future(source)
        source.set_result(42)
        g.cancel()
        await turns()
        self.assertEqual(source.result(), 42)
        self.assertTrue(g.cancelled())

    async def test_FUT_015(self):
        loop = asyncio.get_running_loop()
        f = loop.create_future()
        self.assertIn("pending", repr(f))
        f.add_done_callback(print)
        self.assertIn("print", repr(f))
        f.add_done_callback(repr)
        f.add_done_callback(len)
        f.add_done_callback(str)
        self.assertIn("<2 more>", repr(f))
        g = loop.create_future()
        g.cancel()
        self.assertIn("cancelled", repr(g))
        g = loop.create_future()
        g.set_result(4)
        self.assertIn("finished result=4", repr(g))
        g = loop.create_future()
        g.set_exception(ValueError("e"))
        self.assertIn("finished exception=ValueError", repr(g))
        g.exception()
        loop.set_debug(True)
        self.assertIn("created at", repr(loop.create_future()))
        loop.set_debug(False)
        for callback in (print, repr, len, str):
            f.remove_done_callback(callback)

    async def test_FUT_016(self):
        loop, calls = asyncio.get_running_loop(), []

        class Reenters:
            def __init__(self):
                self.other = loop.create_future()

            def __del__(self):
                self.other.cancel()
                del self.other
                loop.call_soon(calls.append, 1)

        for _ in range(100):
            f = loop.create_future()
            f.set_result(Reenters())
            del f
        collect()
        await turns()
        self.assertEqual(len(calls), 100)

    async def test_FUT_017(self):
        f = asyncio.get_running_loop().create_future()
        with self.assertRaises(TypeError):
            f.set_exception(None)
        self.assertFalse(f.done())

    @since(3, 13)
    async def test_FUT_018(self):
        f, error = asyncio.get_running_loop().create_future(), StopIteration()
        f.set_exception(error)
        self.assertIsInstance(f.exception(), RuntimeError)
        self.assertIs(f.exception().__cause__, error)
