# SPDX-License-Identifier: Apache-2.0
"""peers_test.py: every peer that is here gives the right answers to small versions of what it says it can do.

Peers that are built on demand are tried when their program stands beside skein-perf; else they are left out.
"""

import json
import pathlib
import subprocess
import unittest

import harness

PYTHON = "/usr/bin/python3"
RUNTIMES = pathlib.Path(__file__).parents[1] / "runtimes"

COMMANDS = {
    **{name: [str(harness.PROGRAM.parent / f"skein-perf-{name}")] for name in ("tokio", "go", "asio", "libuv")},
    "asyncio": [PYTHON, "-I", str(RUNTIMES / "run_asyncio.py")],
    "uvloop": [PYTHON, "-I", str(RUNTIMES / "run_uvloop.py")],
}

# scenario -> (size, answer)
SMALL = {
    "tasks10k": (50, 50),
    "sleep100k": (3, 3),
    "blocked": (3, 3),
    **dict.fromkeys(("yield", "mutex"), (3000, 3000)),
    **dict.fromkeys(("spawn", "queue", "queue44"), (4000, 4000 * 3999 // 2)),
    "pingpong": (300, 300),
}
CONNECTIONS, MESSAGES, BYTES = 50, 200, 64


def is_here(peer: str) -> bool:
    if peer == "uvloop" and not pathlib.Path("/usr/lib/python3/dist-packages/uvloop").exists():
        return False
    return pathlib.Path(COMMANDS[peer][0]).exists()


class Peer(unittest.TestCase):
    def scenarios(self, peer):
        listed = subprocess.run([*COMMANDS[peer], "list"], capture_output=True, text=True, check=True).stdout
        words = [line.split() for line in listed.splitlines()]
        self.assertIn("version", [first for first, *_ in words], "a peer says its version")
        return {first for first, *_ in words} - {"version"}

    def answer(self, peer, scenario, workers, size):
        done = subprocess.run(
            [*COMMANDS[peer], scenario, "--workers", str(workers), "--size", str(size)],
            capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
        answered = json.loads(done.stdout)
        self.assertEqual(set(answered), {"wall_ms", "cpu_ms", "answer", "rss_kib", "metrics"})
        self.assertGreater(answered["wall_ms"], 0)
        self.assertGreater(answered["rss_kib"], 0)
        if scenario in ("tasks10k", "sleep100k", "blocked"):
            self.assertEqual(set(answered["metrics"]), {"late_ms_p50", "late_ms_p99", "late_ms_max"})
        return answered["answer"]

    def check_echo(self, peer, workers):
        server = subprocess.Popen(
            [*COMMANDS[peer], "echo", "--workers", str(workers), "--connections", str(CONNECTIONS)],
            stdout=subprocess.PIPE, text=True)  # fmt: skip
        with server:
            port = json.loads(server.stdout.readline())["port"]
            clients = [harness.PROGRAM.parent / "skein-perf-echo-generator", str(port), str(CONNECTIONS), str(MESSAGES)]
            subprocess.run(clients, stdout=subprocess.DEVNULL, timeout=60, check=True)
            self.assertEqual(json.loads(server.stdout.readline())["answer"], MESSAGES * BYTES)

    def check(self, peer):
        if not is_here(peer):
            self.skipTest(f"{peer} is not built or not installed")
        scenarios = self.scenarios(peer)
        for workers in (1,) if peer in ("asyncio", "uvloop", "libuv") else (1, 2):
            for name in sorted(scenarios & SMALL.keys()):
                with self.subTest(f"{name}, {workers} workers"):
                    size, right = SMALL[name]
                    self.assertEqual(self.answer(peer, name, workers, size), right)
            if "echo" in scenarios:
                with self.subTest(f"echo, {workers} workers"):
                    self.check_echo(peer, workers)


for peer in COMMANDS:
    setattr(Peer, f"test_{peer}_answers_right", lambda self, peer=peer: self.check(peer))


if __name__ == "__main__":
    harness.main()
