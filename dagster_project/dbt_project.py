"""The dbt project of a company on disk: the hand-written part, and the models compiled from its definitions.

dbt writes a compiled model below its target folder under the model's own path. For a model outside the dbt
project that path is absolute, and the compiled SQL would overwrite it: so each company has a whole project.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dagster_project.kpi.compile.files import compile_project, write
from dagster_project.kpi.model import Definitions
from dagster_project.project import HAND_WRITTEN_DBT, Project

_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "tests")


def write_dbt_project(project: Project, definitions: Definitions) -> list[str]:
    """Brings the company's dbt project up to date with its definitions; returns what had to change."""
    changed = []
    if project.dbt != HAND_WRITTEN_DBT:
        changed += _copy_hand_written(project.dbt)
    return changed + write(compile_project(definitions), project.generated)


def _copy_hand_written(target: Path) -> list[str]:
    wanted = {path.relative_to(HAND_WRITTEN_DBT) for path in _hand_written_files()}
    changed = []
    for name in sorted(wanted):
        source, copy = HAND_WRITTEN_DBT / name, target / name
        if not copy.is_file() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            changed.append(f"copied: {name.as_posix()}")
    for part in ("macros", "models", "tests"):
        for path in sorted((target / part).rglob("*.*")):
            name = path.relative_to(target)
            if path.is_file() and name not in wanted and name.parts[:2] != ("models", "generated"):
                path.unlink()
                changed.append(f"left over: {name.as_posix()}")
    return changed


def _hand_written_files() -> Iterator[Path]:
    for part in _PARTS:
        path = HAND_WRITTEN_DBT / part
        if path.is_file():
            yield path
        for inner in sorted(path.rglob("*.*")):
            if inner.is_file() and inner.relative_to(HAND_WRITTEN_DBT).parts[:2] != ("models", "generated"):
                yield inner
