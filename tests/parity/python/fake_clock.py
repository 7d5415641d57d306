# SPDX-License-Identifier: Apache-2.0
"""fake_clock.py: an asyncio loop whose clock jumps to the next timer when nothing else is to do."""

import asyncio
import selectors

STUCK_AFTER = 20.0  # real seconds in which no thread and no descriptor wakes a loop without timers


class JumpingSelector(selectors.DefaultSelector):
    """Does not wait for timers: it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None:
            self.now += timeout
            return []
        ready = super().select(STUCK_AFTER)
        if not ready:
            raise RuntimeError("nothing can wake this loop any more")
        return ready


class FakeClockLoop(asyncio.SelectorEventLoop):
    """A loop in virtual seconds; time 0 is its start."""

    def __init__(self) -> None:
        self.clock = JumpingSelector()
        super().__init__(self.clock)
        self.set_debug(False)

    def time(self) -> float:
        return self.clock.now

    def advance(self, seconds: float) -> None:
        """As if a callback had blocked the loop for so long."""
        self.clock.now += seconds

    async def shutdown_default_executor(self, *_: object) -> None:
        """Without asyncio's time limit, which would pass at once."""
        await super().shutdown_default_executor()
