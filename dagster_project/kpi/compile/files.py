"""The generated folder as a whole: compiled in memory, written, or compared with what is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dagster_project.kpi.compile.about import about_files
from dagster_project.kpi.compile.anew import anew_files
from dagster_project.kpi.compile.formulas import formula_files
from dagster_project.kpi.compile.marts import mart_files
from dagster_project.kpi.compile.measures import measure_files
from dagster_project.kpi.compile.segments import segment_files
from dagster_project.kpi.compile.semantic.files import semantic_files
from dagster_project.kpi.compile.staging import staging_files
from dagster_project.kpi.compile.unknown import unknown_files
from dagster_project.kpi.model import Definitions


def compile_project(definitions: Definitions) -> dict[str, str]:
    """Every generated dbt file: path below the generated folder → text."""
    files = {
        **staging_files(definitions),
        **mart_files(definitions),
        **measure_files(definitions),
        **anew_files(definitions),
        **unknown_files(definitions),
        **formula_files(definitions),
        **segment_files(definitions),
        **semantic_files(definitions),
    }
    return files | about_files(files, definitions)


def differences(files: Mapping[str, str], folder: Path) -> list[str]:
    """What `write` would do: `missing`, `stale` or `left over`, and the path below `folder`."""
    found = []
    for name, text in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            found.append(f"missing: {name}")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"stale: {name}")
    return found + [f"left over: {path.relative_to(folder).as_posix()}" for path in _left_over(files, folder)]


def write(files: Mapping[str, str], folder: Path) -> list[str]:
    """Makes `folder` hold exactly `files`; returns what had to change. An unchanged file is not touched."""
    changed = differences(files, folder)
    for path in _left_over(files, folder):
        path.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return changed


def _left_over(files: Mapping[str, str], folder: Path) -> list[Path]:
    present = [path for pattern in ("*.sql", "*.yml") for path in folder.rglob(pattern)]
    return sorted(path for path in present if path.relative_to(folder).as_posix() not in files)
