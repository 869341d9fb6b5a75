"""kpi_definitions/tests/*.yml, read and looked up: every slip found before anything is run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dagster_project.calendar.fiscal import EVER, fiscal_period, fiscal_year_of, period_of
from dagster_project.errors import DefinitionError
from dagster_project.kpi.issues import Issue, suggest, suggest_kpi
from dagster_project.kpi.model import Definitions, Grain, Kpi, Source, Where
from dagster_project.kpi.spec.base import Written, read_spec
from dagster_project.kpi.subset import subset
from dagster_project.kpi.yamlnodes import Document, Loc, read
from dagster_project.valuetests.ga4 import FIXED
from dagster_project.valuetests.model import Expectation, Row, ValueTest
from dagster_project.valuetests.spec import ExpectSpec, GivenSpec, ValueTestSpec

FOLDER = "tests"
_PERIODS = (
    "write day: 2026-05-01, week: 2026-05-04, month: 2026-05, fiscal_year: 2026 with quarter: 1 or half: 1 "
    "if wanted, or all: true"
)


def check_tests(project: Path, definitions: Definitions) -> tuple[tuple[ValueTest, ...], list[Issue]]:
    """The value tests of the project that are sound, in the order written, and every finding about others."""
    tests: dict[str, ValueTest] = {}
    issues: list[Issue] = []
    for path in sorted((project / "kpi_definitions" / FOLDER).glob("*.yml")):
        document = read(path, path.relative_to(project).as_posix())
        issues += document.issues
        if document.issues or document.data is None:
            continue
        for item in _items(document, issues):
            found = _resolve(item, definitions, issues)
            if item.spec.test in tests:
                first = tests[item.spec.test].where
                issues.append(item.issue(("test",), f"a second test of this name; {first.file}:{first.line}"))
            elif found is not None:
                tests[item.spec.test] = found
    return tuple(tests.values()), sorted(set(issues))


def load_tests(project: Path, definitions: Definitions) -> tuple[ValueTest, ...]:
    """The value tests of the project. Raises DefinitionError with every issue."""
    tests, issues = check_tests(project, definitions)
    errors = [issue for issue in issues if issue.level == "error"]
    if errors:
        raise DefinitionError(errors)
    return tests


def _items(document: Document, issues: list[Issue]) -> list[Written[ValueTestSpec]]:
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("tests"), list):
        issues.append(document.issue((), "", "the file wants a list of tests", "tests: [{test: ..., ...}]"))
        return []
    for key in data:
        if key != "tests":
            issues.append(document.issue((key,), "", f"unknown key '{key}'", "accepted: tests"))
    found = []
    for index, value in enumerate(data["tests"]):
        loc: Loc = ("tests", index)
        name = value.get("test") if isinstance(value, dict) else None
        subject = f"test '{name}'" if isinstance(name, str) else "test"
        spec, wrong = read_spec(ValueTestSpec, value, document, loc, subject)
        issues += wrong
        if spec is not None:
            found.append(Written(spec, document, loc, subject))
    return found


def _resolve(item: Written[ValueTestSpec], definitions: Definitions, issues: list[Issue]) -> ValueTest | None:
    spec, before = item.spec, len(issues)
    rules = definitions.calendar
    known_from = spec.known_from or fiscal_period(rules, fiscal_year_of(spec.as_of, rules)).start
    if known_from > spec.as_of:
        issues.append(item.issue(("known_from",), f"lies after as_of, {spec.as_of}"))
    given = []
    for name, written in spec.given.items():
        rows = _given(item, name, written, definitions, issues)
        if rows is not None:
            given.append((name, rows))
    kpis = {kpi.name: kpi for kpi in definitions.kpis}
    expect = []
    for index, written_expect in enumerate(spec.expect):
        found = _expectation(item, index, written_expect, kpis, definitions, issues)
        if found is not None:
            expect.append(found)
    if len(issues) > before:
        return None
    reached = {source.name for source in subset(definitions, {found.kpi for found in expect}).sources}
    for name, _ in given:
        if name not in reached:
            hint = f"they read {', '.join(sorted(reached))}"
            issues.append(item.issue(("given", name), f"none of its KPIs reads source '{name}'", hint))
    if len(issues) > before:
        return None
    return ValueTest(
        spec.test, spec.says or "", spec.as_of, known_from, tuple(given), tuple(expect), item.where
    )


def _given(
    item: Written[ValueTestSpec],
    name: str,
    written: GivenSpec,
    definitions: Definitions,
    issues: list[Issue],
) -> tuple[Row, ...] | None:
    place: Loc = ("given", name)
    sources = {source.name: source for source in definitions.sources}
    source = sources.get(name)
    if source is None:
        known = suggest(name, sources)
        issues.append(item.issue(place, f"unknown source '{name}'", known or "rows are given by source"))
        return None
    document, loc = item.document, (*item.loc, *place)
    rows: list[Row] = []
    if written.table is not None:
        line, _ = document.position(loc)
        lines = list(csv.reader(written.table.splitlines(), skipinitialspace=True))
        header = [cell.strip() for cell in lines[0]] if lines else []
        _check_columns(item, place, header, source, issues)
        for number, cells in enumerate(lines[1:], start=1):
            if len(cells) != len(header):
                message = f"row {number} has {len(cells)} values for {len(header)} columns"
                issues.append(item.issue(place, message, 'quote a value with a comma: "1,234"'))
                continue
            values = [(column, cell.strip() or None) for column, cell in zip(header, cells, strict=True)]
            # the block's text begins on the line after its key
            rows.append(Row(tuple(values), _where(document, line + 1 + number)))
    for index, cells_of in enumerate(written.rows or []):
        _check_columns(item, (*place, index), list(cells_of), source, issues)
        line, _ = document.position((*loc, index))
        rows.append(Row(tuple(cells_of.items()), _where(document, line)))
    return tuple(rows)


def _check_columns(
    item: Written[ValueTestSpec], place: Loc, names: Sequence[str], source: Source, issues: list[Issue]
) -> None:
    if source.preset == "ga4_events":
        for name in ("event_name", "at", "user"):
            if name not in names:
                hint = f"of each event: {', '.join(FIXED)}; any other key is a parameter of the event"
                issues.append(item.issue(place, f"'{name}' is missing", hint))
        return
    known = [column.name for column in source.columns]
    for name in names:
        if name not in known:
            hint = suggest(name, known) or f"known: {', '.join(known)}"
            issues.append(item.issue(place, f"source '{source.name}' has no column '{name}'", hint))


def _expectation(
    item: Written[ValueTestSpec],
    index: int,
    spec: ExpectSpec,
    kpis: dict[str, Kpi],
    definitions: Definitions,
    issues: list[Issue],
) -> Expectation | None:
    place: Loc = ("expect", index)
    kpi = kpis.get(spec.kpi)
    if kpi is None:
        hint = suggest_kpi(spec.kpi, {name: known.formerly for name, known in kpis.items()})
        issues.append(item.issue((*place, "kpi"), f"unknown KPI '{spec.kpi}'", hint))
        return None
    try:
        grain, start = _period(spec, definitions)
    except ValueError as error:
        issues.append(item.issue(place, str(error), _PERIODS))
        return None
    if grain not in kpi.grains:
        hint = f"its grains: {', '.join(kpi.grains)}"
        issues.append(item.issue(place, f"KPI '{kpi.name}' has no grain {grain}", hint))
        return None
    dimension, segment = next(iter((spec.where or {"total": "total"}).items()))
    if spec.where and dimension not in kpi.dimensions:
        hint = suggest(dimension, kpi.dimensions) or f"its dimensions: {', '.join(kpi.dimensions) or 'none'}"
        issues.append(item.issue((*place, "where"), f"KPI '{kpi.name}' has no dimension '{dimension}'", hint))
        return None
    said = [spec.value is not None, spec.no_value is not None, bool(spec.no_row)]
    if sum(said) != 1:
        hint = "value: 2/3, or no_value: no_data, or no_row: true"
        issues.append(item.issue(place, "wants one of value, no_value and no_row", hint))
        return None
    line, column = item.document.position((*item.loc, *place))
    return Expectation(
        kpi=kpi.name,
        grain=grain,
        start=start,
        dimension=dimension,
        segment=segment,
        value=spec.value,
        no_value=spec.no_value,
        no_row=bool(spec.no_row),
        status=spec.status,
        because=spec.because or "",
        where=_where(item.document, line, column),
    )


def _period(spec: ExpectSpec, definitions: Definitions) -> tuple[Grain, date]:
    """Grain and first day. Raises ValueError where it can't be told which period is meant."""
    names = ("day", "week", "month", "fiscal_year", "quarter", "half", "all")
    said = {name for name in names if getattr(spec, name)}
    rules = definitions.calendar
    if said == {"all"}:
        return "all", EVER
    if said == {"day"} and spec.day:
        return "day", spec.day
    if said == {"week"} and spec.week:
        if period_of(spec.week, "week", rules).start != spec.week:
            raise ValueError(f"no week begins on {spec.week}; they begin on {rules.week_start}")
        return "week", spec.week
    if said == {"month"}:
        return "month", date(spec.month[0], spec.month[1], 1)  # type: ignore[index]
    if "fiscal_year" in said and said <= {"fiscal_year", "quarter", "half"} and spec.fiscal_year:
        period = fiscal_period(rules, spec.fiscal_year, spec.quarter, spec.half)
        return period.grain, period.start  # type: ignore[return-value]
    raise ValueError(f"a period can't be told from {', '.join(sorted(said)) or 'nothing'}")


def _where(document: Document, line: int, column: int = 1) -> Where:
    return Where(document.file, line, column)
