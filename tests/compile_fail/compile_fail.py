# SPDX-License-Identifier: Apache-2.0
"""Shows that mistakes do not compile, and that the compiler says what to write instead.

compile_fail.py FILE COMPILER FLAG…: the file compiles as it is. Then each line that a comment follows,

    co_await std::move(c);
    // not: co_await c;
    // says: a coro is given away

is replaced by the mistake: it does not compile, and what the compiler prints holds the text.
"""

import pathlib
import re
import subprocess
import sys

MISTAKE = re.compile(r"^.*\n(\s*)// not: (.*)\n\s*// says: (.*)\n", re.MULTILINE)


def compile_text(command: list[str], text: str) -> tuple[bool, str]:
    """Returns whether it compiles, and what the compiler prints."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def main() -> int:
    file = pathlib.Path(sys.argv[1])
    command = [*sys.argv[2:], "-fsyntax-only", "-x", "c++", "-"]
    text = file.read_text()
    fine, output = compile_text(command, text)
    if not fine:
        print(f"{file}: does not compile without a mistake in it\n{output}")
        return 1
    mistakes = list(MISTAKE.finditer(text))
    wrong = 0
    for mistake in mistakes:
        indent, code, says = mistake.groups()
        line = text.count("\n", 0, mistake.start()) + 1
        compiles, output = compile_text(command, text[: mistake.start()] + indent + code + "\n" + text[mistake.end() :])
        if compiles:
            print(f"{file}:{line}: compiles, but should not: {code}")
        elif says not in output:
            print(f"{file}:{line}: {code}\nthe compiler does not say: {says}\nbut:\n{output}")
        wrong += compiles or says not in output
    print(f"{len(mistakes)} mistakes, {wrong} not refused as they should be")
    return 0 if mistakes and wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
