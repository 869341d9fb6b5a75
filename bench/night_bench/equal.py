"""That two ways to the same figures came to the same: `python -m night_bench.equal FOLDER TARGET`.

Compares what the models left in the warehouse of FOLDER with what `by_hand` wrote into TARGET. Prints JSON:
how many rows were compared; exit 1 with examples where any differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

# both sides as (what, ours, by hand)
PAIRS = {
    "measures by day and dimension": (
        "select date, dimension, segment, measure, cast(value as decimal(38, 9)) as value "
        "from measures_additive inner join segment_numbers using (segment_number)",
        "select date, dimension, segment, measure, value from hand.additive",
    ),
    # of the running week and month also what they are compared with, where a segment has anything now
    "people of weeks and months": (
        "select grain, span, period_start, dimension, segment, kpi, value from ("
        "select *, 'current' as span from kpi_period union all by name "
        "select * replace (previous_value as value), 'previous' as span from kpi_period "
        "where not is_complete union all by name "
        "select * replace (previous_year_value as value), 'previous_year' as span from kpi_period "
        "where not is_complete"
        ") where grain in ('week', 'month') and value <> 0 "
        "and kpi in ('unique_users', 'new_users', 'buyers')",
        "select grain, span, period_start, dimension, segment, measure, cast(value as double) from hand.anew "
        "semi join kpi_period using (grain, period_start, dimension, segment) where grain <> 'day'",
    ),
    # a KPI of one measure bears its name; what the night shows of it is that measure, and else nothing
    "values of kpi_daily": (
        "select kpi, date, dimension, segment, value from kpi_daily "
        "semi join told on told.kpi = kpi_daily.kpi where value <> 0",
        "select measure, date, dimension, segment, cast(value as double) from told_values semi join ("
        "select kpi, dimension from definitions.kpi_dimensions "
        "union all select kpi, 'total' from definitions.kpis"
        ") as places on places.kpi = told_values.measure and places.dimension = told_values.dimension",
    ),
}


def main(root: Path, target: Path) -> int:
    counts = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{root / '.kpi' / 'warehouse.duckdb'}' as warehouse (read_only)")
        connection.execute(f"attach '{target}' as hand (read_only)")
        connection.execute("use warehouse.main")
        connection.execute(
            "create temp table told_values as select measure, date, dimension, segment, value "
            "from hand.additive where date is not null and value <> 0 union all "
            "select measure, period_start, dimension, segment, value from hand.anew where grain = 'day'"
        )
        connection.execute("create temp table told as select distinct measure as kpi from told_values")
        for what, (ours, theirs) in PAIRS.items():
            counts[what] = connection.execute(f"select count(*) from ({ours})").fetchall()[0][0]
            for name, one, other in (("models", ours, theirs), ("by hand", theirs, ours)):
                extra = connection.execute(f"({one}) except all ({other}) limit 5").fetchall()
                if extra or not counts[what]:
                    print(f"{what}: only {name}: {extra or 'nothing was compared'}", file=sys.stderr)
                    return 1
    print(json.dumps(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
