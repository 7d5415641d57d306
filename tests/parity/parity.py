#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""parity.py: builds the tests, runs those that name rows of asyncio, and writes README.md of this folder.

usage: parity.py [--preset dev|asan|tsan] [--python] [--strict]
       parity.py --check PROGRAM…     says whether README.md is what these test programs give, without running them

Only the preset dev writes the page; others report. --strict: exit 1 when an applicable row outside of I/O fails or
has no test. --python: run the rows against CPython's asyncio instead.
"""

import argparse
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

import page
import tables
from tables import ONE, SEVERAL, TOP, Test

sys.path.insert(0, str(tables.HERE / "seeds"))
import compare  # noqa: E402: it lives beside the examples

PAGE = tables.HERE / "README.md"
PROGRAMS = ("core", "sync", "io", "stress", "parity")
PROGRAM_SECONDS = 900
TEST_SECONDS = 180


def program_name(path: pathlib.Path) -> str:
    return path.name.removeprefix("skein-").removesuffix("-tests")


def names_of(program: pathlib.Path) -> list[str]:
    """Every test of a program. Catch2 returns their number, so a failure is told by an empty answer."""
    run = subprocess.run([program, "--list-test-names-only"], capture_output=True, text=True, timeout=60)
    if not run.stdout:
        sys.exit(f"parity: {program} lists no tests: {run.stderr.strip()}")
    return [line for line in run.stdout.splitlines() if line]


def mapped_tests(programs: list[pathlib.Path]) -> list[Test]:
    plain = tables.plain_tests()
    return [test for path in programs for test in tables.tests_from(program_name(path), names_of(path), plain)]


# ---- running


def preset_environment(preset: str) -> dict[str, str]:
    presets = json.loads((TOP / "CMakePresets.json").read_text())["testPresets"]
    given = next((p.get("environment", {}) for p in presets if p["name"] == preset), {})
    return os.environ | {key: value.replace("${sourceDir}", str(TOP)) for key, value in given.items()}


def spec(name: str) -> str:
    """A test's name as Catch2 takes it."""
    return '"' + re.sub(r'([\\",\[\]])', r"\\\1", name) + '"'


