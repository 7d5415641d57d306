# SPDX-License-Identifier: Apache-2.0
"""command_line_test.py: what skein-perf says to commands, right and wrong."""

import unittest

import harness

SCENARIOS = [
    *("tasks10k", "tasks1m", "spawn", "yield", "pingpong", "sleep100k", "blocked", "mutex"),
    *("queue", "queue44", "fib", "skynet", "nqueens", "matmul", "echo"),
]


class CommandLine(unittest.TestCase):
    def assert_usage_error(self, arguments, *expected):
        done = harness.run(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        for text in expected:
            self.assertIn(text, done.stderr)

    def test_list_names_every_scenario_and_peer(self):
        done = harness.run("list")
        self.assertEqual(done.returncode, 0, done.stderr)
        first_words = [line.split()[0] for line in done.stdout.splitlines() if line]
        for name in [*SCENARIOS, "tbb", "asyncio", "tokio", "go", "asio", "uvloop", "libuv"]:
            self.assertIn(name, first_words)

    def test_help_ends_well(self):
        self.assertEqual(harness.run("run", "--help").returncode, 0)

    def test_an_unknown_scenario_is_named_with_the_known_ones(self):
        self.assert_usage_error(["run", "fibb"], '"fibb"', ", ".join(SCENARIOS))

    def test_an_unknown_peer_is_named_with_the_known_ones(self):
        self.assert_usage_error(["run", "--peers", "tbb,golang"], '"golang"', "all, usual, none", "tbb, asyncio")

    def test_an_empty_peer_name_is_an_error(self):
        self.assert_usage_error(["run", "--peers", "tbb,,asyncio"], '""')

    def test_absurd_worker_counts_are_refused_with_the_range(self):
        for count in ("0", "1025", "-1", "two", "1e3", "99999999999999999999"):
            with self.subTest(count):
                self.assert_usage_error(["run", f"--workers={count}"], f"--workers {count}", "from 1 to 1024")

    def test_no_rounds_are_refused(self):
        self.assert_usage_error(["run", "--repeat", "0"], "--repeat 0", "from 1 to")

    def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(self):
        self.assert_usage_error(["run", "fib", "--json", "/no/such/folder/r.json"], "/no/such/folder/r.json")

    def test_a_command_is_needed(self):
        self.assertEqual(harness.run().returncode, 2)

    def test_an_unknown_option_is_an_error(self):
        self.assert_usage_error(["run", "--fast"], "--fast")


if __name__ == "__main__":
    harness.main()
