#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py: the rules of the house that a machine can hold. Prints `file:line: what`, exits 1 on findings."""

import os
import pathlib
import re
import subprocess
import sys

MODULES = ("core", "sync", "io")
MAY_INCLUDE = {"core": {"core"}, "sync": {"core", "sync"}, "io": {"core", "io"}}
LINES_MAX = 500
COLUMNS_MAX = 110
BANNED_WORDS = ("manager", "helper", "util", "utils", "common", "misc")
LEFT_OVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|#if 0")
ATOMIC_CALL = re.compile(
    r"\b\w+(?:\.|->)(load|store|exchange|fetch_add|fetch_sub|fetch_or|fetch_and|compare_exchange_weak|"
    r"compare_exchange_strong)\(")
REAL_SLEEP = re.compile(r"this_thread::sleep_for|\busleep\(|\bnanosleep\(")
AWAIT_HEADING = re.compile(r"^\s*/// Cancelling\b", re.M)


def call_text(text: str, start: int) -> str:
    """The arguments of the call whose opening parenthesis stands at start."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return text[start:i + 1]
    return text[start:]


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def without_comments(text: str) -> str:
    """The text with its comments blanked, so that offsets stay."""
    return re.sub(r"//[^\n]*", lambda m: " " * len(m.group()), text)


def check_head(path, text):
    lines = text.splitlines()
    if len(lines) < 2 or lines[0] != "// SPDX-License-Identifier: Apache-2.0":
        yield 1, "the first line is not the licence tag"
    elif not lines[1].startswith(f"// {path.name}: "):
        yield 2, f"the second line does not say what the file is: `// {path.name}: …`"


def check_size(path, text):
    lines = text.splitlines()
    if len(lines) > LINES_MAX and path.parts[0] != "tests":
        yield LINES_MAX, f"{len(lines)} lines: over {LINES_MAX}, split the file"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns: over {COLUMNS_MAX}"


def check_left_overs(path, text):
    for match in LEFT_OVER.finditer(text):
        yield line_of(text, match.start()), f"left over: {match.group()}"


def check_words(path, text):
    code = without_comments(text)
    for word in BANNED_WORDS:
        if word in path.stem.split("_"):
            yield 1, f"a file is not called {word}"
        for match in re.finditer(rf"\b(class|struct|namespace|enum)\s+(?:\w+_)?{word}(?:_\w+)?\b", code):
            yield line_of(code, match.start()), f"nothing is called {word}"


def check_arrows(path, text):
    module = path.parts[0]
    if path.name == "skein.hpp":
        return  # everything that is installed, where it is
    for match in re.finditer(r'^#include\s+([<"])(skein/)?([^>"]+)[>"]', text, re.M):
        number = line_of(text, match.start())
        if match.group(2) is None:
            continue
        target = match.group(3).split("/")
        if module in MAY_INCLUDE and target[0] in MODULES and target[0] not in MAY_INCLUDE[module]:
            yield number, f"{module} must not include {target[0]}"
        if module == "apps" and ("lowlevel" in target or "detail" in target):
            yield number, "apps are made of public headers only"
        if module == "perf" and "micro" not in path.parts and ("lowlevel" in target or "detail" in target):
            yield number, "perf uses public headers only, but for perf/micro"
        if module in ("sync", "io") and target[0] == "core" and "detail" in target:
            yield number, f"{module} uses core's public and lowlevel headers only"


def check_orders(path, text):
    if path.parts[0] not in MODULES:
        return
    code = without_comments(text)
    for match in ATOMIC_CALL.finditer(code):
        arguments = call_text(code, match.end() - 1)
        if "memory_order" not in arguments:
            yield line_of(code, match.start()), f"{match.group(1)} does not name its memory order"


def check_public_header(path, text):
    """Docstrings of public headers, and a test of the same name."""
    parts = path.parts
    if len(parts) < 5 or parts[0] not in MODULES or parts[1] != "include" or len(parts) != 5:
        return
    if "///" not in text:
        yield 1, "a public header without a docstring"
    if re.search(r"make_awaiter|-> coro<|coro<\w*> \w+\(", text) and not AWAIT_HEADING.search(text):
        yield 1, "something here waits, but no docstring says `Cancelling`"
    if not pathlib.Path("tests", parts[0], f"{path.stem}_test.cpp").exists():
        yield 1, f"no tests/{parts[0]}/{path.stem}_test.cpp"


def check_clock(path, text):
    if path.parts[0] != "tests":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if REAL_SLEEP.search(line) and "// wall clock:" not in line:
            yield number, "tests wait for facts (all_tasks_blocked), not for time"


CHECKS = (check_head, check_size, check_left_overs, check_words, check_arrows, check_orders,
          check_public_header, check_clock)


def findings_in(path: pathlib.Path, text: str):
    for check in CHECKS:
        for number, what in check(path, text):
            yield f"{path}:{number}: {what}"


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.hpp", "*.cpp"],
                            capture_output=True, text=True, check=True).stdout.split()
    return [pathlib.Path(name) for name in listed if pathlib.Path(name).exists()]


def main() -> int:
    top = pathlib.Path(__file__).resolve().parents[2]
    os.chdir(top)
    count = 0
    for path in sources():
        for finding in findings_in(path, path.read_text(encoding="utf-8")):
            print(finding)
            count += 1
    print(f"tidy: {count} finding(s)")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
