"""The figures by hand are such that the usual mistakes in a definition give others: each is made here, KPI by
KPI, and must be found out by one of its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Kpi, Leaf, Measure
from dagster_project.valuetests.load import load_tests
from dagster_project.valuetests.run import run_tests
from tests.conftest import REPOSITORY

DEFINITIONS = load_definitions(REPOSITORY)
TESTS = load_tests(REPOSITORY, DEFINITIONS)

# No mistake: the figures are the same by the nature of the thing.
THE_SAME = {
    "bugs_after_release: numerator by created_on": "a bug is found on the day it is created",
    "bug_rate: numerator by created_on": "a bug is found on the day it is created",
    "defect_ratio: numerator by created_on": "a bug is found on the day it is created",
    "early_leaver_rate: numerator also before": "nobody leaves before joining",
    "win_rate_cohort: numerator also before": "no deal closes before it is opened",
}
AGGREGATES = {"sum": "max", "count_distinct": "count", "median": "max", "max": "sum", "only": "sum"}


def mistaken(measure: Measure) -> Iterator[tuple[str, Measure]]:
    """The measure as it would be with one usual mistake in it."""
    if measure.filter is not None:
        yield "without its filter", replace(measure, filter=None, reads_period=False)
    if measure.stock is None and measure.spread is None and measure.converts is None:
        for time in DEFINITIONS.entity(measure.entity).times:
            if time.name != measure.time:
                yield f"by {time.name}", replace(measure, time=time.name)
    if measure.agg in AGGREGATES and measure.stock is None:
        agg = AGGREGATES[measure.agg]
        yield f"as {agg}", replace(measure, agg=agg)
    if measure.stock is not None and measure.stock.start is not None:
        stock = measure.stock
        other = "opening" if stock.period_agg != "opening" else "last"
        yield f"{other} of the period", replace(measure, stock=replace(stock, period_agg=other))
        if stock.end is not None:
            flipped = replace(stock, end_is_in=not stock.end_is_in)
            yield "its last day read as the first one out, or the other way", replace(measure, stock=flipped)
            yield "without an end", replace(measure, stock=replace(stock, end=None))
    if measure.converts is not None:
        converts = measure.converts
        if converts.filter is not None:
            yield "whatever it came to", replace(measure, converts=replace(converts, filter=None))
        if converts.window is not None:
            for window in (converts.window - 1, converts.window + 1):
                yield f"within {window} days", replace(measure, converts=replace(converts, window=window))
        yield "also before", replace(measure, converts=replace(converts, before=30))
    if measure.spread is not None:
        over = "calendar_days" if measure.spread.over == "business_days" else "business_days"
        yield f"over {over}", replace(measure, spread=replace(measure.spread, over=over))


def mistakes(kpi: Kpi) -> Iterator[tuple[str, Kpi]]:
    """The KPI with one mistake in one of its sides; of formulas each leaf is a KPI of its own elsewhere."""
    if kpi.formula is not None or kpi.type == "cumulative":
        return
    [leaf] = kpi.leaves
    for side in ("numerator", "denominator"):
        operand = getattr(leaf, side)
        for what, measure in mistaken(operand.measure) if operand is not None else ():
            yield f"{side} {what}", _with(kpi, leaf, side, measure)
    if leaf.scale != 1:
        yield "without its scale", replace(kpi, leaves=(replace(leaf, scale=1.0),))


def _with(kpi: Kpi, leaf: Leaf, side: str, measure: Measure) -> Kpi:
    operand = replace(getattr(leaf, side), measure=measure)
    places = tuple(
        replace(place, time=measure.time)
        if place.entity == measure.entity and len(kpi.places) == 1
        else place
        for place in kpi.places
    )
    return replace(kpi, leaves=(replace(leaf, **{side: operand}),), places=places)


def is_found_out(wrong: Kpi) -> bool:
    definitions = replace(DEFINITIONS, kpis=(wrong,))
    for test in TESTS:
        own = tuple(expectation for expectation in test.expect if expectation.kpi == wrong.name)
        if own and any(not o.passed for o in run_tests(definitions, [replace(test, expect=own)])[0]):
            return True
    return False


@pytest.mark.slow
def test_every_usual_mistake_in_a_definition_gives_another_value_somewhere():
    made = [(kpi.name, what, wrong) for kpi in DEFINITIONS.kpis for what, wrong in mistakes(kpi)]
    assert len(made) > 250
    missed = {f"{name}: {what}" for name, what, wrong in made if not is_found_out(wrong)}
    assert missed == set(THE_SAME)
