# SPDX-License-Identifier: Apache-2.0
"""harness.py: runs skein-perf for the tests, as it is or beside runtimes that a test makes up."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None

HAS_IO = (pathlib.Path(__file__).parents[2] / "io/include/skein/io/server.hpp").exists()


def run(*arguments: str, program: pathlib.Path | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [program or PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False
    )


class Folder(unittest.TestCase):
    """A test with a folder of its own, in which a copy of skein-perf finds what the test puts there."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skein-perf-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def copy_harness(self) -> pathlib.Path:
        return pathlib.Path(shutil.copy(PROGRAM, self.folder))

    def make_program(self, name: str, body: str) -> None:
        file = self.folder / name
        file.write_text(f"#!{sys.executable}\nimport os, sys, time\nscenario = sys.argv[1]\n{body}\n")
        file.chmod(0o755)


def main() -> None:
    if PROGRAM is None:
        sys.exit("usage: NAME_test.py PATH-OF-SKEIN-PERF")
    unittest.main(module="__main__", verbosity=2)
