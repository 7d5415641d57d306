# SPDX-License-Identifier: Apache-2.0
"""page.py: tests/parity/README.md, made of the tables and of verdicts."""

import collections
import dataclasses
import re
from typing import Callable

import tables
from tables import ONE, SEVERAL, Case, Test

HEAD = """# Parity with asyncio

`./dev parity` makes this page: from `cases.csv` (what asyncio does, by rows), `names.csv` (what it calls things),
`seed.csv` (the tutorial that skein answers to), and from running the tests that carry a row's ID in their names.
`./dev parity --python` runs the same rows against CPython. `repo.parity`, a test, says when the page is out of date.

| status | says |
| --- | --- |
| passes | on 1 worker and on several, where the row asks for both |
| passes, differs | the tests show what skein does instead; their names say it |
| no test yet | it may work, nothing shows it |
| with the outside world | comes with streams, servers, sockets, processes and TLS |

A test that runs on more than one number of workers stands here once. One that chooses them itself counts for what
its body says.
"""


@dataclasses.dataclass
class Verdicts:
    """Which tests and examples passed, and on how many workers."""
    test: Callable[[Test, str, str], bool]  # of which row, on how many workers
    example: Callable[[str, str], bool]  # seed_NN, kind
    examples: set[str]


@dataclasses.dataclass
class Status:
    text: str
    passes: dict[str, bool]
    fails: bool = False
    missing: bool = False


def status_of(case: Case, tests: list[Test], verdicts: Verdicts) -> Status:
    if case.applies == "n/a":
        return Status(f"not applicable: {case.reason}", {})
    if not tests:
        outside = case.family == tables.OUTSIDE
        return Status("with the outside world" if outside else "no test yet", {}, missing=True)
    passes, failing, absent = {}, [], []
    for kind in case.wanted:
        of_kind = [test for test in tests if kind in test.kinds]
        passes[kind] = bool(of_kind) and all(verdicts.test(test, case.id, kind) for test in of_kind)
        if not of_kind:
            absent.append(kind)
        elif not passes[kind]:
            failing.append(kind)
    if failing:
        return Status(f"**fails** on {' and '.join(failing)}", passes, fails=True)
    if absent:
        there = " and ".join(kind for kind in case.wanted if kind not in absent)
        on = f"passes on {there}, " if there else ""
        return Status(f"{on}no test on {' and '.join(absent)} yet", passes, missing=True)
    return Status("passes, differs" if any(test.differs for test in tests) else "passes", passes)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def titles(tests: list[Test]) -> str:
    seen = dict.fromkeys((test.program, test.title) for test in sorted(tests, key=lambda t: (t.program, t.title)))
    return "<br>".join(f"{program}: {cell(title)}" for program, title in seen)


def summary(rows: list[tuple[Case, Status]]) -> list[str]:
    lines = ["## Summary", ""]
    core = [(case, status) for case, status in rows if case.family != tables.OUTSIDE and case.applies != "n/a"]
    for kind in (ONE, SEVERAL):
        wanted = [status for case, status in core if kind in case.wanted]
        good = sum(status.passes.get(kind, False) for status in wanted)
        lines.append(f"- {good} of {len(wanted)} applicable rows outside of I/O pass on {kind}.")
    outside = [status for case, status in rows if case.family == tables.OUTSIDE]
    lines.append(f"- {sum(not s.missing and not s.fails for s in outside)} of {len(outside)} rows of I/O pass already.")
    lines.append(f"- {len(tables.python_rows())} of {len(rows)} rows also run against CPython.")
    lines += ["", "| area | rows | pass | fail | no test yet | not applicable |", "| --- | --- | --- | --- | --- | --- |"]
    areas = dict.fromkeys(case.area for case, _ in rows)
    for area in areas:
        of_area = [(case, status) for case, status in rows if case.area == area]
        count = collections.Counter("n/a" if case.applies == "n/a" else "fail" if status.fails else
                                    "missing" if status.missing else "pass" for case, status in of_area)
        numbers = (len(of_area), count["pass"], count["fail"], count["missing"], count["n/a"])
        lines.append(f"| [{area}](#{anchor(area)}) | " + " | ".join(map(str, numbers)) + " |")
    return lines + [""]


def anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")


def areas(rows: list[tuple[Case, Status]], by_id: dict[str, list[Test]]) -> list[str]:
    lines = ["## Rows", ""]
    for area in dict.fromkeys(case.area for case, _ in rows):
        lines += [f"### {area}", "", "| ID | what | status | tests |", "| --- | --- | --- | --- |"]
        for case, status in rows:
            if case.area == area:
                tests = titles(by_id.get(case.id, []))
                lines.append(f"| {case.id} | {cell(case.what)} | {status.text} | {tests} |")
        lines.append("")
    return lines


