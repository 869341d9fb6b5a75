"""Which KPIs dbt's metrics can carry with the same meaning, told by rules over the resolved types.

A metric layer that answers almost the same is worse than one that does not answer: a KPI that a rule names is
left out, and listed with the rule's reason.
"""

from __future__ import annotations

from collections.abc import Callable

from dagster_project.kpi.model import OWN, CalendarRules, Definitions, Kpi, Leaf, Measure

_OF_MEASURES: tuple[tuple[Callable[[Measure], bool], str], ...] = (
    (lambda measure: measure.stock is not None, "a stock: there is no level between two dates"),
    (lambda measure: measure.spread is not None, "an amount over a span: a row has one date of record"),
    (lambda measure: measure.agg == "only", "the only row of a slice: every aggregate takes several"),
    (lambda measure: measure.reads_period, "its filter names the period: filters know no period"),
    (
        lambda measure: measure.having is not None or measure.also_in is not None,
        "those with so many rows in the period, or in the next: filters see one row",
    ),
    (
        # Metrics of type conversion give an event to the newest base row before it, and count events.
        lambda measure: measure.converts is not None,
        "a cohort asks each base row once, and waits until its window is over",
    ),
)


def _to_date_of_another_year(leaf: Leaf, calendar: CalendarRules) -> bool:
    """To-date metrics start with calendar periods: a fiscal quarter is one where the year starts with one."""
    if leaf.shape.unit != "to_date" or leaf.shape.grain == "month":
        return False
    months = {"quarter": 3, "half": 6, "fiscal_year": 12}[leaf.shape.grain or "fiscal_year"]
    return leaf.shape.grain == "half" or (calendar.fiscal_start_month - 1) % months != 0


def not_carried(kpi: Kpi, calendar: CalendarRules) -> str | None:
    """Why dbt's metrics can't say what `kpi` says; None where they can."""
    for operand in kpi.operands:
        if operand.carries:
            return "carried over periods without rows: a metric of nothing is nothing"
        for is_so, reason in _OF_MEASURES:
            if is_so(operand.measure):
                return reason
    for leaf in kpi.leaves:
        if _to_date_of_another_year(leaf, calendar):
            return "to date of a fiscal period: such sums start with calendar months, quarters and years"
        if leaf.shape != OWN and leaf.offset:
            return "a trailing sum looked back at: one of both, not both"
    return None


def dimensions_carried(kpi: Kpi, definitions: Definitions) -> tuple[str, ...]:
    """The dimensions that a metric can be grouped by: those of its entity, where all of it is of one.

    A dimension of a metric belongs to a semantic model, so a name that two entities share is two names there.
    """
    entities = {operand.measure.entity for operand in kpi.operands}
    return kpi.dimensions if len(entities) == 1 else ()


def not_carried_kpis(definitions: Definitions) -> dict[str, str]:
    """KPI → reason, in the order of the definitions."""
    found = ((kpi.name, not_carried(kpi, definitions.calendar)) for kpi in definitions.kpis)
    return {name: reason for name, reason in found if reason is not None}
