"""What the rows of one file say together: repeated keys, their days, least and greatest dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.kpi.model import Source
from dagster_project.landing.held import FileHeld
from dagster_project.landing.typed import BadRow


@dataclass(frozen=True)
class KeyedRows:
    """`table` without repeats; `conflicts`: rows set aside; `repeated`: how many equal rows were dropped."""

    table: pa.Table
    conflicts: list[BadRow]
    repeated: int


def one_row_a_key(table: pa.Table, source: Source) -> KeyedRows:
    """Of rows with equal keys the first stays. An equal later row is dropped, a differing one is quarantined,
    and so is a row without its key. by_key files may hold a key several times: the newest is chosen later.
    """
    if not source.key or source.load == "append":
        return KeyedRows(table, [], 0)
    aside: dict[int, BadRow] = {}
    for column in source.key:
        for line in table["_line"].filter(pc.is_null(table[column])).to_pylist():
            aside.setdefault(line, BadRow(line, column, "is empty, but is part of the key"))
    repeated = 0
    if source.load != "by_key":
        counts = table.group_by(list(source.key)).aggregate([("_line", "count")])
        if counts.num_rows and pc.max(counts["_line_count"]).as_py() > 1:
            repeated = _set_aside_repeats(table, source, aside)
    if aside or repeated:
        dropped = pa.array(sorted(aside), pa.int64())
        table = table.filter(pc.invert(pc.is_in(table["_line"], value_set=dropped)))
    conflicts = [row for row in aside.values() if row.reason]
    return KeyedRows(table, conflicts, repeated)


def _set_aside_repeats(table: pa.Table, source: Source, aside: dict[int, BadRow]) -> int:
    names = [column.name for column in source.columns]
    key = ", ".join(source.key)
    keys = list(zip(*(table[name].to_pylist() for name in source.key), strict=True))
    lines = table["_line"].to_pylist()
    first: dict[tuple[object, ...], int] = {}
    repeated = 0
    for at, (given, line) in enumerate(zip(keys, lines, strict=True)):
        if line in aside:
            continue
        earlier = first.setdefault(given, at)
        if earlier == at:
            continue
        if all(table[name][at].equals(table[name][earlier]) for name in names):
            aside[line] = BadRow(line, key, "")
            repeated += 1
        else:
            aside[line] = BadRow(line, key, f"repeats the key of line {lines[earlier]} with other values")
    return repeated


def date_extents(table: pa.Table, source: Source) -> dict[str, tuple[date, date]]:
    """Least and greatest day in each date or timestamp column that is not personal."""
    extents = {}
    for column in source.columns:
        if column.type in ("date", "timestamp") and not column.pii:
            bounds = pc.min_max(table[column.name]).as_py()
            if bounds["min"] is not None:
                extents[column.name] = (_day(bounds["min"]), _day(bounds["max"]))
    return extents


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def days_of_rows(table: pa.Table, source: Source, version: datetime | None) -> pa.Array:
    """The day that each row of a by_day file belongs to.

    One date column decides for each row, so that files which overlap do not count a day twice. Timestamps
    decide too, unless the file has a dated name and they spill over by a day (an export cut in another zone).
    With several date columns the file's name decides. Raises FileHeld where nothing tells the day.
    """
    dated = [column for column in source.columns if column.type == "date" and not column.pii]
    timed = [column for column in source.columns if column.type == "timestamp" and not column.pii]
    named = version.date() if version and source.version and source.version.origin == "filename" else None
    whole_file = pa.array([named] * table.num_rows, pa.date32())
    deciding = dated if len(dated) == 1 else timed if not dated and len(timed) == 1 else []
    if not deciding:
        single = [
            bounds[0]
            for name, bounds in date_extents(table, source).items()
            if bounds[0] == bounds[1] and not table[name].null_count
        ]
        if named is None and len(set(single)) != 1:
            raise FileHeld(
                "load: by_day can't tell the file's day; declare version: {from: filename, pattern: ...}, "
                "or exactly one date column"
            )
        return whole_file if named else pa.array([single[0]] * table.num_rows, pa.date32())
    days = pc.cast(table[deciding[0].name], pa.date32(), safe=False)
    if days.null_count and named is None:
        raise FileHeld(f"column {deciding[0].name}: is empty in some rows, so that their day can't be told")
    if named is not None:
        bounds = pc.min_max(days).as_py()
        spill = timedelta(days=1)
        if bounds["min"] is None:
            return whole_file
        if deciding is timed and named - spill <= bounds["min"] < bounds["max"] <= named + spill:
            return whole_file
        days = pc.fill_null(days, named)
    return days.combine_chunks() if isinstance(days, pa.ChunkedArray) else days
