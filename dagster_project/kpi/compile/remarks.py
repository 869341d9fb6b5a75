"""Tests of marts that count what a KPI leaves out by its meaning: told with its number, never an error."""

from __future__ import annotations

from collections.abc import Mapping

from dagster_project.kpi.compile.measures import all_measures
from dagster_project.kpi.compile.sql import quoted
from dagster_project.kpi.model import Definitions, Measure


def remarks(definitions: Definitions) -> Mapping[str, list[str]]:
    """Entity → lines of YAML below `data_tests:` of its model."""
    found: dict[str, dict[str, list[str]]] = {}
    for measure in all_measures(definitions):
        tests = found.setdefault(measure.entity, {})
        for name, lines in _of(measure):
            tests.setdefault(name, lines)
    return {entity: [line for lines in tests.values() for line in lines] for entity, tests in found.items()}


def _of(measure: Measure) -> list[tuple[str, list[str]]]:
    stock, spread, converts = measure.stock, measure.spread, measure.converts
    found = []
    if stock is not None and stock.start is not None and stock.end is not None:
        start, end = stock.start, stock.end
        says = f"have {end} but no {start}: they never were in a stock"
        found.append(
            _left_out(measure, "never_began", start, end, f"{start} is null and {end} is not null", says)
        )
        says = f"have {end} before {start}: they never were in a stock"
        found.append(_left_out(measure, "ended_before", start, end, f"{end} < {start}", says))
    if spread is not None:
        start, end = spread.start, spread.through
        condition = f"{start} is null or {end} is null or {end} < {start}"
        says = f"have no span from {start} through {end}: their amount is on no day"
        found.append(_left_out(measure, "no_span", start, end, condition, says))
    if converts is not None:
        name = f"converted_before_{measure.name.removesuffix('__converted')}"
        found.append(
            (
                name,
                [
                    "      - converted_before:",
                    f"          name: {name}",
                    "          arguments:",
                    f"            time: {measure.time}",
                    f"            their_time: {converts.time}",
                    f"            before: {converts.before}",
                    *(
                        [f"            to: ref('{converts.entity}')", f"            match: {converts.match}"]
                        if converts.match
                        else []
                    ),
                    "          config: {severity: warn}",
                ],
            )
        )
    return found


def _left_out(
    measure: Measure, kind: str, start: str, end: str, condition: str, says: str
) -> tuple[str, list[str]]:
    name = f"{kind}_{measure.entity}__{start}__{end}"
    return name, [
        "      - rows_left_out:",
        f"          name: {name}",
        "          arguments:",
        f"            condition: {quoted(condition)}",
        f"            says: {quoted(says)}",
        "          config: {severity: warn}",
    ]
