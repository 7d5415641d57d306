# SPDX-License-Identifier: Apache-2.0
"""real_runtime_test.py: a tiny real run, and the shape of its JSON."""

import json
import unittest

import harness


class RealRuntime(harness.Folder):
    def measure(self, *arguments):
        file = self.folder / "r.json"
        done = harness.run("run", *arguments, "--quick", "--json", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done, json.loads(file.read_text())

    def test_the_json_has_the_agreed_shape(self):
        _, document = self.measure("tasks10k", "mutex", "--repeat", "2", "--workers", "2")
        self.assertEqual(set(document), {"machine", "results"})
        self.assertLessEqual({"cpu", "cores", "kernel", "compiler", "date"}, set(document["machine"]))
        for result in document["results"]:
            self.assertEqual(
                set(result),
                {"scenario", "runtime", "workers", "wall_ms", "cpu_ms", "rss_kib", "metrics", "checked"},
            )
            self.assertIs(result["checked"], True)
            self.assertGreater(result["rss_kib"], 0)
            for spread in (result["wall_ms"], result["cpu_ms"]):
                self.assertEqual(len(spread["runs"]), 2)
                self.assertLessEqual(spread["min"], spread["median"])
                self.assertLessEqual(spread["median"], spread["max"])

    def test_tasks10k_reports_memory_and_lateness_at_full_size(self):
        _, document = self.measure("tasks10k", "--repeat", "1")
        for result in document["results"]:
            self.assertGreaterEqual(result["wall_ms"]["min"], 10)
            self.assertGreater(result["metrics"]["bytes_per_task"], 0)
            self.assertGreaterEqual(result["metrics"]["late_ms_p50"], 0, "nothing wakes early")
            self.assertNotIn("work_share", result["metrics"])

    def test_without_a_number_of_workers_one_and_all_cores_are_measured(self):
        _, document = self.measure("mutex", "--repeat", "1", "--peers", "none")
        cores = document["machine"]["cores"]
        self.assertEqual([r["workers"] for r in document["results"]], sorted({1, cores}))

    @unittest.skipUnless(harness.HAS_IO, "this tree has no io module")
    def test_the_echo_server_is_measured_through_its_clients(self):
        _, document = self.measure("echo", "--repeat", "1", "--peers", "none", "--workers", "1")
        (result,) = document["results"]
        self.assertGreater(result["metrics"]["cpu_s_per_million"], 0)

    def test_the_table_goes_to_standard_output_and_progress_to_standard_error(self):
        done, _ = self.measure("mutex", "--repeat", "1", "--peers", "none", "--workers", "1")
        self.assertIn("[1/1] mutex on skein, 1 worker, round 1 of 1: ", done.stderr)
        self.assertNotIn("[1/1]", done.stdout)
        for column in "scenario runtime workers median min max unit ratio CPU RSS".split():
            self.assertIn(column, done.stdout)


if __name__ == "__main__":
    harness.main()
