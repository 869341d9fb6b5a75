"""A sheet for the terminal."""

from __future__ import annotations

import io
import sys

from dagster_project.report.format import clean
from dagster_project.report.sheet import Sheet

WIDE = 1_000  # columns of what is not shown in a terminal: a file, a pipe


def as_text(sheet: Sheet) -> str:
    """The sheet as text, tables drawn to the width of the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kept = io.StringIO()
    console = Console(file=kept, width=Console().width if sys.stdout.isatty() else WIDE, color_system=None)
    console.print(Text(clean(sheet.title)))
    for name, value in sheet.facts:
        console.print(Text(f"{clean(name)}: {clean(value)}"))
    for section in sheet.sections:
        console.print()
        console.print(Text(clean(section.title)))
        for line in section.lines:
            console.print(Text(f"  {clean(line)}"))
        if section.table is None:
            continue
        table = Table()
        for index, header in enumerate(section.table.headers):
            right = index in section.table.figures
            table.add_column(Text(clean(header)), justify="right" if right else "left", overflow="fold")
        for cells in section.table.rows:
            table.add_row(*(Text(clean(cell)) for cell in cells))
        console.print(table)
    return "\n".join(line.rstrip() for line in kept.getvalue().splitlines()) + "\n"
