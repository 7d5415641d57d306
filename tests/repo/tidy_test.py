#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy_test.py: every rule of tidy.py finds what breaks it, and lets good code pass."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402

HEAD = "// SPDX-License-Identifier: Apache-2.0\n// x.cpp: a file.\n"

BAD = {
    "no licence": ("core/src/x.cpp", "int a;\n", "licence tag"),
    "no purpose": ("core/src/x.cpp", "// SPDX-License-Identifier: Apache-2.0\n// hello\n", "what the file is"),
    "too long": ("core/src/x.cpp", HEAD + "int a;\n" * 500, "split the file"),
    "too wide": ("core/src/x.cpp", HEAD + "//" + "x" * 120 + "\n", "columns"),
    "left over": ("core/src/x.cpp", HEAD + "// TO" + "DO later\n", "left over"),
    "disabled": ("core/src/x.cpp", HEAD + "#if" + " 0\n#endif\n", "left over"),
    "banned class": ("core/src/x.cpp", HEAD + "class task_manager {};\n", "nothing is called"),
    "banned file": ("core/src/string_util.cpp", HEAD.replace("x.cpp", "string_util.cpp"), "a file is not called"),
    "core to sync": ("core/src/x.cpp", HEAD + "#include <skein/sync/lock.hpp>\n", "must not include"),
    "io to sync": ("io/src/x.cpp", HEAD + "#include <skein/sync/lock.hpp>\n", "must not include"),
    "app to detail": ("apps/a/x.cpp", HEAD + "#include <skein/core/detail/join.hpp>\n", "public headers only"),
    "sync to detail": ("sync/src/x.cpp", HEAD + "#include <skein/core/detail/join.hpp>\n", "lowlevel headers only"),
    "no order": ("core/src/x.cpp", HEAD + "int f() { return a.load(); }\n", "memory order"),
    "sleeping": ("tests/core/x.cpp", HEAD + "std::this_thread::sleep_for(1s);\n", "not for time"),
    "no docstring": ("core/include/skein/core/x.hpp", HEAD.replace("x.cpp", "x.hpp"), "without a docstring"),
}

GOOD = {
    "plain": ("core/src/x.cpp", HEAD + "#include <skein/core/coro.hpp>\nint a;\n"),
    "ordered": ("core/src/x.cpp",
                HEAD + "auto b = a.load(std::memory_order_relaxed);\na.store(f(1),\n  memory_order_release);\n"),
    "in a comment": ("core/src/x.cpp", HEAD + "// a.load() without an order\n"),
    "reasoned sleep": ("tests/core/x.cpp", HEAD + "std::this_thread::sleep_for(1s);  // wall clock: why\n"),
}


def main() -> int:
    wrong = 0
    for name, (path, text, expected) in BAD.items():
        found = list(tidy.findings_in(pathlib.Path(path), text))
        if not any(expected in finding for finding in found):
            print(f"not found: {name}: {found}")
            wrong += 1
    for name, (path, text) in GOOD.items():
        found = list(tidy.findings_in(pathlib.Path(path), text))
        if found:
            print(f"found in good code: {name}: {found}")
            wrong += 1
    print(f"tidy_test: {len(BAD) + len(GOOD) - wrong} of {len(BAD) + len(GOOD)} as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