def names() -> list[str]:
    lines = ["## Names", "", "Every name of `asyncio.__all__` of Python 3.14 on Linux.", "",
             "| asyncio | skein | status | header |", "| --- | --- | --- | --- |"]
    for row in tables.read("names.csv"):
        status = row["status"] + (f": {row['why']}" if row["why"] else "")
        header = tables.declaring_header(row["skein"], row["header"]) if row["skein"] else ""
        if row["status"] in ("same", "different") and not header:
            status = "not yet; then " + status
        name = f"`{row['skein']}`" if row["skein"] else ""
        lines.append(f"| `{row['name']}` | {name} | {cell(status)} | {f'`{header}`' if header else ''} |")
    return lines + [""]


def example_status(name: str, verdicts: Verdicts) -> str:
    if name not in verdicts.examples:
        return "not yet"
    failing = [kind for kind in (ONE, SEVERAL) if not verdicts.example(name, kind)]
    return f"**fails** on {' and '.join(failing)}" if failing else "passes"


def seed(statuses: dict[str, Status], by_id: dict[str, list[Test]], verdicts: Verdicts) -> list[str]:
    """The tutorial's rows: what shows each, and whether all of that passes."""
    lines = ["## The tutorial's rows", "",
             "`seed_NN` is code NN of the tutorial, as a program in `seeds/`, in C++ and in Python; both print the "
             "same.", "", "| row | what | status | shown by | note |", "| --- | --- | --- | --- | --- |"]
    for row in tables.read("seed.csv"):
        waits, fails = [], []
        for item in row["evidence"].split(" ") if not row["evidence"].startswith("later:") else []:
            if item.startswith("seed_"):
                text = example_status(item, verdicts)
            elif tables.ID.fullmatch(item):
                s = statuses[item]
                text = "**fails**" if s.fails else "not yet" if s.missing else "passes"
            else:
                text = "passes"  # a note, a program or a measurement
            if text != "passes":
                (fails if "fails" in text else waits).append(item)
        tests = by_id.get(row["row"], [])
        failing = [kind for kind in (ONE, SEVERAL)
                   if not all(verdicts.test(test, row["row"], kind) for test in tests if kind in test.kinds)]
        if failing:
            status = f"**fails** on {' and '.join(failing)}"
        elif row["evidence"].startswith("later:"):
            status = f"later, with {row['evidence'].removeprefix('later:')}"
        elif fails:
            status = f"**fails**: {', '.join(fails)}"
        else:
            status = f"waits for {', '.join(waits)}" if waits else "shown"
        shown = "" if row["evidence"].startswith("later:") else ", ".join(row["evidence"].split(" "))
        shown = "<br>".join(text for text in (shown, titles(tests)) if text)
        lines.append(f"| {row['row']} | {cell(row['what'])} | {status} | {shown} | {cell(row['note'])} |")
    return lines + [""]


def examples(verdicts: Verdicts) -> list[str]:
    lines = ["### Examples", "", "| example | status |", "| --- | --- |"]
    wanted = {item for row in tables.read("seed.csv") for item in row["evidence"].split(" ") if item.startswith("seed_")}
    lines += [f"| {name} | {example_status(name, verdicts)} |" for name in sorted(wanted | verdicts.examples)]
    return lines + [""]


def python() -> list[str]:
    lines = ["## Our reading of asyncio, checked", "",
             f"{len(tables.python_rows())} rows run against CPython by `./dev parity --python`. Where CPython does "
             "not do what the row said, the row was read wrong, or holds for some versions only:", "",
             "| ID | the row said | CPython does | skein |", "| --- | --- | --- | --- |"]
    for row in tables.read("python/corrections.csv"):
        lines.append(f"| {row['id']} | {cell(row['said'])} | {cell(row['does'])} | {cell(row['skein'])} |")
    lines += ["", "Rows that ask for a newer CPython than 3.11, and are skipped on older ones, whole or in part:", "",
              "| since | rows |", "| --- | --- |"]
    lines += [f"| {version} | {', '.join(ids)} |" for version, ids in tables.versions().items()]
    return lines + [""]


def render(tests: list[Test], verdicts: Verdicts) -> tuple[str, dict[str, Status]]:
    by_id = collections.defaultdict(list)
    for test in tests:
        for id in test.ids:
            by_id[id].append(test)
    rows = [(case, status_of(case, by_id.get(case.id, []), verdicts)) for case in tables.cases()]
    statuses = {case.id: status for case, status in rows}
    lines = [HEAD, *summary(rows), *areas(rows, by_id), *names(), *seed(statuses, by_id, verdicts), *examples(verdicts),
             *python()]
    return "\n".join(lines).rstrip("\n") + "\n", statuses
