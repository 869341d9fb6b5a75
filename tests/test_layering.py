"""Which room may import what, proved by what an import pulls in and by reading every module."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dagster_project"
ORCHESTRATION = {"dagster", "dagster_dbt", "dbt"}
FRAMES = {"pandas", "numpy", "pyarrow"}

# What the import of every module of a room must not pull in.
FORBIDDEN = {
    "kpi": {*ORCHESTRATION, *FRAMES, "duckdb"},
    "calendar": {*ORCHESTRATION, *FRAMES, "duckdb"},
    "sample": {*ORCHESTRATION, "pandas", "duckdb"},
    "goals": {*ORCHESTRATION, "duckdb"},
    "goals.load": {*ORCHESTRATION, *FRAMES, "duckdb", "holidays"},
    "forecast": {*ORCHESTRATION, "duckdb"},
    "valuetests.load": {*ORCHESTRATION, *FRAMES, "duckdb", "holidays"},
    "valuetests": {*ORCHESTRATION, "pandas"},
    "changes": {*ORCHESTRATION, "pandas"},
    "sandbox": {*ORCHESTRATION, "pandas"},
    "trace": {*ORCHESTRATION, "pandas"},
    "landing": {*ORCHESTRATION, "pandas"},
    "rewrites": {*ORCHESTRATION, "pandas"},
    "snapshots": {*ORCHESTRATION, "pandas"},
    "publish": {*ORCHESTRATION, "pandas"},
    "report": {*ORCHESTRATION, "pandas"},
    "defs.execution": {"pandas"},
    "defs.nightly": {"pandas"},
    "cli.main": {*ORCHESTRATION, *FRAMES, "duckdb", "yaml", "pydantic"},
}

IMPORTS = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules(folder: Path = PACKAGE) -> Iterator[tuple[str, Path]]:
    """(dotted name below the package, file) of every module."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def names_of(room: str) -> list[str]:
    names = [name for name, _ in modules() if name == room or name.startswith(f"{room}.")]
    assert names, room
    return [f"dagster_project.{name}" for name in names]


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_pulls_in_nothing_beyond_its_own(room: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", IMPORTS, *names_of(room)],
        capture_output=True, text=True, check=False, cwd=PACKAGE.parent,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert set(json.loads(answer.stdout)) & FORBIDDEN[room] == set()


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name or empty) of every import in a file, those inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_dagster_and_dbt_are_imported_in_defs_only() -> None:
    found = {
        f"{name} imports {module}"
        for name, path in modules()
        for module, _ in imported(path)
        if module.partition(".")[0] in ORCHESTRATION
        and not name.startswith("defs.")
        and name != "definitions"
    }
    assert found == set()


def test_rooms_import_one_another_without_a_cycle() -> None:
    """Imports inside of functions count: a room that is needed later is needed."""
    known = {name for name, _ in modules()}
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, path in modules():
        room = name.partition(".")[0]
        for module, member in imported(path):
            if not module.startswith("dagster_project"):
                continue
            below = module.partition(".")[2]
            target = f"{below}.{member}".strip(".") if f"{below}.{member}".strip(".") in known else below
            if target.partition(".")[0] not in ("", room):
                rooms[room].add(target.partition(".")[0])
    try:
        order = list(TopologicalSorter(rooms).static_order())
    except CycleError as error:
        pytest.fail(f"rooms import one another in a circle: {' -> '.join(error.args[1])}")
    assert order.index("errors") < order.index("kpi") < order.index("goals") < order.index("defs")


CHECK = """
import json, sys
from dagster_project.cli.main import main
sys.argv = ["kpi", "check"]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_checking_definitions_imports_no_engine() -> None:
    """What `kpi check` takes is mostly what it imports; `bench/compile_speed.py` tells how long that is."""
    answer = subprocess.run(
        [sys.executable, "-c", CHECK], capture_output=True, text=True, check=False, cwd=PACKAGE.parent
    )
    assert answer.returncode == 0, answer.stderr
    loaded = set(json.loads(answer.stdout.splitlines()[-1]))
    assert loaded & {*ORCHESTRATION, *FRAMES, "duckdb", "rich", "sympy", "jinja2", "altair"} == set()


def test_no_python_lies_where_it_would_join_the_package_dbt() -> None:
    assert list((PACKAGE.parent / "dbt").rglob("*.py")) == []
