"""The check that published values add up, in the files as built: days to a month, segments to the total.

Rows lie in the order of the key, the segments of a dimension one after the other: a pass over numbers folds
them to one row, and the rows of a day and KPI are compared where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.publish.checks import SHOWN

# Values are sums of doubles in different orders; anything beyond this share of what was summed is a fault.
TOLERANCE = 1e-9

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def reconciliation(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Days of a complete month add up to the month, segments to the total, for the KPIs that add."""
    days = fold(folder / "kpi_daily.parquet", ("date", "kpi"))
    periods = fold(folder / "kpi_period.parquet", ("grain", "period_start", "kpi"), "is_complete")
    return [
        *_months_are_their_days(connection, days, periods),
        *_totals_are_their_segments("kpi_daily", days),
        *_totals_are_their_segments("kpi_period", periods),
    ]


@dataclass(frozen=True)
class Folded:
    """A published table with the segments of a dimension as one row.

    rows: the columns of the slot, dimension, what was asked for besides, sums_over_days, sums_over_segments,
    value (NULL where no segment has one) and magnitude, the sum of absolute values. slots: of each row, the
    number of its slot, a day or period of a KPI; ascending.
    """

    slot: tuple[str, ...]
    rows: pa.Table
    slots: Ints


def fold(path: Path, slot: tuple[str, ...], *more: str) -> Folded:
    by = [*slot, "dimension", *more, "sums_over_days", "sums_over_segments"]
    with pq.ParquetFile(path, read_dictionary=[*slot, "dimension"]) as file:
        rows = file.read(columns=[*by, "value"], use_threads=False).unify_dictionaries().combine_chunks()
    if not rows.num_rows:
        return Folded(slot, rows.append_column("magnitude", rows["value"]), np.zeros(0, np.int64))
    begins_slot = _begins(rows, slot)
    begins = begins_slot | _begins(rows, by[len(slot) :])
    at = np.flatnonzero(begins)
    value = rows["value"].chunk(0)
    numbers, known = value.fill_null(0).to_numpy(), value.is_valid().to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        sums, magnitudes = np.add.reduceat(numbers, at), np.add.reduceat(np.abs(numbers), at)
    is_unknown = ~np.logical_or.reduceat(known, at)
    folded = (
        rows.select(by)
        .take(pa.array(at))
        .append_column("value", pa.array(sums, mask=is_unknown))
        .append_column("magnitude", pa.array(magnitudes, mask=is_unknown))
    )
    return Folded(slot, folded, np.cumsum(begins_slot[at]) - 1)


def _begins(rows: pa.Table, names: Sequence[str]) -> Flags:
    """Which rows differ from the one before in any of these columns; the first one does."""
    found = np.ones(rows.num_rows, np.bool_)
    found[1:] = False
    for name in names:
        numbers = _numbers(rows[name])
        found[1:] |= numbers[1:] != numbers[:-1]
    return found


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    """Coded text, days or truths as whole numbers."""
    values = column.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.indices
    elif pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    numbers: npt.NDArray[np.int32] = values.cast(pa.int32()).fill_null(-1).to_numpy()
    return numbers


def _flags(column: pa.ChunkedArray) -> Flags:
    flags: Flags = column.fill_null(False).combine_chunks().to_numpy(zero_copy_only=False)
    return flags


