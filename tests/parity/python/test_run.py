# SPDX-License-Identifier: Apache-2.0
"""test_run.py: the rows of run, Runner and signals; some send themselves a real one."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap

from rows import Rows, reports_of, since


async def give(value=None):
    return value


class Run(Rows):
    def test_RUN_001(self):
        loops = []

        async def main():
            loops.append(asyncio.get_running_loop())
            return 7

        async def fails():
            raise ValueError("main's")

        self.assertEqual([asyncio.run(main()), asyncio.run(main())], [7, 7])
        self.assertIsNot(*loops)
        self.assertTrue(all(loop.is_closed() for loop in loops))
        with self.assertRaisesRegex(ValueError, "main's"):
            asyncio.run(fails())

    def test_RUN_002(self):
        with self.assertRaisesRegex(ValueError, "a coroutine was expected") if sys.version_info < (3, 14) \
                else self.assertRaises(TypeError):
            asyncio.run(1)
        with asyncio.Runner() as runner:
            f = runner.get_loop().create_future()
            f.set_result(1)
            if sys.version_info < (3, 14):
                with self.assertRaisesRegex(ValueError, "a coroutine was expected"):
                    runner.run(f)

    def test_RUN_003(self):
        started = []

        async def inner():
            started.append(1)

        async def main():
            for run in (asyncio.run, asyncio.Runner().run):
                coroutine = inner()
                with self.assertRaises(RuntimeError):
                    run(coroutine)
                coroutine.close()

        asyncio.run(main())
        self.assertEqual(started, [])

    def test_RUN_004(self):
        tasks = []

        async def main():
            tasks.append(asyncio.create_task(asyncio.sleep(100)))
            await asyncio.sleep(0)
            return "main's"

        self.assertEqual(asyncio.run(main()), "main's")
        self.assertTrue(tasks[0].cancelled())

    def test_RUN_005(self):
        told = []

        async def leftover(fails):
            try:
                await asyncio.sleep(100)
            finally:
                if fails:
                    raise ValueError("in cleanup")

        async def main():
            told.append(reports_of(asyncio.get_running_loop()))
            tasks = [asyncio.create_task(leftover(fails)) for fails in (True, False)]
            await asyncio.sleep(0)
            self.tasks = tasks
            return "main's"

        self.assertEqual(asyncio.run(main()), "main's")
        report, = told[0]
        self.assertIn("run() shutdown", report["message"])
        self.assertIs(report["task"], self.tasks[0])
        self.assertEqual(str(report["exception"]), "in cleanup")

    def test_RUN_006(self):
        log = []

        async def generator():
            try:
                yield 1
                yield 2
            finally:
                await asyncio.sleep(0)
                log.append("generator")

        async def leftover():
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(.01)
                log.append("leftover")

        class Loop(asyncio.SelectorEventLoop):
            async def shutdown_default_executor(self, *arguments):
                await super().shutdown_default_executor(*arguments)
                log.append("executor")

            def close(self):
                log.append("loop") if not self.is_closed() else None
                super().close()

        async def main():
            self.values = generator()
            await anext(self.values)
            self.tasks = [asyncio.create_task(leftover()) for _ in range(2)]
            await asyncio.sleep(0)

        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(main())
        self.assertEqual(log, ["leftover", "leftover", "generator", "executor", "loop"])

    def test_RUN_007(self):
        async def debug():
            return asyncio.get_running_loop().get_debug()

        self.assertEqual([asyncio.run(debug(), debug=flag) for flag in (True, False)], [True, False])
        script = "import asyncio\nasync def f(): print(asyncio.get_running_loop().get_debug())\nasyncio.run(f())"
        for value, printed in (("1", "True\n"), ("", "False\n")):
            run = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONASYNCIODEBUG": value},
                                 capture_output=True, text=True)
            self.assertEqual(run.stdout, printed)

    def test_RUN_008(self):
        made = []

        def factory():
            made.append(asyncio.new_event_loop())
            return made[-1]

        async def main():
            return asyncio.get_running_loop()

        with asyncio.Runner(loop_factory=factory) as runner:
            ran = [runner.run(main()), runner.run(main())]
        self.assertEqual(ran, made * 2)
        self.assertTrue(made[0].is_closed())

    def interrupted(self, main, expected=KeyboardInterrupt):
        before = signal.getsignal(signal.SIGINT)
        with self.assertRaises(expected):
            asyncio.run(main)
        self.assertIs(signal.getsignal(signal.SIGINT), before)

    def test_RUN_009(self):
        log = []

        async def main():
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
            f = asyncio.get_running_loop().create_future()
            try:
                await f
            except asyncio.CancelledError:
                await asyncio.sleep(.01)
                log.append(("cleaned up", f.cancelled()))
                raise

        self.interrupted(main())
        self.assertEqual(log, [("cleaned up", True)])

    def test_RUN_010(self):
        log = []

        async def main():
            asyncio.get_running_loop().call_later(.01, os.kill, os.getpid(), signal.SIGINT)
            try:
                while True:
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        self.interrupted(main())
        self.assertEqual(log, ["cancelled"])

    def test_RUN_011(self):
        async def main():
            me = asyncio.current_task()

            async def sub():
                me.cancel()
                os.kill(os.getpid(), signal.SIGINT)

            await asyncio.create_task(sub())

        self.interrupted(main(), asyncio.CancelledError)

    def test_RUN_012(self):
        log = []

        async def leftover():
            try:
                await asyncio.sleep(100)
            finally:
                log.append("leftover ended")

        async def main():
            task = asyncio.create_task(leftover())
            loop = asyncio.get_running_loop()
            loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
            try:
                await asyncio.sleep(100)
            except asyncio.CancelledError:
                loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
                try:
                    await asyncio.sleep(100)
                    log.append("not reached")
                finally:
                    log.append("main ended")
            await task

        self.interrupted(main())
        self.assertEqual(sorted(log), ["leftover ended", "main ended"])

    def test_RUN_013(self):
        log = []

        async def generator():
            try:
                yield 1
            finally:
                log.append("generator closed")

        async def leftover():
            self.values = generator()
            await anext(self.values)
            try:
                await asyncio.sleep(100)
            finally:
                log.append("leftover ended")

        async def main():
            self.task = asyncio.create_task(leftover())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            raise ValueError("main's")

        with self.assertRaisesRegex(ValueError, "main's"):
            asyncio.run(main())
        self.assertTrue(self.task.done())
        self.assertEqual(log, ["leftover ended", "generator closed"])


class Signals(Rows):
    def with_loop(self, body):
        loop = asyncio.new_event_loop()
        try:
            return body(loop)
        finally:
            loop.close()

    def test_SIG_001(self):
        def body(loop):
            for bad, error in (("INT", TypeError), (0, ValueError), (-1, ValueError), (signal.NSIG + 1, ValueError)):
                self.assertRaises(error, loop.add_signal_handler, bad, print)
            with self.assertRaisesRegex(RuntimeError, "cannot be caught"):
                loop.add_signal_handler(signal.SIGKILL, print)
            self.assertRaises(TypeError, loop.add_signal_handler, signal.SIGUSR1, give)
            self.assertFalse(loop.remove_signal_handler(signal.SIGUSR1))
        self.with_loop(body)

    def test_SIG_002(self):
        def body(loop):
            seen = []
            before = signal.getsignal(signal.SIGUSR1)
            loop.add_signal_handler(signal.SIGUSR1, seen.append, "first")
            loop.add_signal_handler(signal.SIGUSR1, lambda *args: (seen.append(args), loop.stop()), "some", "args")
            os.kill(os.getpid(), signal.SIGUSR1)
            self.assertEqual(seen, [])
            loop.run_forever()
            self.assertEqual(seen, [("some", "args")])
            self.assertEqual([loop.remove_signal_handler(signal.SIGUSR1) for _ in range(2)], [True, False])
            self.assertEqual(signal.getsignal(signal.SIGUSR1), before)
        self.with_loop(body)

    def test_SIG_003(self):
        def body(loop):
            loop.add_signal_handler(signal.SIGALRM, loop.stop)
            signal.setitimer(signal.ITIMER_REAL, .02)
            start = loop.time()
            loop.run_forever()  # nothing else would wake it
            self.assertLess(loop.time() - start, 5)
        self.with_loop(body)

    @since(3, 12)
    def test_SIG_004(self):
        script = textwrap.dedent("""
            import asyncio, os
            async def child(): return 7
            async def main():
                if (pid := os.fork()) == 0:
                    os._exit(asyncio.run(child()))
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
                await asyncio.sleep(0)
            asyncio.run(main())
        """)
        run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
