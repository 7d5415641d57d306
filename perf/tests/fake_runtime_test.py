# SPDX-License-Identifier: Apache-2.0
"""fake_runtime_test.py: what skein-perf does with runtimes that fail, lie or hang, and with missing ones."""

import json

import harness

HONEST = """
if scenario == "list":
    print("fib")
else:
    print('{"wall_ms": 2.0, "cpu_ms": 1.0, "answer": 9227465, "rss_kib": 1000, "metrics": {}}')
"""


class FakeRuntime(harness.Folder):
    def run_quick(self, *arguments, rounds=2):
        return harness.run("run", "fib", "--quick", "--workers", "1", "--repeat", rounds, *arguments,
                           program=self.copy_harness())  # fmt: skip

    def assert_failed(self, body, *expected):
        self.make_program("skein-perf-skein", 'if scenario == "list": print("fib"); sys.exit(0)\n' + body)
        done = self.run_quick("--peers", "none", "--timeout", "1", "--json", self.folder / "r.json")
        self.assertEqual(done.returncode, 1)
        for text in ["fib on skein", *expected]:
            self.assertIn(text, done.stderr)
        self.assertEqual(done.stdout, "", "a failure is not a row")
        self.assertEqual(json.loads((self.folder / "r.json").read_text())["results"], [])

    def test_a_wrong_answer_is_an_error_and_not_a_row(self):
        self.assert_failed(
            """print('{"wall_ms": 2.0, "cpu_ms": 1.0, "answer": 7, "rss_kib": 1000}')""",
            "wrong answer: 7 instead of 9227465",
        )

    def test_a_crash_is_named_with_its_last_words(self):
        body = "sys.stderr.write('last words'); sys.stderr.flush(); os.abort()"
        self.assert_failed(body, "signal 6", "last words")

    def test_a_bad_exit_code_is_an_error(self):
        self.assert_failed("sys.exit(3)", "exit code 3")

    def test_a_bad_exit_after_a_good_answer_is_an_error(self):
        self.assert_failed(HONEST + "\nsys.exit(5)", "exit code 5")

    def test_a_hanging_workload_is_killed(self):
        self.assert_failed("time.sleep(60)", "no answer in time")

    def test_a_silent_workload_is_an_error(self):
        self.assert_failed("pass", "without an answer")

    def test_something_else_than_json_is_an_error(self):
        self.assert_failed("print('fast')", '"fast"')

    def test_json_without_an_answer_is_an_error(self):
        self.assert_failed("print('{}')", "another form")

    def test_a_library_that_was_not_built_is_an_error(self):
        done = self.run_quick("--peers", "none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("skein-perf-skein", done.stderr)

    def test_a_missing_peer_is_named_with_its_package_and_is_no_error(self):
        self.make_program("skein-perf-skein", HONEST)
        done = self.run_quick("--peers", "tbb")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("libtbb-dev", done.stdout)

    def test_ratios_are_to_skein_and_a_share_of_the_work_is_scaled_up(self):
        self.make_program("skein-perf-skein", HONEST)
        self.make_program("skein-perf-tbb", HONEST.replace('"fib"', '"fib share=3"').replace("9227465", "89"))
        done = self.run_quick("--peers", "tbb", "--json", self.folder / "r.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        skein, tbb = json.loads((self.folder / "r.json").read_text())["results"]
        self.assertEqual(skein["wall_ms"]["median"], 2.0)
        self.assertEqual(tbb["wall_ms"], {"median": 6.0, "min": 6.0, "max": 6.0, "runs": [6.0, 6.0]})
        row = next(line.split() for line in done.stdout.splitlines() if "tbb*" in line)
        self.assertEqual(row[7], "3.00")
        self.assertIn("* tbb did 1/3 of the work", done.stdout)

    def test_another_build_takes_turns_and_is_compared_with(self):
        self.make_program("skein-perf-skein", HONEST)
        self.make_program("old", HONEST.replace("2.0", "1.0"))
        file = self.folder / "r.json"
        done = self.run_quick("--peers", "none", "--before", self.folder / "old", "--json", file, rounds=5)
        self.assertEqual(done.returncode, 0, done.stderr)
        compared = harness.run("compare", file)
        self.assertEqual(compared.returncode, 1, compared.stderr)
        self.assertRegex(compared.stdout, r"fib +skein +1 +2\.000 .*slower")

    def test_another_build_that_is_not_there_is_a_usage_error(self):
        done = self.run_quick("--before", "/no/skein-perf-skein")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--before /no/skein-perf-skein", done.stderr)

    def test_the_runtimes_take_turns(self):
        self.make_program("skein-perf-skein", HONEST)
        self.make_program("skein-perf-tbb", HONEST)
        done = self.run_quick("--peers", "tbb")
        order = [line.split()[3].rstrip(",") for line in done.stderr.splitlines() if line.startswith("[")]
        self.assertEqual(order, ["skein", "tbb", "skein", "tbb"])


if __name__ == "__main__":
    harness.main()
