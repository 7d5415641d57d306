# SPDX-License-Identifier: Apache-2.0
"""run_asyncio.py: runs the asyncio.py of one workload and prints one line of JSON.

usage: run_asyncio.py list | SCENARIO [--workers 1] [--size S] [--connections C]

An asyncio.py holds a table SCENARIOS: name -> Scenario. Its `run` is a coroutine function that takes a
Request and returns the answer; lateness in milliseconds goes to request.late_ms.
"""

import argparse
import array
import asyncio
import dataclasses
import importlib.util
import json
import pathlib
import platform
import sys
import time
import types
from collections.abc import Awaitable, Callable


@dataclasses.dataclass
class Request:
    size: int
    connections: int
    late_ms: array.array = dataclasses.field(default_factory=lambda: array.array("f"))


@dataclasses.dataclass
class Scenario:
    run: Callable[[Request], Awaitable[int]]
    share: int = 1  # does 1/share of the work; the harness multiplies the times
    quick: bool = True  # part of a quick run


def sleep_lengths():
    """The lengths of runtimes/workload.hpp, in seconds."""
    state = 42
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        yield (10_000 + (state >> 33) % 990_001) / 1e6


def load_scenarios() -> dict[str, Scenario]:
    sys.dont_write_bytecode = True
    # The workloads import these names from a module, whatever file this program was started from.
    kit = types.ModuleType("workload")
    kit.Request, kit.Scenario, kit.sleep_lengths = Request, Scenario, sleep_lengths
    sys.modules["workload"] = kit
    scenarios = {"idle": Scenario(idle)}
    for file in sorted(pathlib.Path(__file__).resolve().parents[1].glob("*/asyncio.py")):
        spec = importlib.util.spec_from_file_location(f"workload_{file.parent.name}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        scenarios.update(module.SCENARIOS)
    return scenarios


async def idle(request: Request) -> int:
    await asyncio.sleep(0.03)
    return 0


def peak_rss_kib() -> int:
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("/proc/self/status has no VmHWM line, so the peak memory is not known")


def lateness(request: Request) -> dict[str, float]:
    late_ms = sorted(request.late_ms)
    if not late_ms:
        return {}
    return {
        "late_ms_p50": late_ms[int(0.5 * (len(late_ms) - 1))],
        "late_ms_p99": late_ms[int(0.99 * (len(late_ms) - 1))],
        "late_ms_max": late_ms[-1],
    }


async def measured(run, request: Request) -> dict:
    cpu_start = time.process_time_ns()
    wall_start = time.perf_counter_ns()
    answer = await run(request)
    wall = time.perf_counter_ns() - wall_start
    cpu = time.process_time_ns() - cpu_start
    return {"wall_ms": wall / 1e6, "cpu_ms": cpu / 1e6, "answer": answer}


def main(version: str = platform.python_version()) -> int:
    scenarios = load_scenarios()
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=["list", *scenarios])
    parser.add_argument("--workers", type=int, default=1, choices=[1])
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--connections", type=int, default=50)
    arguments = parser.parse_args()
    if arguments.scenario == "list":
        print("version", version)
        for name, scenario in scenarios.items():
            print(name, f"share={scenario.share}", "" if scenario.quick else "full-only")
        return 0
    request = Request(arguments.size, arguments.connections)
    result = asyncio.run(measured(scenarios[arguments.scenario].run, request))
    result["rss_kib"] = peak_rss_kib()
    result["metrics"] = lateness(request)
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
