# SPDX-License-Identifier: Apache-2.0
"""rows.py: test cases whose methods are rows: a coroutine runs in virtual time, a function makes its own loops."""

import asyncio
import contextlib
import gc
import inspect
import logging
import sys
import unittest
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fake_clock import FakeClockLoop


def since(*version: int) -> Callable:
    """Skips a row on older Pythons."""
    text = ".".join(map(str, version))
    return unittest.skipUnless(sys.version_info >= version, f"needs Python {text}")


def disagrees(*until: int) -> Callable:
    """Marks a row that CPython does not follow as it was written (corrections.csv says how), before a version."""
    if until and sys.version_info >= until:
        return lambda test: test
    return unittest.expectedFailure


@contextlib.contextmanager
def new_loop(factory: Callable[[], asyncio.AbstractEventLoop] = FakeClockLoop) -> Iterator[Any]:
    """A loop that is closed in the end, with its tasks ended."""
    loop = factory()
    try:
        yield loop
    finally:
        if not loop.is_closed():
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            if asyncio._get_running_loop() is None:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def run(main: Coroutine) -> Any:
    with new_loop() as loop:
        return loop.run_until_complete(main)


async def turns(n: int = 8) -> None:
    """Lets whatever can run do so: some turns of the loop, no time."""
    for _ in range(n):
        await asyncio.sleep(0)


def reports_of(loop: asyncio.AbstractEventLoop) -> list[dict[str, Any]]:
    """From now on, what the loop's exception handler is told."""
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    return told


def collect() -> None:
    for _ in range(3):
        gc.collect()


@contextlib.contextmanager
def logged(name: str = "asyncio") -> Iterator[list[str]]:
    """What asyncio logs meanwhile."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, handler = logging.getLogger(name), Keep()
    old = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.propagate = old


class Rows(unittest.TestCase):
    """Coroutine methods run on a loop of their own with a fake clock."""

    def _callTestMethod(self, method: Callable) -> None:
        if inspect.iscoroutinefunction(method):
            run(method())
        else:
            method()

    async def assert_raises(self, kind: type[BaseException], awaitable: Any) -> BaseException:
        """Awaits something that must throw, and gives what it threw."""
        try:
            await awaitable
        except kind as error:
            return error
        self.fail(f"{kind.__name__} was not raised")
