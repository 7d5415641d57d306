# SPDX-License-Identifier: Apache-2.0
"""growth_test.py: the model keeps its own laws, and what is counted in runs is divided by the right operations."""

import json

import harness

PROGRAMS = ["spawn", "yield", "pingpong", "mutex", "fib", "sparse"]
OPERATIONS = {"spawn": 20000, "yield": 100000, "pingpong": 20000, "mutex": 50000, "fib": 1028457, "sparse": 500}

RUNTIME = """
size = int(sys.argv[sys.argv.index("--size") + 1])
workers = int(sys.argv[sys.argv.index("--workers") + 1])
names = ["turns", "steals", "parks", "searches", "probes", "notified", "injected"]
counters = ", ".join('"%s": %d' % (name, size * (i + workers)) for i, name in enumerate(names))
print('{"wall_ms": %f, "cpu_ms": %f, "answer": %d, "rss_kib": 1, "metrics": {}, "counters": {%s}}'
      % (size / 1000, size / 500, ANSWER or size, counters))
"""


class Growth(harness.Folder):
    def growth(self, *arguments, program=None):
        file = self.folder / "growth.json"
        done = harness.run("growth", *arguments, "--json", file, program=program)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(file.read_text())

    def model(self, *arguments):
        return self.growth(*arguments, "--model-only")["modelled"]


class Model(Growth):
    def test_every_program_ends_with_all_its_operations_whatever_the_workers_and_cores(self):
        rows = self.model("--model-workers", "1,2,3,16,100", "--model-cores", "1,2,5,128")
        self.assertEqual(len(rows), 6 * 5 * 4)
        for row in rows:
            self.assertEqual(row["operations"], OPERATIONS[row["program"]], row)

    def test_one_worker_searches_notifies_and_moves_nothing(self):
        for row in self.model("--model-workers", "1"):
            for name in ("steals", "notified", "searches", "probes", "lines_moved"):
                self.assertEqual(row[name], 0, row)

    def test_on_one_core_no_line_moves_and_nothing_is_faster_than_with_one_worker(self):
        for program in PROGRAMS:
            one, *more = self.model(program, "--model-workers", "1,2,16,64", "--model-cores", "1")
            for row in more:
                self.assertEqual(row["lines_moved"], 0, row)
                self.assertGreaterEqual(row["ns_per_operation"], 0.999 * one["ns_per_operation"], row)

    def test_cores_are_never_busier_than_they_are_many(self):
        for row in self.model():
            self.assertLessEqual(row["cpu_ns_per_operation"], 1.000001 * row["cores"] * row["ns_per_operation"], row)

    def test_a_search_steals_once_at_most_and_looks_first(self):
        for row in self.model():
            self.assertLessEqual(row["steals"], row["searches"], row)
            if row["program"] != "pingpong" and row["program"] != "mutex":  # there a slot is taken without another look
                self.assertLessEqual(row["steals"], row["probes"], row)

    def test_work_that_divides_gets_faster_with_cores(self):
        for program in ("fib", "yield"):
            one, two, four = self.model(program, "--model-workers", "1,2,4")[3:]
            self.assertLess(two["ns_per_operation"], 0.6 * one["ns_per_operation"])
            self.assertLess(four["ns_per_operation"], 0.6 * two["ns_per_operation"])

    def test_a_task_now_and_then_wakes_one_worker_however_many_sleep(self):
        for row in self.model("sparse", "--model-workers", "2,16,256"):
            self.assertLessEqual(row["notified"], 1001, row)

    def test_it_is_the_same_every_time(self):
        self.assertEqual(self.model("mutex", "spawn"), self.model("mutex", "spawn"))


class Measured(Growth):
    def setUp(self):
        super().setUp()
        self.program = self.copy_harness()

    def test_counts_are_given_for_a_thousand_operations_and_times_for_one(self):
        self.make_program("skein-perf-skein", "ANSWER = 0\n" + RUNTIME)
        rows = self.growth("yield", "--workers", "1,3", "--model-workers", "1", program=self.program)["measured"]
        self.assertEqual([row["workers"] for row in rows], [1, 3])
        for row in rows:
            self.assertAlmostEqual(row["ns_per_operation"], 1000)
            self.assertAlmostEqual(row["cpu_ns_per_operation"], 2000)
            self.assertAlmostEqual(row["steals"], 1000 * (1 + row["workers"]))
            self.assertAlmostEqual(row["injected"], 1000 * (6 + row["workers"]))

    def test_a_wrong_answer_is_an_error(self):
        self.make_program("skein-perf-skein", "ANSWER = 1\n" + RUNTIME)
        done = harness.run("growth", "yield", program=self.program)
        self.assertEqual(done.returncode, 1)
        self.assertIn("yield with 1 workers: wrong answer", done.stderr)

    def test_skein_itself_counts(self):
        rows = self.growth("sparse", "--workers", "1,2", "--repeat", "1", "--model-workers", "1")["measured"]
        self.assertEqual(rows[0]["probes"], 0)
        self.assertGreater(rows[0]["parks"], 0)
        self.assertGreater(rows[1]["probes"], rows[1]["steals"])
        self.assertGreater(rows[1]["notified"], 0)


class CommandLine(harness.Folder):
    def test_an_unknown_program_is_a_usage_error(self):
        done = harness.run("growth", "echo")
        self.assertEqual(done.returncode, 2)
        self.assertIn("spawn yield pingpong mutex fib sparse", done.stderr)

    def test_a_list_that_is_none_is_a_usage_error(self):
        for option in ("--workers", "--model-workers", "--model-cores", "--repeat"):
            for text in ("0", "1,,2", "2x", "1025"):
                done = harness.run("growth", option, text)
                self.assertEqual(done.returncode, 2, (option, text))
                self.assertIn(option, done.stderr)

    def test_a_file_that_cannot_be_written_is_a_usage_error(self):
        done = harness.run("growth", "--json", self.folder / "no" / "file.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot be written", done.stderr)


if __name__ == "__main__":
    harness.main()
