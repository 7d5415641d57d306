#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py: the tutorial's examples print on skein, and on CPython, what seed_NN.txt says.

usage: compare.py SKEIN-SEEDS

On one worker, in virtual time, line by line; on several in any order and without the times. What differs by nature is
masked: addresses, names of tasks, and where in the source a coroutine stands.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 60
MASKS = (
    (r"0x[0-9A-Fa-f]+", "0x…"),
    (r"<(Task|Future) ", lambda m: f"<{m[1].lower()} "),
    (r" name='[^']*'", ""),
    (r" coro=<[^<>]*>", ""),
    (r" wait_for=<[^<>]*(?:<[^<>]*>[^<>]*)*>", ""),
    (r" cb=\[[^\]]*\]", " cb=[…]"),
)


def built(runner: pathlib.Path) -> list[str]:
    return subprocess.run([runner, "--list"], capture_output=True, text=True, check=True).stdout.split()


def masked(text: str) -> list[str]:
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text.splitlines()


def without_times(lines: list[str]) -> list[str]:
    return sorted(re.sub(r"\d+\.\d+", "…", line) for line in lines)


def said(name: str) -> list[str]:
    return masked((HERE / f"{name}.txt").read_text(encoding="utf-8"))


def printed(command: list[str | pathlib.Path], env: dict[str, str] | None = None) -> list[str]:
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=env)
    return masked(run.stdout) + ([f"exit {run.returncode}: {run.stderr.strip()}"] if run.returncode else [])


def verdicts(runner: pathlib.Path, env: dict[str, str] | None = None) -> dict[str, tuple[bool, bool]]:
    """Of every example that is built: whether it prints the right thing on one worker, and on several."""
    def both(name: str) -> tuple[bool, bool]:
        one = printed([runner, name], env) == said(name)
        return one, without_times(printed([runner, name, "4"], env)) == without_times(said(name))
    names = built(runner)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(both, names)))


class Examples(unittest.TestCase):
    maxDiff = None

    def test_skein_prints_it_on_one_worker(self) -> None:
        for name in built(RUNNER):
            with self.subTest(name):
                self.assertEqual(printed([RUNNER, name]), said(name))

    def test_skein_prints_it_on_several_workers(self) -> None:
        names = built(RUNNER)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            outputs = pool.map(lambda name: printed([RUNNER, name, "4"]), names)
            for name, output in zip(names, outputs):
                with self.subTest(name):
                    self.assertEqual(without_times(output), without_times(said(name)))

    def test_python_prints_it(self) -> None:
        names = sorted(path.stem for path in HERE.glob("seed_*.py"))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            outputs = pool.map(lambda name: printed([sys.executable, HERE / "run.py", name]), names)
            for name, output in zip(names, outputs):
                with self.subTest(name):
                    self.assertEqual(output, said(name))

    def test_every_example_has_both_languages_and_a_text(self) -> None:
        programs = {path.stem for path in HERE.glob("seed_??.cpp")}
        self.assertEqual(programs, {path.stem for path in HERE.glob("seed_*.py")})
        self.assertEqual(programs, {path.stem for path in HERE.glob("seed_*.txt")})


if __name__ == "__main__":
    RUNNER = pathlib.Path(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=2)
