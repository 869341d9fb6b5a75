"""One publication a run, put in force in one step or not at all.

Everything is built and checked aside; a reader of `outputs/current` sees the last publication until the
pointer flips, and one publication whole after it.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from dagster_project.errors import NothingPublished
from dagster_project.kpi.issues import suggest
from dagster_project.project import Project
from dagster_project.publish import carried, checks, folder, ordered, serving
from dagster_project.publish.contract import Table, check, conform, load
from dagster_project.publish.engine import connect, identifier, literal
from dagster_project.publish.reconciled import reconciliation

# Besides what the last publication took: the least that a new one needs (an empty database file of so many
# tables takes 4 MB), and growth of a night.
LEAST_BYTES = 16 * 2**20
GROWTH = 1.25


@dataclass(frozen=True)
class PublishedRelation:
    """A table or view of the project's warehouse that is published as it is."""

    schema: str
    name: str


def publish(
    project: Project,
    run_id: str,
    as_of: date,
    tables: Mapping[str, pa.Table | PublishedRelation],
    report: Callable[[Path], None] | None,
    now: datetime,
) -> Path:
    """Publish every table of the contract; returns the folder that `outputs/current` now points at.

    tables: by name, every table of the contract: Arrow rows, or where they lie in the warehouse.
    report: writes report.html into the folder it is given, from the Parquet files in it.
    now: with a zone; decides which old publications are pruned.

    Raises NothingPublished with everything that is wrong; the last publication then stays in force.
    """
    _require_whole_set(tables)
    version = project.outputs / "versions" / run_id
    if version.exists():
        if project.current.resolve() == version.resolve():
            raise NothingPublished(f"{run_id} is published already")
        shutil.rmtree(version)  # named, but never in force: its run was killed before the flip
    building = _started(project, run_id, tables)
    try:
        found = _build(project, building, run_id, as_of, tables, report)
    except NothingPublished:
        shutil.rmtree(building, ignore_errors=True)
        raise
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        shutil.rmtree(building, ignore_errors=True)
        raise NothingPublished(_what_broke(error, project.outputs)) from error
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if found:
        aside = folder.set_aside(building, project.work)
        where = f"\nWhat was built lies in {aside}." if aside else ""
        raise NothingPublished(
            "Nothing was published, the last publication stays:\n"
            + "\n".join(f"- {line}" for line in found)
            + where
        )
    try:
        folder.seal(building)
        version = folder.name_whole(building, run_id)
        folder.flip(project.outputs, version)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise NothingPublished(_what_broke(error, project.outputs)) from error
    carried.remember(project.work, version)
    folder.prune(project.outputs, now)
    return version


def _require_whole_set(tables: Mapping[str, pa.Table | PublishedRelation]) -> None:
    names = load().names
    found = [
        f"{name}: not handed over; an empty one is contract.empty({name!r})"
        for name in names
        if name not in tables
    ]
    for name in tables:
        if name not in names:
            hint = suggest(name, names)
            found.append(f"{name}: not in the contract" + (f" ({hint})" if hint else ""))
    if found:
        raise NothingPublished(
            "The set of tables is not the contract's:\n" + "\n".join(f"- {line}" for line in found)
        )


def _started(project: Project, run_id: str, tables: Mapping[str, pa.Table | PublishedRelation]) -> Path:
    try:
        building = folder.start(project.outputs, run_id)
    except OSError as error:
        raise NothingPublished(_what_broke(error, project.outputs)) from error
    given = sum(rows.nbytes for rows in tables.values() if isinstance(rows, pa.Table))
    last = folder.size(project.current.resolve())
    try:
        folder.require_space(project.outputs, max(LEAST_BYTES + given, int(last * GROWTH)))
    except NothingPublished:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return building


def _build(
    project: Project,
    building: Path,
    run_id: str,
    as_of: date,
    tables: Mapping[str, pa.Table | PublishedRelation],
    report: Callable[[Path], None] | None,
) -> list[str]:
    """Write everything into `building`; returns what is wrong with it."""
    from_warehouse = any(isinstance(rows, PublishedRelation) for rows in tables.values())
    connection = connect([building, project.work], project.work / "spill", serving.SETTINGS)
    try:
        if from_warehouse:
            connection.execute(f"attach {literal(str(project.warehouse.resolve()))} as warehouse (read_only)")
        found: list[str] = []
        for table in load().tables:
            found += _write_table(connection, building, table, tables[table.name])
        if found:
            # What follows reads every column; with one missing it would only say so again, and less clearly.
            return found
        if from_warehouse:
            connection.execute("detach warehouse")
        found += checks.one_publication(connection, building, run_id, as_of)
        found += reconciliation(connection, building)
        if found:
            return found
        last = project.current.resolve()
        untouched = carried.is_untouched(project.work, last)
        serving.write(connection, building, last if untouched else None)
    finally:
        connection.close()
    if report is not None:
        report(building)
        if not (building / "report.html").is_file():
            return ["report.html was not written"]
    return []


def _write_table(
    connection: duckdb.DuckDBPyConnection, building: Path, table: Table, rows: pa.Table | PublishedRelation
) -> list[str]:
    """One Parquet file, in the order of the table's key; returns what is wrong with its shape and keys."""
    if isinstance(rows, PublishedRelation):
        relation = f"warehouse.{identifier(rows.schema)}.{identifier(rows.name)}"
        try:
            found = checks.relation_shape(connection, table, relation)
        except duckdb.CatalogException:
            return [f"{table.name}: the warehouse has no {rows.schema}.{rows.name}"]
    else:
        rows = conform(table.name, rows)
        found = check(table.name, rows)
    if found:
        return found
    if isinstance(rows, PublishedRelation):
        rows = ordered.read(connection, table, relation)
        # before the key is put in order: what is NULL has no place in it
        found = checks.nulls(table, rows)
        if found:
            return found
    in_order = ordered.in_order(table, rows)
    ordered.write(in_order, building / f"{table.name}.parquet")
    return checks.repeated_keys(in_order)


def _what_broke(error: Exception, outputs: Path) -> str:
    full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
    what = f"{outputs}: the disk is full; free some space and run again" if full else f"{outputs}: {error}"
    return f"Nothing was published, the last publication stays.\n{what}"
