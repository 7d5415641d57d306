# SPDX-License-Identifier: Apache-2.0
"""tables.py: the three tables of parity, the tests that name their rows, and what both together say."""

import ast
import collections
import csv
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]

# How many rows each area of the catalogue has: none is missing and none is there twice.
ROWS = {"FUT": 18, "TASK": 16, "EAGER": 9, "CANC": 17, "GATH": 13, "WAIT": 8, "ASC": 7, "SHLD": 7, "WFOR": 12,
        "TMO": 15, "TG": 21, "RUN": 13, "LOOP": 13, "TIMER": 11, "EXC": 6, "THR": 14, "CTX": 8, "LOCK": 8,
        "EVT": 5, "COND": 8, "SEM": 8, "BAR": 7, "QUE": 13, "STRM": 15, "FLOW": 8, "SRV": 8, "SUBP": 13,
        "SOCK": 9, "SENDF": 6, "STAG": 8, "SIG": 4, "DBG": 5, "GRAPH": 6, "AGEN": 3, "TLS": 3}
SEED_ROWS = [f"S{n}" for n in range(1, 61)] + ["S60b"] + [f"S{n}" for n in range(61, 107)]
NAMES = 96
STATUS_WORDS = ("same", "different", "later", "never")

OUTSIDE = "the outside world"
ONE, SEVERAL = "1 worker", "several"
SUFFIXES = {" (1 worker)": ONE, " (virtual time)": ONE, " (4 workers)": SEVERAL}
ID = re.compile(r"\b([A-Z]+)-(\d{3})\b")
PLAIN_TEST = re.compile(r'^TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)
NEXT_TEST = re.compile(r"^\w*TEST_CASE\w*\(", re.M)


@dataclasses.dataclass
class Case:
    """A row of the catalogue."""
    id: str
    area: str
    applies: str
    workers: str
    family: str
    what: str
    reason: str

    @property
    def wanted(self) -> tuple[str, ...]:
        return {"": (), "1": (ONE,), "several": (SEVERAL,)}.get(self.workers, (ONE, SEVERAL))


@dataclasses.dataclass
class Test:
    """One test of a program, as it calls itself."""
    program: str
    name: str  # whole, with its suffix
    title: str  # without suffix and IDs
    ids: tuple[str, ...]
    differs: bool
    kinds: tuple[str, ...]


def read(name: str) -> list[dict[str, str]]:
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cases() -> list[Case]:
    return [Case(**row) for row in read("cases.csv")]


def defects() -> list[str]:
    """What is wrong with the tables themselves."""
    found = []
    want = [f"{area}-{n:03}" for area, count in ROWS.items() for n in range(1, count + 1)]
    have = collections.Counter(case.id for case in cases())
    found += [f"cases.csv: no row {id}" for id in want if not have[id]]
    found += [f"cases.csv: row {id} is no row of the catalogue, or stands twice"
              for id, count in have.items() if count > 1 or id not in want]
    found += [f"cases.csv: {case.id} does not apply, but no reason is given"
              for case in cases() if (case.applies == "n/a") != bool(case.reason)]
    if [row["row"] for row in read("seed.csv")] != SEED_ROWS:
        found.append("seed.csv: not the rows S1 to S106 and S60b, each once, in their order")
    for row in read("seed.csv"):
        for item in row["evidence"].split(" ") if not row["evidence"].startswith("later:") else []:
            kind, _, name = item.partition(":")
            path = {"app": f"apps/{name}", "perf": f"perf/{name}", "file": name}.get(kind)
            if path and not (TOP / path).exists():
                found.append(f"seed.csv: {row['row']}: there is no {path}")
            if ID.fullmatch(item) and not have[item]:
                found.append(f"seed.csv: {row['row']}: {item} is no row")
            if item == "note" and not row["note"]:
                found.append(f"seed.csv: {row['row']}: the note is missing")
    names = [row["name"] for row in read("names.csv")]
    if names != sorted(set(names)) or len(names) != NAMES:
        found.append(f"names.csv: not {NAMES} different names in their order")
    for row in read("names.csv"):
        if row["status"] not in STATUS_WORDS or (row["status"] != "same") != bool(row["why"]):
            found.append(f"names.csv: {row['name']}: {row['status']}, because '{row['why']}'")
    return found


def ids_in(name: str) -> list[str]:
    """The rows in parentheses, of asyncio and of the tutorial; "THR-001 to THR-003" stands for three."""
    found: list[str] = []
    for group in re.findall(r"\(([^()]*)\)", name):
        for first, last in re.findall(r"([A-Z]+-\d{3}) to ([A-Z]+-\d{3})", group):
            area, low = first.split("-")
            found += [f"{area}-{n:03}" for n in range(int(low), int(last.split("-")[1]) + 1)]
        found += ["-".join(match) for match in ID.findall(group)]
        found += [row for row in re.findall(r"\bS\d{1,3}b?\b", group) if row in SEED_ROWS]
    return sorted({id for id in found if id in SEED_ROWS or id.split("-")[0] in ROWS})


def unescaped(literals: str) -> str:
    return "".join(ast.literal_eval(text) for text in re.findall(r'"(?:[^"\\]|\\.)*"', literals))


def kinds_of_body(body: str) -> tuple[str, ...]:
    """On how many workers a test without a suffix runs, by its words."""
    if re.search(r"\.workers = [a-z]", body):  # a loop over numbers of workers
        return (ONE, SEVERAL)
    several = re.search(r"\.workers = (?!1\b)|std::j?thread\b|run\((?!.*workers)", body)
    one = re.search(r"\.workers = 1\b|new_event_loop|virtual_time", body)
    if several and not one:
        return (SEVERAL,)
    if one and not several:
        return (ONE,)
    return (ONE, SEVERAL)


def plain_tests() -> dict[str, tuple[str, ...]]:
    found = {}
    for path in sorted((TOP / "tests").glob("*/**/*.cpp")):
        text = path.read_text(encoding="utf-8")
        for match in PLAIN_TEST.finditer(text):
            end = NEXT_TEST.search(text, match.end())
            found[unescaped(match[1])] = kinds_of_body(text[match.end():end.start() if end else len(text)])
    return found


def tests_from(program: str, names: list[str], plain: dict[str, tuple[str, ...]]) -> list[Test]:
    """The tests of a program that name rows."""
    found = []
    for name in names:
        suffix = next((s for s in SUFFIXES if name.endswith(s)), "")
        base = name.removesuffix(suffix)
        ids = ids_in(base)
        if not ids:
            continue
        kinds = (SUFFIXES[suffix],) if suffix else plain.get(name, (ONE, SEVERAL))
        title = re.sub(r"\s*\([^()]*\)", lambda m: "" if ids_in(m[0]) else m[0], base)
        differs = bool(re.search(r"\([^()]*\bdiffers\b[^()]*\)", base))
        found.append(Test(program, name, title, tuple(ids), differs, kinds))
    return found


def python_rows() -> dict[str, str]:
    """Which rows run against CPython, and in which module."""
    found = {}
    for path in sorted((HERE / "python").glob("test_*.py")):
        for id in re.findall(r"^    (?:async )?def test_([A-Z]+_\d{3})", path.read_text(encoding="utf-8"), re.M):
            found[id.replace("_", "-")] = path.name
    return found


def versions() -> dict[str, list[str]]:
    """Which rows need a newer CPython than 3.11, by version."""
    found: dict[str, list[str]] = {}
    since = re.compile(r"@since\((\d), (\d+)\)\s+(?:async )?def test_([A-Z]+)_(\d{3})")
    for path in sorted((HERE / "python").glob("test_*.py")):
        for major, minor, area, number in since.findall(path.read_text(encoding="utf-8")):
            found.setdefault(f"{major}.{minor}", []).append(f"{area}-{number}")
    return {version: sorted(set(ids)) for version, ids in sorted(found.items(), key=lambda v: int(v[0][2:]))}


def declaring_header(word: str, wanted: str) -> str:
    """The public header that declares a name: the one that is wanted, or else the first that does."""
    first, _, member = word.partition("::")
    declares = re.compile(rf"^(?:\w.*)?(?:class|struct|concept|enum class|using|constexpr \w+) (?:\[\[.*?\]\] )?{first}\b"
                          rf"|^(?!return)[^\s/][^/\n;=]*[\s&*>]{first}\(", re.M)
    headers = [TOP / module / "include" / "skein" / module for module in ("core", "sync", "io")]
    paths = [path for folder in headers for path in sorted(folder.glob("*.hpp"))]
    paths.sort(key=lambda path: not wanted or not str(path).endswith("include/" + wanted))
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if declares.search(text) and (not member or re.search(rf"\b{member}\b", text)):
            return "/".join(path.parts[-3:])
    return ""
