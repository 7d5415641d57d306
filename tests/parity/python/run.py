#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py: the rows of asyncio, asserted against CPython's asyncio: run.py [test_module or test_module.Class.test…]"""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def row_of(test: unittest.TestCase) -> str:
    return test.id().rsplit(".", 1)[1].removeprefix("test_")


def main() -> int:
    if sys.version_info < (3, 11):
        print("the rows need Python 3.11: nothing was run")
        return 0
    sys.path.insert(0, str(HERE))
    loader = unittest.TestLoader()
    chosen = sys.argv[1:]
    suite = loader.loadTestsFromNames(chosen) if chosen else loader.discover(str(HERE), "test_*.py")
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    skipped: dict[str, set[str]] = {}
    for test, reason in result.skipped:
        skipped.setdefault(reason, set()).add(row_of(test))
    bad = {row_of(test) for test, _ in result.failures + result.errors}
    noted = {row_of(test) for test, _ in result.expectedFailures}
    told = "".join(f", {len(rows)} {reason.replace('needs', 'need')}" for reason, rows in sorted(skipped.items()))
    print(f"CPython {sys.version.split()[0]}: {result.testsRun - len(result.skipped)} tests of rows run, "
          f"{len(noted)} disagree as noted, {len(bad)} disagree{told}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
