"""Companies in the folders that they are run in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def lay_out(company: Path, folder: Path) -> None:
    """`folder` becomes the company as it is, without a warehouse. What dbt parsed there stays: it knows the
    models by their paths, so that companies of the same definitions are parsed once a folder."""
    work = folder / ".kpi"
    work.mkdir(parents=True, exist_ok=True)
    for inner in folder.iterdir():
        if inner.is_dir() and not inner.is_symlink() and inner != work:
            shutil.rmtree(inner)
        elif inner != work:
            inner.unlink()
    for inner in work.glob("warehouse.duckdb*"):
        inner.unlink()
    keep(company, folder)


def keep(company: Path, folder: Path) -> None:
    """A copy without what is below .kpi; landed files, which nobody writes again, as links."""
    ignored = shutil.ignore_patterns(".kpi", "typed")
    shutil.copytree(company, folder, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    typed = Path("landing", "typed")
    if (company / typed).is_dir():
        shutil.copytree(company / typed, folder / typed, copy_function=os.link)
