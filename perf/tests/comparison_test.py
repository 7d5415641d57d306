# SPDX-License-Identifier: Apache-2.0
"""comparison_test.py: compare tells slower and faster from noise, with made-up results."""

import json

import harness


class Comparison(harness.Folder):
    def write(self, name, rows, **machine):
        results = []
        for (runtime, scenario), (wall, cpu) in rows.items():
            results.append({"scenario": scenario, "runtime": runtime, "workers": 1,
                            "wall_ms": {"runs": wall}, "cpu_ms": {"runs": cpu}})  # fmt: skip
        file = self.folder / name
        file.write_text(json.dumps({"machine": {"quick": False, **machine}, "results": results}))
        return file

    def compare(self, before, after, *arguments):
        return harness.run("compare", self.write("before", before), self.write("after", after), *arguments)

    def compare_wall(self, before, after, *arguments):
        rows = [{("skein", "fib"): (wall, [1.0] * len(wall))} for wall in (before, after)]
        return self.compare(*rows, *arguments)

    def assert_verdict(self, done, code, verdict):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        line = next(line for line in done.stdout.splitlines() if line.startswith("fib"))
        self.assertIn(verdict, line[:75])

    def test_a_clear_slow_down_is_slower_and_exits_1(self):
        done = self.compare_wall([100, 101, 99, 100, 102], [110, 112, 109, 111, 110])
        self.assert_verdict(done, 1, "slower")
        self.assertIn("1 of 1 rows of skein got slower", done.stdout)

    def test_a_clear_gain_is_faster_and_exits_0(self):
        self.assert_verdict(self.compare_wall([100, 101, 99, 100, 102], [90, 91, 89, 92, 90]), 0, "faster")

    def test_equal_results_show_no_difference(self):
        runs = [100, 130, 90, 110, 105]
        self.assert_verdict(self.compare_wall(runs, runs), 0, "no difference seen")

    def test_noise_in_both_directions_is_no_difference(self):
        done = self.compare_wall([100, 130, 90, 110, 105, 95], [120, 100, 115, 90, 125, 99])
        self.assert_verdict(done, 0, "no difference seen")

    def test_one_bad_round_is_no_regression(self):
        done = self.compare_wall([100, 101, 99, 100, 102, 100, 101], [100, 101, 300, 100, 101, 99, 100])
        self.assert_verdict(done, 0, "no difference seen")

    def test_a_change_below_the_least_is_none(self):
        runs = [100.0, 100.1, 99.9, 100.0, 100.1]
        slower = [run * 1.015 for run in runs]
        self.assert_verdict(self.compare_wall(runs, slower), 0, "no difference seen")
        self.assert_verdict(self.compare_wall(runs, slower, "--least", "1"), 1, "slower")

    def test_rounds_are_compared_in_pairs(self):
        drifting = [100, 200, 300, 400, 500]
        self.assert_verdict(self.compare_wall(drifting, [run * 1.1 for run in drifting]), 1, "slower")

    def test_more_cpu_time_alone_is_a_regression(self):
        before = {("skein", "fib"): ([100] * 5, [50] * 5)}
        after = {("skein", "fib"): ([100] * 5, [60] * 5)}
        self.assertEqual(self.compare(before, after).returncode, 1)

    def peers_and_skein(self, skein, tbb):
        return {("skein", "fib"): ([skein] * 5, [skein] * 5), ("tbb", "fib"): ([tbb] * 5, [tbb] * 5)}

    def test_a_slower_peer_is_no_regression(self):
        done = self.compare(self.peers_and_skein(100, 100), self.peers_and_skein(100, 150))
        self.assert_verdict(done, 0, "no difference seen")

    def test_what_the_peers_changed_too_is_the_machine(self):
        done = self.compare(self.peers_and_skein(100, 200), self.peers_and_skein(108, 220))
        self.assert_verdict(done, 0, "no difference seen")

    def test_more_than_the_peers_changed_is_slower(self):
        done = self.compare(self.peers_and_skein(100, 200), self.peers_and_skein(115, 220))
        self.assert_verdict(done, 1, "slower")

    def test_one_file_of_a_run_with_two_builds_is_enough(self):
        runs = {"before": [100, 90, 120, 100, 95], "skein": [110, 99, 132, 110, 104.5], "tbb": [100] * 5}
        rows = {(runtime, "fib"): (wall, [1.0] * 5) for runtime, wall in runs.items()}
        done = harness.run("compare", self.write("both", rows))
        self.assert_verdict(done, 1, "slower")
        self.assertIn("1.100", done.stdout)

    def test_one_file_without_a_second_build_is_a_usage_error(self):
        done = harness.run("compare", self.write("one", {("skein", "fib"): ([1.0] * 5, [1.0] * 5)}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--before", done.stderr)

    def test_too_few_rounds_are_not_judged(self):
        done = self.compare_wall([100] * 4, [200] * 4)
        self.assert_verdict(done, 2, "too few rounds")
        self.assertIn("5 rounds", done.stderr)

    def test_rows_of_one_file_only_are_named(self):
        shared = {("skein", "fib"): ([1.0] * 5, [1.0] * 5)}
        done = self.compare({**shared, ("skein", "echo"): ([1], [1])}, {**shared, ("skein", "queue"): ([1], [1])})
        self.assertRegex(done.stdout, r"echo .*only before")
        self.assertRegex(done.stdout, r"queue .*only after")

    def test_quick_and_full_sizes_are_not_compared(self):
        rows = {("skein", "fib"): ([1.0] * 5, [1.0] * 5)}
        done = harness.run("compare", self.write("a", rows, quick=True), self.write("b", rows))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--quick", done.stderr)

    def test_another_compiler_is_said(self):
        rows = {("skein", "fib"): ([1.0] * 5, [1.0] * 5)}
        done = harness.run("compare", self.write("a", rows, compiler="GNU"), self.write("b", rows, compiler="Clang"))
        self.assertIn('note: compiler: "GNU" before, "Clang" after', done.stdout)

    def test_what_is_no_result_is_a_usage_error(self):
        file = self.folder / "text"
        file.write_text("not JSON")
        done = harness.run("compare", file, file)
        self.assertEqual(done.returncode, 2)
        self.assertIn("text is not a file that `run --json` wrote", done.stderr)
        self.assertEqual(harness.run("compare", "/no/such/a", "/no/such/b").returncode, 2)


if __name__ == "__main__":
    harness.main()