def run_named(program: pathlib.Path, names: list[str], seconds: float, env: dict[str, str]) -> dict[str, bool]:
    """The verdicts of one run; of one that crashed or hung, those that came before."""
    with tempfile.TemporaryDirectory() as folder:
        listed, report = pathlib.Path(folder, "names"), pathlib.Path(folder, "report.xml")
        listed.write_text("\n".join(map(spec, names)) + "\n", encoding="utf-8")
        try:
            subprocess.run([program, "-f", listed, "-r", "xml", "-o", report], env=env, timeout=seconds,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            pass
        verdicts: dict[str, bool] = {}
        try:
            for _, element in ET.iterparse(report):
                result = element.find("OverallResult") if element.tag == "TestCase" else None
                if result is not None:
                    verdicts[element.get("name", "")] = result.get("success") == "true"
        except (ET.ParseError, FileNotFoundError):
            pass  # cut off
        return verdicts


def run_tests(programs: list[pathlib.Path], tests: list[Test], env: dict[str, str]) -> dict[tuple[str, str], bool]:
    """Each program once; what gave no verdict then, alone."""
    found: dict[tuple[str, str], bool] = {}
    for path in programs:
        program = program_name(path)
        names = [test.name for test in tests if test.program == program]
        if not names:
            continue
        print(f"parity: {len(names)} tests of {path.name}", flush=True)
        verdicts = run_named(path, names, PROGRAM_SECONDS, env)
        for name in names:
            if name not in verdicts:
                verdicts |= run_named(path, [name], TEST_SECONDS, env)
            found[program, name] = verdicts.get(name, False)
    return found


def build(preset: str) -> tuple[list[pathlib.Path], pathlib.Path]:
    """Returns the test programs and the examples' program."""
    folder = TOP / "build" / preset
    subprocess.run(["cmake", "--preset", preset], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    targets = [f"skein-{name}-tests" for name in PROGRAMS] + ["skein-seeds"]
    subprocess.run(["cmake", "--build", folder, "-j", str(os.cpu_count()), "--target", *targets], check=True)
    tests = folder / "tests"
    return [tests / target for target in targets[:-1]], tests / "parity" / targets[-1]


# ---- reporting


def old_failures() -> set[str]:
    """What the page says fails: IDs and examples, each with where."""
    found = set()
    if PAGE.exists():
        for row in re.finditer(r"^\| (\S+) \|.*?\*\*fails\*\* on ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.M):
            found |= {f"{row[1]} {kind}" for kind in row[2].split(" and ")}
    return found


def check(programs: list[pathlib.Path]) -> int:
    """Whether the page is what the tests give, believing its verdicts."""
    *programs, examples = programs
    failures = old_failures()
    tests = mapped_tests(programs)
    verdicts = page.Verdicts(
        test=lambda _, id, kind: f"{id} {kind}" not in failures,
        example=lambda name, kind: f"{name} {kind}" not in failures,
        examples=set(compare.built(examples)))
    wrong = tables.defects()
    known = {case.id for case in tables.cases()} | set(tables.SEED_ROWS)
    wrong += [f"{t.program}: '{t.name}' names {id}, which is no row" for t in tests for id in t.ids if id not in known]
    wanted, _ = page.render(tests, verdicts)
    have = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for line in wrong:
        print(line)
    if wanted != have:
        print("tests/parity/README.md is out of date: run ./dev parity")
        sys.stdout.writelines(difflib.unified_diff(have.splitlines(True), wanted.splitlines(True), "README.md", "tests"))
    return 1 if wrong or wanted != have else 0


def rows_left_out(tests: list[Test]) -> set[str]:
    """Rows that tests name which are in the sources and not in the programs: a sanitizer cannot follow them."""
    built = {test.name for test in tests}
    return {id for name in tables.plain_tests() if name not in built for id in tables.ids_in(name)}


def report(preset: str, strict: bool) -> int:
    programs, examples = build(preset)
    env = preset_environment(preset)
    tests = mapped_tests(programs)
    passed = run_tests(programs, tests, env)
    shown = compare.verdicts(examples, env)
    verdicts = page.Verdicts(
        test=lambda t, *_: passed[t.program, t.name],
        example=lambda name, kind: shown[name][0 if kind == ONE else 1],
        examples=set(shown))
    text, statuses = page.render(tests, verdicts)
    if preset == "dev":
        PAGE.write_text(text, encoding="utf-8")
    print("\n".join(page.summary([(case, statuses[case.id]) for case in tables.cases()])[2:6]))
    for (program, name), ok in sorted(passed.items()):
        if not ok:
            print(f"fails: {program}: {name}")
    for name, both in sorted(shown.items()):
        for kind, ok in zip((ONE, SEVERAL), both):
            if not ok:
                print(f"fails: {name} on {kind}")
    wrong = tables.defects()
    print("\n".join(wrong), end="\n" if wrong else "")
    left_out = rows_left_out(tests) if preset != "dev" else set()
    if left_out:
        print(f"{preset} does not build all tests of: {' '.join(sorted(left_out))}")
    open_rows = [case.id for case in tables.cases() if case.family != tables.OUTSIDE
                 and (statuses[case.id].fails or (statuses[case.id].missing and case.id not in left_out))]
    if open_rows:
        print(f"{len(open_rows)} rows fail or have no test on 1 worker or on several: {' '.join(open_rows)}")
    return 1 if wrong or (strict and open_rows) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="asyncio's behaviour, by rows, and what shows it")
    parser.add_argument("--preset", default="dev", choices=("dev", "release", "release-clang", "asan", "tsan"))
    parser.add_argument("--python", action="store_true", help="run the rows against CPython")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a row fails or has no test")
    parser.add_argument("--check", nargs="+", type=pathlib.Path, metavar="PROGRAM",
                        help="compare README.md with these test programs; the last is skein-seeds")
    options = parser.parse_args()
    if options.check:
        return check(options.check)
    if options.python:
        return subprocess.run([sys.executable, tables.HERE / "python" / "run.py"]).returncode
    return report(options.preset, options.strict)


if __name__ == "__main__":
    sys.exit(main())
