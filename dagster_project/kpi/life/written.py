"""A definition as it stands in its file, comments and all."""

from __future__ import annotations

from pathlib import Path

from dagster_project.kpi.model import Where


def written_at(project: Path, where: Where) -> str:
    """The lines of the list item that begins at `where` of a file of the project, without the next one's
    comment. `where.file` is relative to the project folder, as in messages."""
    lines = (project / where.file).read_text(encoding="utf-8-sig").splitlines()
    first = where.line - 1
    dash = lines[first][: where.column - 1].rfind("-")
    kept = [lines[first]]
    for line in lines[first + 1 :]:
        if line.strip() and _indent(line) <= dash:
            break
        kept.append(line)
    while not kept[-1].strip() or kept[-1].lstrip().startswith("#"):
        kept.pop()
    return "\n".join(line[max(dash, 0) :] if not line[: max(dash, 0)].strip() else line for line in kept)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
