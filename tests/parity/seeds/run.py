#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py: one of the Python examples, in virtual time: run.py seed_NN."""

import asyncio
import pathlib
import runpy
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
from fake_clock import FakeClockLoop  # noqa: E402: the folder has to be known first

loops: list[FakeClockLoop] = []


def new_event_loop() -> FakeClockLoop:
    loops.append(FakeClockLoop())
    return loops[-1]


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit("the examples need Python 3.11")
    asyncio.new_event_loop = asyncio.events.new_event_loop = new_event_loop
    time.time = lambda: loops[-1].time() if loops else 0.0
    sys.stdout.reconfigure(encoding="utf-8")
    runpy.run_path(str(HERE / f"{sys.argv[1]}.py"), run_name="__main__")
