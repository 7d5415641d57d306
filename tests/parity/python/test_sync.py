# SPDX-License-Identifier: Apache-2.0
"""test_sync.py: the rows of lock, event, condition, semaphore, barrier and queue."""

import asyncio

from rows import Rows, disagrees, run, since, turns


async def spawn(*coroutines):
    """Tasks that have started, one after the other."""
    tasks = []
    for coroutine in coroutines:
        tasks.append(asyncio.create_task(coroutine))
        await turns()
    return tasks


class Spies(Rows):
    def a_turn_passes(self):
        """A list that fills as soon as the loop gets a turn."""
        seen = []
        asyncio.get_running_loop().call_soon(seen.append, "a turn")
        return seen


class Lock(Spies):
    async def test_LOCK_001(self):
        lock, seen = asyncio.Lock(), self.a_turn_passes()
        self.assertIs(await lock.acquire(), True)
        self.assertEqual(seen, [])
        self.assertTrue(lock.locked())
        lock.release()
        self.assertFalse(lock.locked())
        with self.assertRaises(RuntimeError):
            lock.release()

    async def taker(self, lock, name, log):
        await lock.acquire()
        log.append(name)

    async def test_LOCK_002(self):
        lock, log = asyncio.Lock(), []
        await lock.acquire()
        tasks = await spawn(self.taker(lock, 1, log), self.taker(lock, 2, log))
        for expected in ([1], [1, 2], [1, 2, 3]):
            lock.release()
            await turns()
            self.assertEqual(log, expected)
            if len(expected) == 1:
                tasks += await spawn(self.taker(lock, 3, log))
        await asyncio.gather(*tasks)

    async def test_LOCK_003(self):
        for release_first in (True, False):
            lock, log = asyncio.Lock(), []
            await lock.acquire()
            b, c = await spawn(self.taker(lock, "b", log), self.taker(lock, "c", log))
            for step in (lock.release, b.cancel) if release_first else (b.cancel, lock.release):
                step()
            await turns()
            self.assertTrue(b.cancelled())
            self.assertEqual(log, ["c"])
            self.assertTrue(lock.locked())
            await c

    async def test_LOCK_004(self):
        lock, log = asyncio.Lock(), []
        await lock.acquire()
        a, b = await spawn(self.taker(lock, "a", log), self.taker(lock, "b", log))
        lock.release()
        a.cancel()
        await turns()
        self.assertTrue(a.cancelled())
        self.assertEqual(log, ["b"])
        await b

    async def test_LOCK_005(self):
        lock, log = asyncio.Lock(), []
        await lock.acquire()
        waiter, = await spawn(self.taker(lock, "waiter", log))
        waiter.cancel()
        lock.release()
        seen = self.a_turn_passes()
        await lock.acquire()
        self.assertEqual(seen, [])
        await turns()
        self.assertTrue(waiter.cancelled())

    async def test_LOCK_006(self):
        lock = asyncio.Lock()
        await lock.acquire()
        waiter, = await spawn(lock.acquire())
        waiter.cancel()
        await self.assert_raises(asyncio.CancelledError, waiter)
        self.assertFalse(lock._waiters)

    async def test_LOCK_007(self):
        lock = asyncio.Lock()
        async with lock as nothing:
            self.assertIsNone(nothing)
            self.assertTrue(lock.locked())
        self.assertFalse(lock.locked())
        with self.assertRaises(KeyError):
            async with lock:
                raise KeyError
        self.assertFalse(lock.locked())

        async def holder():
            async with lock:
                await asyncio.sleep(10)

        task, = await spawn(holder())
        self.assertTrue(lock.locked())
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertFalse(lock.locked())
        with self.assertRaises(TypeError):
            await lock

    def test_LOCK_008(self):
        lock = asyncio.Lock()

        async def uncontended():
            async with lock:
                pass

        async def contended():
            await lock.acquire()
            waiter, = await spawn(lock.acquire())
            lock.release()
            await waiter
            lock.release()

        run(uncontended())
        run(contended())
        with self.assertRaisesRegex(RuntimeError, "bound to a different event loop"):
            run(contended())


