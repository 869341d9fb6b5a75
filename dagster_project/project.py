"""One company's folder: where its definitions, data, state and outputs are. Nothing outside it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dagster_project.errors import UsageError

PACKAGE = Path(__file__).resolve().parent


def _hand_written_dbt() -> Path:
    """The hand-written dbt project: beside the package in a checkout, inside it in a wheel."""
    checkout = PACKAGE.parent / "dbt"
    return checkout if (checkout / "dbt_project.yml").is_file() else PACKAGE / "bundled" / "dbt"


HAND_WRITTEN_DBT = _hand_written_dbt()


@dataclass(frozen=True)
class Project:
    """Paths of a project. `data` is where the raw exports lie; it may be outside and is only read."""

    root: Path
    data: Path
    outputs: Path

    @property
    def definitions(self) -> Path:
        return self.root / "kpi_definitions"

    @property
    def work(self) -> Path:
        """Everything disposable: warehouse, generated dbt code of other projects, logs, Dagster's home."""
        return self.root / ".kpi"

    @property
    def warehouse(self) -> Path:
        """The working DuckDB file; only the run opens it."""
        return self.work / "warehouse.duckdb"

    @property
    def landing(self) -> Path:
        """Landed files and their ledger: the ground that everything is rebuilt from."""
        return self.root / "landing"

    @property
    def state(self) -> Path:
        """What can't be rebuilt from landed files: snapshots, forecast log, reviews, alerts."""
        return self.root / "state"

    @property
    def state_batches(self) -> Path:
        """Copies of what is in state/, many files in one, so that a night need not open each of them."""
        return self.work / "state_batches"

    @property
    def build(self) -> Path:
        """Tables of this run that Python makes (goals, forecast), as Parquet, before they are published."""
        return self.work / "build"

    @property
    def templates(self) -> Path:
        """The report's template as Python has compiled it."""
        return self.work / "templates"

    @property
    def current(self) -> Path:
        """The one pointer: a symbolic link to the publication in force."""
        return self.outputs / "current"

    @property
    def dbt(self) -> Path:
        """The dbt project that a run of this company builds. For the company whose repository this is, it is
        dbt/ itself, generated models committed; for every other, a copy of the hand-written part under .kpi
        with that company's generated models in it."""
        own = HAND_WRITTEN_DBT.parent == self.root
        return HAND_WRITTEN_DBT if own else self.work / "dbt" / "project"

    @property
    def generated(self) -> Path:
        """Where the compiler writes this project's dbt models."""
        return self.dbt / "models" / "generated"


def find_project(root: str | os.PathLike[str] | None, data: str | os.PathLike[str] | None = None) -> Project:
    """The project in `root` (default: KPI_PROJECT_DIR, then the current folder).

    `data` (default: KPI_DATA_DIR, then project.yml's `data`) is where the exports lie.
    Raises UsageError where there is no kpi_definitions folder.
    """
    from dagster_project.kpi.load import read_settings

    folder = Path(root or os.environ.get("KPI_PROJECT_DIR") or ".").resolve()
    if not (folder / "kpi_definitions").is_dir():
        raise UsageError(
            f"{folder}: no kpi_definitions folder here. "
            "Name a project with --project DIR, or make one with: kpi sample DIR"
        )
    settings = read_settings(folder)
    given = data or os.environ.get("KPI_DATA_DIR")
    if given and not Path(given).is_dir():
        # A mistyped path or a share that is not mounted would publish yesterday's figures without a word.
        raise UsageError(f"{given}: no such data folder. Mend --data or KPI_DATA_DIR")
    return Project(
        root=folder,
        data=Path(given).resolve() if given else (folder / settings.data).resolve(),
        outputs=folder / settings.outputs,
    )
