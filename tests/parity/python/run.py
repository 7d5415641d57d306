#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py: the rows of asyncio, asserted against CPython's asyncio: run.py [test_module or test_module.Class.test…]"""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def main() -> int:
    if sys.version_info < (3, 11):
        print("the rows need Python 3.11: nothing was run")
        return 0
    sys.path.insert(0, str(HERE))
    loader = unittest.TestLoader()
    chosen = sys.argv[1:]
    suite = loader.loadTestsFromNames(chosen) if chosen else loader.discover(str(HERE), "test_*.py")
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    skipped: dict[str, int] = {}
    for _, reason in result.skipped:
        skipped[reason] = skipped.get(reason, 0) + 1
    told = "".join(f", {count} skipped ({reason})" for reason, count in sorted(skipped.items()))
    ran = result.testsRun - len(result.skipped)
    bad = len(result.failures) + len(result.errors)
    print(f"{ran} rows run against CPython {sys.version.split()[0]}, {bad} disagree{told}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