class Event(Spies):
    async def test_EVT_001(self):
        event = asyncio.Event()
        self.assertFalse(event.is_set())
        event.set()
        event.set()
        seen = self.a_turn_passes()
        self.assertIs(await event.wait(), True)
        self.assertEqual(seen, [])
        event.clear()
        self.assertFalse(event.is_set())

    async def test_EVT_002(self):
        event, log = asyncio.Event(), []

        async def waiter(n):
            await event.wait()
            log.append(n)

        tasks = await spawn(waiter(1), waiter(2))
        tasks.append(asyncio.create_task(waiter(3)))
        event.set()
        await asyncio.gather(*tasks)
        self.assertEqual(log, [3, 1, 2])

    async def test_EVT_003(self):
        event = asyncio.Event()
        states = []

        async def waiter():
            states.append((await event.wait(), event.is_set()))

        tasks = await spawn(waiter(), waiter())
        event.set()
        event.clear()
        await asyncio.gather(*tasks)
        self.assertEqual(states, [(True, False)] * 2)

    async def test_EVT_004(self):
        event = asyncio.Event()
        gone, stays = await spawn(event.wait(), event.wait())
        gone.cancel()
        await turns()
        self.assertEqual(len(event._waiters), 1)
        event.set()
        self.assertIs(await stays, True)

    async def test_EVT_005(self):
        for set_first in (True, False):
            event = asyncio.Event()
            a, b = await spawn(event.wait(), event.wait())
            for step in (event.set, a.cancel) if set_first else (a.cancel, event.set):
                step()
            await turns()
            self.assertTrue(a.cancelled())
            self.assertIs(await b, True)


class Condition(Rows):
    async def waiter(self, condition, n, log):
        async with condition:
            self.assertIs(await condition.wait(), True)
            self.assertTrue(condition.locked())
            log.append(n)

    async def test_COND_001(self):
        condition, log = asyncio.Condition(), []
        tasks = await spawn(*(self.waiter(condition, n, log) for n in (1, 2, 3)))
        async with condition:
            condition.notify()
            await turns()
            self.assertEqual(log, [])
        await turns()
        self.assertEqual(log, [1])
        async with condition:
            condition.notify(2)
        await asyncio.gather(*tasks)
        self.assertEqual(log, [1, 2, 3])

    async def test_COND_002(self):
        condition = asyncio.Condition()
        await self.assert_raises(RuntimeError, condition.wait())
        with self.assertRaises(RuntimeError):
            condition.notify()
        with self.assertRaises(RuntimeError):
            condition.notify_all()
        self.assertEqual(await condition.wait_for(lambda: "value"), "value")
        await self.assert_raises(RuntimeError, condition.wait_for(lambda: False))

    async def test_COND_003(self):
        condition, log = asyncio.Condition(), []
        tasks = await spawn(self.waiter(condition, 1, log), self.waiter(condition, 2, log))
        async with condition:
            condition.notify(10)
        await asyncio.gather(*tasks)
        late, = await spawn(self.waiter(condition, 3, log))
        self.assertFalse(late.done())
        late.cancel()

    async def test_COND_004(self):
        condition, seen = asyncio.Condition(), []

        async def waiter():
            async with condition:
                try:
                    await condition.wait()
                except asyncio.CancelledError:
                    seen.append(condition.locked())
                    raise

        task, = await spawn(waiter())
        task.cancel()
        await self.assert_raises(asyncio.CancelledError, task)
        self.assertEqual(seen, [True])
        self.assertFalse(condition._waiters)

    @since(3, 13)
    async def test_COND_005(self):
        condition, log = asyncio.Condition(), []
        a, b, c = await spawn(*(self.waiter(condition, n, log) for n in "abc"))
        async with condition:
            condition.notify(1)
            a.cancel()
        await turns()
        self.assertTrue(a.cancelled())
        self.assertEqual(log, ["b"])
        self.assertFalse(c.done())
        b.cancel()
        c.cancel()

    @since(3, 13)
    async def test_COND_006(self):
        condition, items, log = asyncio.Condition(), [], []

        async def consumer(name):
            async with condition:
                while not items:
                    await condition.wait()
                log.append((name, items.pop()))

        a, b = await spawn(consumer("a"), consumer("b"))
        await condition.acquire()
        items.append(1)
        condition.notify(1)
        await turns()  # a woke, and waits for the lock
        a.cancel()
        await turns()
        condition.release()
        await asyncio.wait([a, b], timeout=5)
        self.assertTrue(a.cancelled())
        self.assertEqual(log, [("b", 1)])

    async def test_COND_007(self):
        lock = asyncio.Lock()
        one, two = asyncio.Condition(lock), asyncio.Condition(lock)
        for scope in (lock, one, two):
            async with scope:
                self.assertTrue(lock.locked() and one.locked() and two.locked())
        self.assertFalse(lock.locked() or one.locked() or two.locked())

    async def test_COND_008(self):
        lock = asyncio.Lock()
        room, filled, buffer, taken = asyncio.Condition(lock), asyncio.Condition(lock), [], []
        total = 400

        async def producer(n):
            for item in range(n, total, 8):
                async with room:
                    await room.wait_for(lambda: len(buffer) < 2)
                    buffer.append(item)
                    filled.notify()

        async def take():
            async with filled:
                await filled.wait_for(lambda: buffer)
                taken.append(buffer.pop(0))
                room.notify()

        async def consumer():
            while len(taken) < total:
                try:
                    await asyncio.wait_for(take(), .01)
                except TimeoutError:
                    pass

        await asyncio.gather(*(producer(n) for n in range(8)), *(consumer() for _ in range(8)))
        self.assertEqual(sorted(taken), list(range(total)))


