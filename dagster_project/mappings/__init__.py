"""Mappings of real systems, shipped as YAML: sources and entities as they stand in kpi_definitions/."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def shipped_mappings() -> dict[str, str]:
    """Name → what it maps, in one line, by name. The line is the second of the file."""
    return {path.stem: _about(path) for path in sorted(_FOLDER.glob("*.yml"))}


def _about(path: Path) -> str:
    return path.read_text("utf-8").splitlines()[1].removeprefix("# ")


def mapping_text(name: str) -> str:
    """The YAML of a shipped mapping. Raises KeyError where none has that name."""
    if name not in shipped_mappings():
        raise KeyError(name)
    return (_FOLDER / f"{name}.yml").read_text("utf-8")
