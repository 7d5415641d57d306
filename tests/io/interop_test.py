#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""interop_test.py: the echo programs against other people's clients and servers, and a thousand connections.

usage: interop_test.py ECHO-SERVER ECHO-CLIENT
"""

import asyncio
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

SERVER, CLIENT = sys.argv[1:3]


class EchoServer:
    """The echo server as a process on a free port."""

    def __init__(self, *options: str, quiet: bool = False) -> None:
        self.process = subprocess.Popen([SERVER, "--port", "0", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL if quiet else None, text=True)
        first = self.process.stdout.readline()
        self.port = int(first.rsplit(":", 1)[1])

    def __enter__(self) -> "EchoServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


async def ask(port: int, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


class Interop(unittest.TestCase):
    def test_python_asyncio_talks_to_the_server(self) -> None:
        with EchoServer() as server:
            self.assertEqual(asyncio.run(ask(server.port, b"hello\n")), b"hello\n")
            big = os.urandom(1 << 22)
            self.assertEqual(asyncio.run(ask(server.port, big)), big)

    @unittest.skipUnless(shutil.which("nc"), "nc is not installed (Debian package netcat-openbsd)")
    def test_nc_talks_to_the_server(self) -> None:
        with EchoServer() as server:
            answer = subprocess.run(["nc", "-N", "127.0.0.1", str(server.port)], input=b"hello\nworld\n",
                                    capture_output=True, timeout=20, check=True).stdout
            self.assertEqual(answer, b"hello\nworld\n")

    def test_the_client_talks_to_the_server(self) -> None:
        with EchoServer() as server:
            asked = subprocess.run([CLIENT, "--port", str(server.port), "one", "two"], capture_output=True,
                                   timeout=20, check=True)
            self.assertEqual(asked.stdout, b"one\ntwo\n")
            typed = subprocess.run([CLIENT, "--port", str(server.port)], input=b"a\nb\n", capture_output=True,
                                   timeout=20, check=True)
            self.assertEqual(typed.stdout, b"a\nb\n")

    def test_the_client_talks_to_python_asyncio(self) -> None:
        async def talk() -> tuple[bytes, int]:
            async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                while line := await reader.readline():
                    writer.write(line.upper())
                    await writer.drain()
                writer.close()

            server = await asyncio.start_server(shout, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            client = await asyncio.create_subprocess_exec(CLIENT, "--port", str(port), "hello", stdout=-1)
            answer, _ = await client.communicate()
            server.close()
            return answer, client.returncode

        self.assertEqual(asyncio.run(talk()), (b"HELLO\n", 0))

    def test_a_thousand_connections_at_once_leave_nothing_behind(self) -> None:
        count = 1000

        async def together(port: int) -> int:
            connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
            for number, (_, writer) in enumerate(connections):
                writer.write(b"%d\n" % number)
            right = 0
            for number, (reader, _) in enumerate(connections):
                right += await reader.readline() == b"%d\n" % number
            for _, writer in connections:
                writer.close()
            return right

        # It ends when all have left, so that a leak checker has its say.
        with EchoServer("--clients", str(count + 1)) as server:
            asyncio.run(ask(server.port, b"first"))
            before = server.descriptors()
            self.assertEqual(asyncio.run(together(server.port)), count)
            self.assertEqual(server.process.wait(timeout=30), 0)
            self.assertLess(before, 40)

    def test_clients_that_leave_in_the_middle_leave_nothing_behind(self) -> None:
        async def leave(port: int) -> None:
            for number in range(200):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"x" * 100_000)
                if number % 2:
                    writer.transport.abort()
                else:
                    writer.close()

        with EchoServer(quiet=True) as server:
            asyncio.run(ask(server.port, b"first"))
            before = server.descriptors()
            asyncio.run(leave(server.port))
            deadline = time.monotonic() + 20
            while server.descriptors() > before + 8 and time.monotonic() < deadline:
                asyncio.run(ask(server.port, b"another"))
            self.assertLessEqual(server.descriptors(), before + 8)  # the drivers of further loops
            self.assertEqual(asyncio.run(ask(server.port, b"alive")), b"alive")

    def test_a_port_in_use_and_a_port_without_a_server_are_told(self) -> None:
        with EchoServer() as server:
            second = subprocess.run([SERVER, "--port", str(server.port)], capture_output=True, timeout=20, text=True)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"127.0.0.1:{server.port}", second.stderr)
            self.assertIn("Address already in use", second.stderr)
            port = server.port
        client = subprocess.run([CLIENT, "--port", str(port), "x"], capture_output=True, timeout=20, text=True)
        self.assertEqual(client.returncode, 1)
        self.assertIn("Connection refused", client.stderr)

    def test_the_programs_are_there(self) -> None:
        for program in (SERVER, CLIENT):
            self.assertTrue(pathlib.Path(program).is_file())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