def _months_are_their_days(connection: duckdb.DuckDBPyConnection, days: Folded, periods: Folded) -> list[str]:
    is_total = pc.equal(days.rows["dimension"], "total")
    connection.register("days", days.rows.filter(pc.and_(days.rows["sums_over_days"], is_total)))
    is_month = pc.and_(pc.equal(periods.rows["grain"], "month"), periods.rows["is_complete"])
    is_total = pc.and_(periods.rows["sums_over_days"], pc.equal(periods.rows["dimension"], "total"))
    # a KPI whose definition leaves out the grain day has no days to add
    has_days = pc.is_in(periods.rows["kpi"], days.rows["kpi"].unique().cast(pa.string()))
    connection.register("months", periods.rows.filter(pc.and_(has_days, pc.and_(is_month, is_total))))
    found = connection.execute(
        f"""
        with sums as (
            select date_trunc('month', date)::date as period_start, kpi,
                sum(value) as value, sum(magnitude) as magnitude
            from days
            group by 1, 2
        )
        select 'kpi_period: ' || kpi || ' of the month ' || period_start || ' is '
            || coalesce(months.value, 0) || ', its days add up to ' || coalesce(sums.value, 0)
        from months left join sums using (period_start, kpi)
        where abs(coalesce(months.value, 0) - coalesce(sums.value, 0))
            > {TOLERANCE} * (1 + coalesce(sums.magnitude, 0))
        order by period_start, kpi
        """
    ).fetchall()
    connection.unregister("days")
    connection.unregister("months")
    return _shortened([str(line) for (line,) in found])


def _totals_are_their_segments(name: str, folded: Folded) -> list[str]:
    rows, slots = folded.rows, folded.slots
    if not rows.num_rows:
        return []
    adds = _flags(rows["sums_over_segments"])
    is_total = _flags(pc.equal(rows["dimension"], "total"))
    known = _flags(rows["value"].is_valid())
    value, magnitude = (rows[column].fill_null(0.0).to_numpy() for column in ("value", "magnitude"))
    parts = np.flatnonzero(adds & ~is_total)
    totals = np.flatnonzero(adds & is_total & known)
    total, has_total = np.zeros(slots[-1] + 1), np.zeros(slots[-1] + 1, np.bool_)
    total[slots[totals]], has_total[slots[totals]] = value[totals], True

    def is_off(total: Floats, summed: Floats, magnitude: Floats) -> Flags:
        with np.errstate(invalid="ignore"):
            difference = np.abs(total - summed)
            most = TOLERANCE * (1 + np.maximum(np.abs(total), magnitude))
        # as SQL has it: NaN is above all numbers, and not above itself
        off: Flags = (difference > most) | (np.isnan(difference) & ~np.isnan(most))
        return off

    of_parts = total[slots[parts]]
    off = parts[has_total[slots[parts]] & is_off(of_parts, value[parts], magnitude[parts])]
    lines = [(int(slots[at]), rows["dimension"][at].as_py(), float(value[at])) for at in off.tolist()]

    # A dimension without any row in a slot is a sum of 0 there: segments are sparse.
    kpis, dimensions = (_numbers(rows[column]).astype(np.int64) for column in ("kpi", "dimension"))
    texts = rows["dimension"].combine_chunks().dictionary
    splits = np.unique(kpis[parts] * len(texts) + dimensions[parts])  # which dimensions a KPI has
    wanted = np.bincount(splits // len(texts), minlength=kpis.max() + 1)
    there = np.bincount(slots[parts], minlength=len(total))
    nothing = np.zeros(len(totals))
    lacks = there[slots[totals]] < wanted[kpis[totals]]
    for at in totals[lacks & is_off(value[totals], nothing, nothing)].tolist():
        has = set(dimensions[parts[slots[parts] == slots[at]]].tolist())
        of_kpi = splits[splits // len(texts) == kpis[at]] % len(texts)
        lines += [(int(slots[at]), texts[code].as_py(), 0.0) for code in of_kpi.tolist() if code not in has]

    def told(slot: int, dimension: str, summed: float) -> str:
        of = rows.slice(int(np.searchsorted(slots, slot)), 1).to_pylist()[0]
        return (
            f"{name}: {of['kpi']} on {of[folded.slot[-2]]} is {float(total[slot])}, its segments of "
            f"{dimension} add up to {summed}"
        )

    return _shortened([told(*line) for line in sorted(lines)[: SHOWN + 1]], len(lines))


def _shortened(lines: list[str], count: int | None = None) -> list[str]:
    more = (len(lines) if count is None else count) - SHOWN
    return [*lines[:SHOWN], f"... and {more} more of the kind"] if more > 0 else lines
