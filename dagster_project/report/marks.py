"""What a reader of the numbers must know: marks of sources, and of equations that don't hold in the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb

from dagster_project.publish.checks import parquet
from dagster_project.report.format import format_fine, format_value
from dagster_project.report.rows import rows
from dagster_project.report.words import word

MarkKind = Literal["held", "stale", "missing", "tree_check", "provisional", "quarantined"]
ORDER: tuple[MarkKind, ...] = ("held", "stale", "missing", "tree_check", "quarantined", "provisional")


@dataclass(frozen=True)
class Mark:
    """Something about a source, or about a goal's tree, that a reader of its numbers must know.

    source: of a tree_check the goal.
    count: held files, days of delay, missing (None: all) or provisional days, or quarantined rows.
    since: the newest day of a stale source, the first provisional day of a provisional one.
    """

    kind: MarkKind
    source: str
    count: int | None
    since: date | None
    reason: str | None


def read_marks(
    connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date, language: str
) -> tuple[Mark, ...]:
    """Every mark of the publication in `folder`, the gravest first."""
    marks = [*_of_sources(connection, folder, as_of), *_of_trees(connection, folder, language)]
    return tuple(sorted(marks, key=lambda mark: ORDER.index(mark.kind)))


def _of_sources(connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> Iterator[Mark]:
    for row in rows(connection, f"select * from {parquet(folder, 'source_freshness')} order by source"):
        source, newest = row["source"], row["newest_record"]
        said = {row["status"]: row["message"]}
        if row["held_files"]:
            yield Mark("held", source, row["held_files"], None, said.get("held"))
        if row["days_late"] > 0:
            yield Mark("stale", source, row["days_late"], newest, said.get("stale"))
        if row["status"] == "no_file" or row["missing_days"]:
            yield Mark("missing", source, row["missing_days"] or None, None, said.get("no_file"))
        if row["provisional_from"] is not None and row["provisional_from"] <= as_of:
            since = row["provisional_from"]
            yield Mark("provisional", source, (as_of - since).days + 1, since, None)
        if row["quarantined"]:
            yield Mark("quarantined", source, row["quarantined"], None, None)


def _of_trees(connection: duckdb.DuckDBPyConnection, folder: Path, language: str) -> Iterator[Mark]:
    for row in read_checks(connection, folder):
        if row["status"] == "mismatch":
            goal = row[f"goal_label_{language}"] or row["goal"]
            yield Mark("tree_check", goal, None, None, mismatch(row, language))


def read_checks(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[dict[str, Any]]:
    """The rows of tree_checks, with the goal's labels, and unit and labels of an implied rate."""
    return rows(
        connection,
        f"""
        with nodes as (
            select * from {parquet(folder, "goal_tree")}
            qualify 1 = row_number() over (partition by goal, node order by revision desc)
        )
        select
            checks.*, nodes.goal_label_ja, nodes.goal_label_en,
            rates.unit as implied_unit, rates.label_ja as implied_label_ja, rates.label_en as implied_label_en
        from {parquet(folder, "tree_checks")} as checks
        left join nodes on nodes.goal = checks.goal and nodes.node = checks.node
        left join nodes as rates on rates.goal = checks.goal and rates.node = checks.implied_node
        order by checks.goal, nodes.sort, checks.equation
        """,
    )


def mismatch(row: dict[str, Any], language: str) -> str:
    """A row of read_checks that doesn't hold, as a clause: the equation, both sides, the likely reason."""
    unit, reason = row["unit"], word(f"reason_{row['likely_reason']}", language)
    figures = [row[name] for name in ("left_value", "right_value", "difference")]
    left, right, off = (format_fine(figure, unit, language) for figure in figures)
    if left == right:  # 120 against 120.3 pieces
        left, right, off = (format_value(figure, None, language) for figure in figures)
    text = f"{row['equation']}: {left} ≠ {right}"
    if language == "ja":
        text += f"（差 {off}、考えられる原因: {reason}）"
    else:
        text += f" (off by {off}; likely: {reason})"
    if row["implied_node"] is None:
        return text
    rate, unit = row[f"implied_label_{language}"], row["implied_unit"]
    measured, implied = (format_value(row[name], unit, language) for name in ("measured", "implied"))
    if language == "ja":
        return f"{text} {rate}は実測{measured}、式からは{implied}"
    return f"{text}; {rate} is {measured} as measured, {implied} as implied"