class Semaphore(Spies):
    async def test_SEM_001(self):
        semaphore = asyncio.Semaphore(3)
        await semaphore.acquire()
        await semaphore.acquire()
        self.assertFalse(semaphore.locked())
        await semaphore.acquire()
        self.assertTrue(semaphore.locked())
        self.assertTrue(asyncio.Semaphore(0).locked())
        self.assertRaises(ValueError, asyncio.Semaphore, -1)

    async def test_SEM_002(self):
        bounded, plain = asyncio.BoundedSemaphore(1), asyncio.Semaphore(1)
        self.assertRaises(ValueError, bounded.release)
        self.assertEqual(bounded._value, 1)
        plain.release()
        self.assertEqual(plain._value, 2)

    async def test_SEM_003(self):
        semaphore, log = asyncio.Semaphore(1), []

        async def twice(name):
            for n in (1, 2):
                await semaphore.acquire()
                log.append(f"{name}_{n}")
                await asyncio.sleep(1)
                semaphore.release()

        await asyncio.gather(twice("c1"), twice("c2"), twice("c3"))
        self.assertEqual(log, ["c1_1", "c2_1", "c3_1", "c1_2", "c2_2", "c3_2"])

    async def taker(self, semaphore, n, log):
        await semaphore.acquire()
        log.append(n)

    @disagrees()
    async def test_SEM_004(self):
        semaphore, log = asyncio.Semaphore(0), []
        tasks = await spawn(*(self.taker(semaphore, n, log) for n in (1, 2, 3)))
        for _ in range(3):
            semaphore.release()
        self.assertEqual((semaphore._value, semaphore.locked()), (2, True))
        tasks.append(asyncio.create_task(self.taker(semaphore, 4, log)))
        await turns(20)
        self.assertEqual(log, [1, 2, 3])
        semaphore.release()
        await asyncio.gather(*tasks)
        self.assertEqual(log, [1, 2, 3, 4])

    async def test_SEM_004_corrected(self):
        semaphore, log = asyncio.Semaphore(0), []
        first, = await spawn(self.taker(semaphore, 1, log))
        for _ in range(3):
            semaphore.release()
        self.assertEqual((semaphore._value, semaphore.locked()), (2, True))
        rest = [asyncio.create_task(self.taker(semaphore, n, log)) for n in (2, 3, 4)]
        await turns(20)
        self.assertEqual(log, [1, 2, 3])
        semaphore.release()
        await asyncio.gather(first, *rest)
        self.assertEqual(log, [1, 2, 3, 4])

    async def test_SEM_005(self):
        semaphore, log = asyncio.Semaphore(0), []
        a, = await spawn(self.taker(semaphore, "a", log))
        semaphore.release()
        self.assertTrue(semaphore.locked())
        newcomer = asyncio.create_task(self.taker(semaphore, "newcomer", log))
        await turns()
        self.assertEqual(log, ["a"])
        semaphore.release()
        await asyncio.gather(a, newcomer)

    async def test_SEM_006(self):
        semaphore, log = asyncio.Semaphore(0), []
        tasks = await spawn(*(self.taker(semaphore, n, log) for n in (1, 2, 3, 4)))
        tasks[0].cancel()
        tasks[1].cancel()
        semaphore.release()
        await turns()
        self.assertEqual(log, [3])
        tasks[3].cancel()

    async def test_SEM_007(self):
        semaphore, log = asyncio.Semaphore(1), []
        await semaphore.acquire()
        waiter, = await spawn(self.taker(semaphore, 1, log))
        semaphore.release()
        semaphore.release()
        self.assertEqual(semaphore._value, 1)
        await waiter
        seen = self.a_turn_passes()
        await semaphore.acquire()
        self.assertEqual(seen, [])

    async def test_SEM_008(self):
        semaphore, log = asyncio.Semaphore(0), []
        tasks = await spawn(*(self.taker(semaphore, n, log) for n in range(5)))

        async def releaser():
            for _ in range(3):
                semaphore.release()

        await asyncio.create_task(releaser())
        await turns(20)
        self.assertEqual(log, [0, 1, 2])
        for task in tasks:
            task.cancel()


