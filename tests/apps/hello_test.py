#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hello_test.py: the first steps print what the tutorial's Python programs print.

usage: hello_test.py HELLO
"""

import re
import subprocess
import sys
import unittest

HELLO = sys.argv[1]

EXPECTED = r"""-- run: running a coroutine, in four ways
(开始协程
结束协程
){4}-- tasks: two tasks wait at the same time
开始时间 (?P<began>\d\d:\d\d:\d\d)
Hello
World
结束时间 (?P<ended>\d\d:\d\d:\d\d)
-- states: a task before and after it ran
Task: <task pending name='Task-\d+'>
Number: 1
Task: <task finished name='Task-\d+' result=1>
Result: 1
-- cancel: cancelling a task
任务开始
任务被取消
主函数捕获到取消异常
-- callbacks: call_soon and call_later
callback 3
callback 2
callback 1
-- gather: three results in the order of the arguments
A after 2 s
B after 1 s
C after 3 s
"""


def seconds(clock: str) -> int:
    hours, minutes, rest = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


class Hello(unittest.TestCase):
    def test_all_steps_print_what_python_prints(self) -> None:
        run = subprocess.run([HELLO], capture_output=True, text=True, timeout=50, check=True)
        match = re.fullmatch(EXPECTED, run.stdout)
        self.assertIsNotNone(match, run.stdout)
        took = (seconds(match["ended"]) - seconds(match["began"])) % 86400
        self.assertIn(took, (2, 3))  # of a clock with whole seconds

    def test_a_step_that_does_not_exist_is_told(self) -> None:
        run = subprocess.run([HELLO, "fly"], capture_output=True, text=True, timeout=20)
        self.assertEqual(run.returncode, 2)
        self.assertIn("'fly'", run.stderr)
        self.assertIn("cancel", run.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
