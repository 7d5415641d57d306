# SPDX-License-Identifier: Apache-2.0
"""run_uvloop.py: run_asyncio.py with uvloop's event loop instead of CPython's."""

import pathlib
import sys

import uvloop

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # python -I leaves it out

import run_asyncio  # noqa: E402

uvloop.install()
sys.exit(run_asyncio.main(version=uvloop.__version__))