class Barrier(Spies):
    async def test_BAR_001(self):
        barrier = asyncio.Barrier(3)
        indices = await asyncio.gather(*(barrier.wait() for _ in range(3)))
        self.assertEqual(sorted(indices), [0, 1, 2])
        self.assertEqual(barrier.n_waiting, 0)
        self.assertRaises(ValueError, asyncio.Barrier, 0)

    async def test_BAR_002(self):
        barrier, seen = asyncio.Barrier(1), self.a_turn_passes()
        self.assertEqual([await barrier.wait() for _ in range(3)], [0, 0, 0])
        self.assertEqual(seen, [])

    async def test_BAR_003(self):
        barrier, log = asyncio.Barrier(5), []

        async def twice():
            await barrier.wait()
            log.append(1)
            await barrier.wait()
            log.append(2)

        await asyncio.gather(*(twice() for _ in range(5)))
        self.assertEqual(log, [1] * 5 + [2] * 5)

    async def test_BAR_004(self):
        barrier, states = asyncio.Barrier(2), []

        async def party():
            await barrier.wait()
            states.append(repr(barrier))

        first, = await spawn(party())
        self.assertIn("filling", repr(barrier))
        second = asyncio.create_task(party())
        newcomer = asyncio.create_task(barrier.wait())
        await asyncio.gather(first, second)
        self.assertTrue(any("draining" in state for state in states))
        await turns()
        self.assertFalse(newcomer.done())
        self.assertEqual(barrier.n_waiting, 1)
        await barrier.wait()
        await newcomer

    async def test_BAR_005(self):
        barrier = asyncio.Barrier(3)
        a, b = await spawn(barrier.wait(), barrier.wait())
        a.cancel()
        await turns()
        self.assertEqual(barrier.n_waiting, 1)
        self.assertFalse(barrier.broken)
        self.assertEqual(sorted(await asyncio.gather(b, barrier.wait(), barrier.wait())), [1, 1, 2])

    async def test_BAR_006(self):
        barrier, log = asyncio.Barrier(2), []

        async def drained():
            await barrier.wait()
            await barrier.abort()

        async def party(name):
            try:
                await barrier.wait()
                log.append(f"{name} passed")
            except asyncio.BrokenBarrierError:
                log.append(f"{name} broken")

        tasks = [asyncio.create_task(coroutine) for coroutine in (party("draining"), drained(), party("blocked"))]
        await asyncio.gather(*tasks)
        self.assertIn("blocked broken", log)
        self.assertTrue(barrier.broken)

    async def test_BAR_007(self):
        barrier, phases, zeros = asyncio.Barrier(8), [0] * 8, []

        async def party(n):
            for phase in range(100):
                if await barrier.wait() == 0:
                    zeros.append(phase)
                self.assertLessEqual(max(phases) - min(phases), 1)
                phases[n] = phase + 1

        await asyncio.gather(*(party(n) for n in range(8)))
        self.assertEqual(zeros, list(range(100)))


