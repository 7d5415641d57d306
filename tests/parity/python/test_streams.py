# SPDX-License-Identifier: Apache-2.0
"""test_streams.py: the rows of stream readers, fed by hand, and some of writers and servers over a loopback."""

import asyncio

from rows import Rows, reports_of, turns


class Reader(Rows):
    def fed(self, *chunks, limit=2 ** 16, end=False):
        reader = asyncio.StreamReader(limit=limit)
        for chunk in chunks:
            reader.feed_data(chunk)
        if end:
            reader.feed_eof()
        return reader

    async def test_STRM_001(self):
        reader = self.fed(b"abc")
        self.assertEqual(await reader.read(0), b"")
        self.assertEqual(await reader.read(2), b"ab")
        task = asyncio.create_task(reader.read(-1))
        await turns()
        self.assertFalse(task.done())
        reader.feed_data(b"def")
        reader.feed_eof()
        self.assertEqual(await task, b"cdef")
        self.assertEqual(await reader.read(5), b"")

    async def test_STRM_002(self):
        reader = self.fed(b"0123456789", limit=3)
        self.assertEqual(await reader.read(5), b"01234")
        self.assertEqual(await reader.readexactly(5), b"56789")

    async def test_STRM_003(self):
        for limit in (0, -1):
            self.assertRaises(ValueError, asyncio.StreamReader, limit=limit)

    async def test_STRM_004(self):
        reader = self.fed(b"chunk1 ", b"chunk2 ", b"chunk3 ", b"\n chunk4")
        self.assertEqual(await reader.readline(), b"chunk1 chunk2 chunk3 \n")
        reader.feed_eof()
        self.assertEqual(await reader.readline(), b" chunk4")
        self.assertEqual(await reader.readline(), b"")

    async def test_STRM_005(self):
        reader = self.fed(b"line1\nline2\n", limit=3)
        await self.assert_raises(ValueError, reader.readline())
        self.assertEqual(bytes(reader._buffer), b"line2\n")

    async def test_STRM_006(self):
        reader = self.fed(b"1234567", limit=3)
        await self.assert_raises(ValueError, reader.readline())
        self.assertEqual(bytes(reader._buffer), b"")

    async def test_STRM_007(self):
        self.assertEqual(await self.fed(b"1234567\n", limit=7).readline(), b"1234567\n")
        await self.assert_raises(ValueError, self.fed(b"12345678\n", limit=7).readline())

    async def test_STRM_008(self):
        reader = self.fed(b"dataA", b"A", b"Arest")
        self.assertEqual(await reader.readuntil(b"AAA"), b"dataAAA")
        self.assertEqual(bytes(reader._buffer), b"rest")

    async def test_STRM_009(self):
        reader = self.fed(b"some dataAA", limit=3)
        error = await self.assert_raises(asyncio.LimitOverrunError, reader.readuntil(b"AAA"))
        self.assertIn("not found", str(error))
        self.assertEqual(bytes(reader._buffer), b"some dataAA")
        reader.feed_data(b"A")
        error = await self.assert_raises(asyncio.LimitOverrunError, reader.readuntil(b"AAA"))
        self.assertIn("is found", str(error))
        self.assertEqual(bytes(reader._buffer), b"some dataAAA")
        self.assertEqual(await reader.readexactly(error.consumed), b"some data")

    async def test_STRM_010(self):
        reader = self.fed(b"some dataA", end=True)
        error = await self.assert_raises(asyncio.IncompleteReadError, reader.readuntil(b"AA"))
        self.assertEqual((error.partial, error.expected), (b"some dataA", None))
        self.assertIsInstance(error, EOFError)
        self.assertEqual(bytes(reader._buffer), b"")

    async def test_STRM_011(self):
        reader = self.fed()
        first = asyncio.create_task(reader.read(1))
        await turns()
        error = await self.assert_raises(RuntimeError, reader.read(1))
        self.assertIn("already waiting for incoming data", str(error))
        reader.feed_data(b"x")
        self.assertEqual(await first, b"x")

    async def test_STRM_012(self):
        reader, error = self.fed(), ValueError("broken")
        blocked = asyncio.create_task(reader.read(1))
        await turns()
        reader.set_exception(error)
        self.assertIs(await self.assert_raises(ValueError, blocked), error)
        reader.feed_data(b"data")
        for read in (reader.read(0), reader.read(1), reader.readline(), reader.readexactly(1)):
            self.assertIs(await self.assert_raises(ValueError, read), error)
        self.assertIs(reader.exception(), error)

    async def test_STRM_013(self):
        for in_one_turn in (False, True):
            reader = self.fed(b"ab")
            task = asyncio.create_task(reader.readexactly(4))
            await turns()
            if in_one_turn:
                reader.feed_data(b"cd")
            task.cancel()
            await self.assert_raises(asyncio.CancelledError, task)
            reader.feed_eof()
            self.assertEqual(await reader.read(), b"abcd" if in_one_turn else b"ab")

    async def test_STRM_014(self):
        reader = self.fed(b"one\ntwo\nend", end=True)
        self.assertEqual([line async for line in reader], [b"one\n", b"two\n", b"end"])


class Writer(Rows):
    def loopback(self, serve, ask):
        """A server and a client on real sockets."""
        async def main():
            told = reports_of(asyncio.get_running_loop())
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            answer = await ask(reader, writer)
            writer.close()
            await writer.wait_closed()
            server.close()
            await server.wait_closed()
            return answer, told
        return asyncio.run(main())

    def test_STRM_015(self):
        async def serve(reader, writer):
            question = await reader.read()
            writer.write(b"answer to " + question)
            writer.close()

        async def ask(reader, writer):
            writer.write(b"q")
            writer.write_eof()
            writer.write_eof()
            with self.assertRaises(RuntimeError):
                writer.write(b"too late")
            return await reader.read()

        self.assertEqual(self.loopback(serve, ask), (b"answer to q", []))

    def test_FLOW_001(self):
        async def serve(reader, writer):
            await reader.read()
            writer.close()

        async def ask(_, writer):
            limits = []
            transport = writer.transport
            for options in ({}, {"high": 100}, {"low": 10}, {"high": 0}):
                transport.set_write_buffer_limits(**options)
                limits.append(transport.get_write_buffer_limits())
            with self.assertRaises(ValueError):
                transport.set_write_buffer_limits(high=5, low=10)
            return limits

        self.assertEqual(self.loopback(serve, ask)[0], [(16384, 65536), (25, 100), (10, 40), (0, 0)])

    def test_SRV_001(self):
        async def serve(reader, writer):
            writer.write(await reader.readline())
            writer.close()

        async def ask(reader, writer):
            writer.write(b"hello\n")
            return await reader.read()

        self.assertEqual(self.loopback(serve, ask), (b"hello\n", []))
