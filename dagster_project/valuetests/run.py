"""Value tests run: rows → the landing schema of a database in memory → the generated SQL → compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import Definitions, Source
from dagster_project.kpi.subset import subset
from dagster_project.landing.cells import parser_for
from dagster_project.landing.coverage import SourceDay
from dagster_project.landing.expose import calendar_days, column_types, night_tables
from dagster_project.landing.numerals import BadCell
from dagster_project.sandbox.build import build
from dagster_project.valuetests.ga4 import nested
from dagster_project.valuetests.model import Expectation, Row, ValueTest

TOLERANCE = 1e-9  # relative; values pass through doubles
GIVEN_FILE = "given"  # what rows say in _file, for want of an export


@dataclass(frozen=True)
class Got:
    """A row of kpi_daily or kpi_period."""

    value: float | None
    numerator: float | None
    denominator: float | None
    data_status: str
    status_reason: str | None

    def __str__(self) -> str:
        if self.value is None:
            return f"no value ({self.status_reason})"
        sides = [
            f"{name} {side:.10g}"
            for name, side in (("numerator", self.numerator), ("denominator", self.denominator))
            if side is not None
        ]
        return f"{self.value:.10g}" + (f" ({', '.join(sides)})" if len(sides) == 2 else "")


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation; `got` is None where there is no row."""

    test: ValueTest
    expectation: Expectation
    got: Got | None

    @property
    def passed(self) -> bool:
        wanted, got = self.expectation, self.got
        if wanted.no_row or got is None:
            return wanted.no_row and got is None
        if wanted.status is not None and got.data_status != wanted.status:
            return False
        if wanted.no_value is not None:
            return got.value is None and got.status_reason == wanted.no_value
        if got.value is None or wanted.value is None:
            return False
        return math.isclose(got.value, float(wanted.value), rel_tol=TOLERANCE, abs_tol=TOLERANCE)

    @property
    def expected(self) -> str:
        wanted = self.expectation
        if wanted.no_row:
            return "no row"
        status = f", {wanted.status}" if wanted.status is not None else ""
        if wanted.value is None:
            return f"no value ({wanted.no_value}){status}"
        exact = f" = {wanted.value}" if wanted.value.denominator != 1 else ""
        return f"{float(wanted.value):.10g}{exact}{status}"


def run_tests(
    definitions: Definitions,
    tests: Sequence[ValueTest],
    report: Callable[[ValueTest], None] = lambda test: None,
) -> tuple[list[Outcome], list[Issue]]:
    """Every expectation of the tests with what came of it, and given cells that can't be read."""
    calendar = BusinessCalendar(definitions.calendar)
    outcomes: list[Outcome] = []
    issues: list[Issue] = []
    for test in tests:
        report(test)
        found = _run(definitions, calendar, test, issues)
        if found is not None:
            outcomes += found
    return outcomes, issues


def _run(
    definitions: Definitions, calendar: BusinessCalendar, test: ValueTest, issues: list[Issue]
) -> list[Outcome] | None:
    needed = subset(definitions, test.kpis)
    with duckdb.connect(config={"threads": 1, "autoload_known_extensions": "false"}) as connection:
        connection.execute("create schema landing")
        connection.execute("create schema night")
        before = len(issues)
        given = dict(test.given)
        for source in needed.sources:
            _land(connection, source, given.get(source.name, ()), definitions, test, issues)
        if len(issues) > before:
            return None
        days = [
            SourceDay(source.name, day, "final", True)
            for source in needed.sources
            for day in _days(test.known_from, test.as_of)
        ]
        calendar_rows = calendar_days(calendar, test.known_from, test.as_of)
        night = night_tables(days, calendar_rows, definitions.calendar, test.as_of, "test", None)
        for name, table in night.items():
            connection.register("_rows", table)
            connection.execute(f"create table night.{name} as select * from _rows")
            connection.unregister("_rows")
        build(connection, needed)
        return [Outcome(test, expectation, _got(connection, expectation)) for expectation in test.expect]


def _land(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    rows: Sequence[Row],
    definitions: Definitions,
    test: ValueTest,
    issues: list[Issue],
) -> None:
    """The source's rows as a table of schema landing, in the types that an export is landed in."""
    types = column_types(source)
    declared = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    relation = f'landing."{source.name}"'
    connection.execute(f"create table {relation} ({declared})")
    if not rows:
        return
    zone = definitions.calendar.timezone
    typed = []
    parsers = {column.name: parser_for(column, zone) for column in source.columns}
    for line, row in enumerate(rows, start=1):
        values: dict[str, Any] = {"_file": GIVEN_FILE, "_line": line}
        if source.preset == "ga4_events":
            try:
                values |= nested(dict(row.cells), zone)
            except ValueError as error:
                issues.append(_issue(row, test, f"{source.name}: {error}"))
        else:
            for name, text in row.cells:
                try:
                    values[name] = None if text is None else parsers[name](text)
                except BadCell as error:
                    issues.append(_issue(row, test, f"{source.name}.{name}: {error}"))
        typed.append(values)
    schema = connection.execute(f"select * from {relation}").to_arrow_table().schema
    connection.register("_rows", pa.Table.from_pylist(typed, schema=schema))
    connection.execute(f"insert into {relation} select * from _rows")
    connection.unregister("_rows")


def _issue(row: Row, test: ValueTest, message: str) -> Issue:
    return Issue(row.where.file, row.where.line, row.where.column, f"test '{test.name}'", message)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _got(connection: duckdb.DuckDBPyConnection, wanted: Expectation) -> Got | None:
    table, key = ("kpi_daily", "date") if wanted.grain == "day" else ("kpi_period", "period_start")
    of_grain = "" if wanted.grain == "day" else f"and grain = '{wanted.grain}'"
    found = connection.execute(
        f"select value, numerator, denominator, data_status, status_reason from main.{table} "
        f"where kpi = ? and {key} = ? and dimension = ? and segment = ? {of_grain}",
        [wanted.kpi, wanted.start, wanted.dimension, wanted.segment],
    ).fetchone()
    return Got(*found) if found is not None else None
