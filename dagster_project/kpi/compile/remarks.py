"""Tests of marts that count what a KPI leaves out by its meaning: told with its number, never an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dagster_project.kpi.compile.measures import all_measures
from dagster_project.kpi.compile.sql import quoted
from dagster_project.kpi.model import Definitions, Entity, Measure


def remarks(definitions: Definitions) -> Mapping[str, list[str]]:
    """Entity → lines of YAML below `data_tests:` of its model."""
    found: dict[str, dict[str, list[str]]] = {}
    for measure in all_measures(definitions):
        tests = found.setdefault(measure.entity, {})
        for name, lines in _of(measure):
            tests.setdefault(name, lines)
    for entity in definitions.entities:
        found.setdefault(entity.name, {}).update(_dated_after_export(entity, definitions))
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


def _dated_after_export(entity: Entity, definitions: Definitions) -> Iterator[tuple[str, list[str]]]:
    """Rows of a day that their export can't have known: a slip in a date takes them out of every period.

    A stock's and a span's dates may well be known ahead (a hire, a term), and so may one of several (a date
    due), if it isn't the default.
    """
    if not _knows_its_export(entity, definitions):
        return
    measures = [measure for measure in all_measures(definitions) if measure.entity == entity.name]
    ahead = {
        time
        for measure in measures
        for span in (measure.stock, measure.spread)
        if span is not None
        for time in (measure.time, *vars(span).values())
        if isinstance(time, str)
    }
    recorded = entity.times[0].name if len(entity.times) == 1 else entity.default_time
    plain = {measure.time for measure in measures if not measure.converts}
    if recorded in plain - ahead:
        condition = f"cast({recorded} as date) > cast(version as date)"
        says = f"have their {recorded} after the day of their export: they are in no period before that day"
        yield _rows_left_out(f"dated_after_export_{entity.name}__{recorded}", condition, says)


def _knows_its_export(entity: Entity, definitions: Definitions) -> bool:
    """Whether a row is one of an export whose day is known, and which covers no day after it."""
    if entity.model is not None or entity.group_by or len(entity.inputs) != 1 or len(entity.sources) != 1:
        return False
    source = next((each for each in definitions.sources if each.name == entity.sources[0]), None)
    if source is None or source.version is None or "version" not in entity.given:
        return False
    if any(column.name == "version" for column in source.columns):
        return False
    covers = source.covers
    if covers is not None and (covers.through is not None or (covers.through_version_days or 0) > 0):
        return False
    # A file named after its month alone holds the month's days after the first.
    return source.version.origin == "filename" and any(
        day in (source.version.pattern or "") for day in ("%d", "%j")
    )


def _left_out(
    measure: Measure, kind: str, start: str, end: str, condition: str, says: str
) -> tuple[str, list[str]]:
    return _rows_left_out(f"{kind}_{measure.entity}__{start}__{end}", condition, says)


def _rows_left_out(name: str, condition: str, says: str) -> tuple[str, list[str]]:
    return name, [
        "      - rows_left_out:",
        f"          name: {name}",
        "          arguments:",
        f"            condition: {quoted(condition)}",
        f"            says: {quoted(says)}",
        "          config: {severity: warn}",
    ]