class Queue(Spies):
    async def test_QUE_001(self):
        queue = asyncio.Queue(2)
        self.assertRaises(asyncio.QueueEmpty, queue.get_nowait)
        queue.put_nowait(1)
        queue.put_nowait(2)
        self.assertRaises(asyncio.QueueFull, queue.put_nowait, 3)
        self.assertEqual((queue.qsize(), queue.empty(), queue.full()), (2, False, True))
        self.assertEqual([queue.get_nowait(), queue.get_nowait()], [1, 2])
        for maxsize in (0, -1):
            unbounded = asyncio.Queue(maxsize)
            for n in range(1000):
                unbounded.put_nowait(n)
            self.assertFalse(unbounded.full())

    async def test_QUE_002(self):
        last_in, by_priority = asyncio.LifoQueue(), asyncio.PriorityQueue()
        for n in (1, 3, 2):
            last_in.put_nowait(n)
            by_priority.put_nowait(n)
        self.assertEqual([last_in.get_nowait() for _ in range(3)], [2, 3, 1])
        self.assertEqual([by_priority.get_nowait() for _ in range(3)], [1, 2, 3])

    async def test_QUE_003(self):
        queue, log = asyncio.Queue(2), []

        async def putter():
            for n in range(3):
                await queue.put(n)
                log.append(n)

        task, = await spawn(putter())
        self.assertEqual(log, [0, 1])
        self.assertEqual(await queue.get(), 0)
        await task
        self.assertEqual(log, [0, 1, 2])

    async def test_QUE_004(self):
        queue, seen = asyncio.Queue(), self.a_turn_passes()
        for n in range(1000):
            await queue.put(n)
            await queue.get()
        self.assertEqual(seen, [])

    async def test_QUE_005(self):
        queue = asyncio.Queue()
        getter, = await spawn(queue.get())
        queue.put_nowait(1)
        queue.put_nowait(2)
        getter.cancel()
        await turns()
        self.assertTrue(getter.cancelled())
        self.assertEqual(await queue.get(), 1)

    async def test_QUE_006(self):
        queue = asyncio.Queue()
        first, *others = await spawn(*(queue.get() for _ in range(3)))
        queue.put_nowait(1)
        queue.put_nowait(2)
        first.cancel()
        self.assertEqual(sorted(await asyncio.gather(*others)), [1, 2])

    async def test_QUE_007(self):
        queue = asyncio.Queue()
        a, b = await spawn(queue.get(), queue.get())
        queue.put_nowait(1)
        self.assertEqual(queue.get_nowait(), 1)
        await turns()
        queue.put_nowait(2)
        queue.put_nowait(3)
        self.assertEqual((await a, await b), (3, 2))

    async def test_QUE_008(self):
        queue = asyncio.Queue(1)
        queue.put_nowait("full")
        tasks = await spawn(*(queue.put(name) for name in "abc"))
        queue.get_nowait()
        queue.put_nowait("X")
        order = []
        for _ in range(4):
            await turns()
            order.append(queue.get_nowait())
        self.assertEqual(order, ["X", "b", "c", "a"])
        await asyncio.gather(*tasks)

    async def test_QUE_009(self):
        queue = asyncio.Queue()
        await queue.join()
        for n in range(100):
            queue.put_nowait(n)

        async def worker():
            while True:
                await queue.get()
                await asyncio.sleep(0)
                queue.task_done()

        workers = await spawn(worker(), worker())
        await queue.join()
        self.assertTrue(queue.empty())
        self.assertRaises(ValueError, queue.task_done)
        for task in workers:
            task.cancel()

    @since(3, 13)
    async def test_QUE_010(self):
        queue = asyncio.Queue(1)
        queue.put_nowait("item")
        putter, joiner = await spawn(queue.put("late"), queue.join())
        queue.shutdown()
        await self.assert_raises(asyncio.QueueShutDown, putter)
        self.assertEqual(await queue.get(), "item")
        await self.assert_raises(asyncio.QueueShutDown, queue.get())
        await turns()
        self.assertFalse(joiner.done())
        queue.task_done()
        await joiner
        self.assertRaises(ValueError, queue.task_done)

    @since(3, 13)
    async def test_QUE_011(self):
        queue = asyncio.Queue()
        queue.put_nowait(1)
        joiner, = await spawn(queue.join())
        queue.shutdown(immediate=True)
        self.assertEqual(queue.qsize(), 0)
        await joiner
        self.assertRaises(ValueError, queue.task_done)

    @since(3, 13)
    async def test_QUE_012(self):
        queue = asyncio.Queue()
        queue.put_nowait(1)
        queue.put_nowait(2)
        queue.get_nowait()
        queue.shutdown(immediate=True)
        joiner, = await spawn(queue.join())
        self.assertFalse(joiner.done())
        queue.task_done()
        await joiner

    async def test_QUE_013(self):
        queue = asyncio.Queue(3)
        self.assertIn("maxsize=3", repr(queue))
        getter, = await spawn(queue.get())
        self.assertIn("_getters[1]", repr(queue))
        getter.cancel()
        for n in range(3):
            queue.put_nowait(n)
        putter, = await spawn(queue.put(4))
        self.assertIn("_putters[1]", repr(queue))
        self.assertIn("tasks=3", repr(queue))
        putter.cancel()
        if hasattr(queue, "shutdown"):
            queue.shutdown()
            self.assertIn("shutdown", repr(queue))
