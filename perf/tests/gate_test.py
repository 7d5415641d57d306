# SPDX-License-Identifier: Apache-2.0
"""gate_test.py: how the gate judges, with a made-up runtime and a made-up valgrind that counts as it is told."""

import json
import pathlib

import harness

SCENARIOS = ["fib", "spawn", "yield", "pingpong", "mutex", "queue"]

RUNTIME = """
size = int(sys.argv[sys.argv.index("--size") + 1])
def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
answer = {"fib": fib(size), "spawn": size * (size - 1) // 2, "queue": size * (size - 1) // 2}.get(scenario, size)
print('{"answer": %d}' % answer)
"""

# 1,000,000 instructions to start, and `each` for an operation.
VALGRIND = """
out = next(word for word in sys.argv if word.startswith("--callgrind-out-file=")).split("=")[1]
scenario, size = sys.argv[4], int(sys.argv[sys.argv.index("--size") + 1])
def calls(n):
    a, b = 0, 1
    for _ in range(n + 1):
        a, b = b, a + b
    return 2 * a - 1
operations = calls(size) if scenario == "fib" else size
with open(out, "w") as file:
    file.write("events: Ir\\ntotals: %d\\n" % (1000000 + operations * EACH.get(scenario, 100)))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Gate(harness.Folder):
    def setUp(self):
        super().setUp()
        self.program = self.copy_harness()
        self.file = self.folder / "gate.json"
        self.make_program("skein-perf-skein", RUNTIME)
        self.scenarios = ["queue"]

    def gate(self, *arguments, **each):
        self.make_program("valgrind", f"EACH = {each!r}\n{VALGRIND}")
        return harness.run("gate", *self.scenarios, "--file", self.file, "--valgrind", self.folder / "valgrind", *arguments,
                           program=self.program)  # fmt: skip

    def record(self, **each):
        done = self.gate("--update", **each)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(self.file.read_text())

    def test_what_it_writes_is_instructions_per_operation_without_the_start(self):
        self.scenarios = []
        recorded = self.record(fib=140, mutex=99)["instructions_per_operation"]
        self.assertEqual(recorded, {**dict.fromkeys(SCENARIOS, 100.0), "fib": 140.0, "mutex": 99.0})

    def test_the_same_counts_pass(self):
        self.record()
        done = self.gate()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count(" ok"), 1)

    def test_more_than_the_tolerance_fails_and_is_named(self):
        self.record()
        done = self.gate(queue=103)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"queue .*103\.0 .*100\.0 .*\+3\.00%  MORE")

    def test_within_the_tolerance_passes(self):
        self.record(queue=1000)
        self.assertEqual(self.gate(queue=1019).returncode, 0)
        self.assertEqual(self.gate(queue=1021).returncode, 1)

    def test_fewer_passes_and_is_said(self):
        self.record()
        done = self.gate(queue=90)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"queue .*fewer: gate --update keeps it")

    def test_an_update_rewrites_the_file_and_keeps_the_tolerance(self):
        recorded = self.record()
        recorded["tolerance_percent"] = 5
        self.file.write_text(json.dumps(recorded))
        self.assertEqual(self.gate(queue=104).returncode, 0)
        updated = self.record(queue=104)
        self.assertEqual(updated["tolerance_percent"], 5)
        self.assertEqual(updated["instructions_per_operation"]["queue"], 104)

    def test_an_update_of_one_path_keeps_the_others(self):
        self.record()
        self.scenarios = ["fib"]
        self.assertEqual(self.record(fib=70)["instructions_per_operation"], {"queue": 100.0, "fib": 70.0})

    def test_a_path_that_the_gate_does_not_know_is_a_usage_error(self):
        self.scenarios = ["echo"]
        done = self.gate()
        self.assertEqual(done.returncode, 2)
        self.assertIn("fib spawn yield pingpong mutex queue", done.stderr)

    def test_another_compiler_is_named_and_not_judged(self):
        recorded = self.record()
        self.file.write_text(json.dumps({**recorded, "compiler": "Acme 1.0"}))
        done = self.gate(queue=200)
        self.assertEqual(done.returncode, 0)
        self.assertIn("recorded with Acme 1.0", done.stdout)
        self.assertIn("not judged", done.stdout)
        self.assertNotIn("MORE", done.stdout)

    def test_a_wrong_answer_is_an_error(self):
        self.record()
        self.make_program("skein-perf-skein", """print('{"answer": 1}')""")
        done = self.gate()
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong answer", done.stderr)

    def test_a_missing_valgrind_is_named_with_its_package(self):
        done = harness.run("gate", *self.scenarios, "--file", self.file, "--valgrind", "/no/valgrind", program=self.program)
        self.assertEqual(done.returncode, 2)
        self.assertIn("apt-get install valgrind", done.stderr)

    def test_a_missing_file_is_named_with_the_way_to_make_one(self):
        done = self.gate()
        self.assertEqual(done.returncode, 2)
        self.assertIn("gate --update", done.stderr)

    def test_the_checked_in_file_has_all_hot_paths(self):
        recorded = json.loads((pathlib.Path(__file__).parents[1] / "gate.json").read_text())
        self.assertEqual(sorted(recorded["instructions_per_operation"]), sorted(SCENARIOS))


if __name__ == "__main__":
    harness.main()
