"""Rules over all KPIs together, and over what a single one says of itself; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Kpi, Leaf
from dagster_project.kpi.reserved import taken_as_kpi
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.spec.kpis import KpiSpec
from dagster_project.kpi.units import WORDS, is_unit

Specs = Mapping[str, Written[KpiSpec]]


def rule_findings(kpis: Sequence[Kpi], written: Specs) -> list[Issue]:
    """Every finding of every rule."""
    rules = (one_formula_under_one_name, one_label_for_one_kpi, no_sum_over_a_level)
    found = [issue for rule in rules for issue in rule(kpis, written)]
    for item in written.values():
        found += own_findings(item)
    return found


def own_findings(item: Written[KpiSpec]) -> Iterator[Issue]:
    """What one KPI says of itself and can't mean."""
    spec = item.spec
    taken = taken_as_kpi(spec.name)
    if taken:
        yield item.issue(("name",), taken, "use one underscore" if "__" in spec.name else "choose another")
    if not is_unit(spec.unit):
        hint = suggest(spec.unit, WORDS) or f"one of {', '.join(WORDS)}, or a currency such as JPY"
        yield item.issue(("unit",), f"unknown unit '{spec.unit}'", hint)
    direction = spec.direction
    if (direction.way is None) == (direction.within is None):
        yield item.issue(("direction",), "direction is up, down or {within: [80%, 90%]}")
    elif direction.within is not None and direction.within[0] >= direction.within[1]:
        yield item.issue(("direction",), "within: the lower bound comes first", "{within: [80%, 90%]}")
    if spec.valid_from and spec.retired_on and spec.retired_on <= spec.valid_from:
        yield item.issue(("retired_on",), "retired before it is valid")
    if spec.scale == 0:
        yield item.issue(("scale",), "scale 0 makes every value 0", "remove it")
    if spec.accumulates and spec.unit not in ("percent", "rate"):
        message = f"accumulates belongs to rates: a {spec.unit} grows through its period or does not"
        yield item.issue(("accumulates",), message, "remove it")
    for key in ("dimensions", "grains"):
        names = getattr(spec, key) or []
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield item.issue((key,), f"'{name}' twice", "remove one")
    if spec.grains is not None and not spec.grains:
        yield item.issue(("grains",), "a KPI without grains has no rows", "name some, or remove the key")


def one_formula_under_one_name(kpis: Sequence[Kpi], written: Specs) -> Iterator[Issue]:
    """The same formula under two names would be two truths as soon as one of them is changed."""
    first: dict[object, list[Kpi]] = {}
    for kpi in kpis:
        formula = (tuple(_nameless(leaf) for leaf in kpi.leaves), kpi.formula)
        same = first.setdefault(formula, [])
        for other in same:
            if _lives_overlap(kpi, other):
                where = f"{other.where.file}:{other.where.line}"
                hint = "one definition for the whole company: keep one name, and use it in both places"
                message = f"the same formula as KPI '{other.name}' ({where})"
                yield written[kpi.name].issue((), message, hint)
                break
        same.append(kpi)


def _nameless(leaf: Leaf) -> Leaf:
    """The leaf as a formula: which KPI its measures are called after does not matter."""
    above, below = leaf.numerator, leaf.denominator
    return replace(
        leaf,
        numerator=replace(above, measure=replace(above.measure, name="")),
        denominator=replace(below, measure=replace(below.measure, name="")) if below else None,
    )


def _lives_overlap(one: Kpi, other: Kpi) -> bool:
    return not (
        (one.retired_on and other.valid_from and one.retired_on <= other.valid_from)
        or (other.retired_on and one.valid_from and other.retired_on <= one.valid_from)
    )


def one_label_for_one_kpi(kpis: Sequence[Kpi], written: Specs) -> Iterator[Issue]:
    """Two KPIs that a reader can't tell apart; a rate of the period and one of the cohort least of all."""
    seen: dict[str, Kpi] = {}
    for kpi in kpis:
        for label in dict.fromkeys((kpi.label.ja, kpi.label.en)):
            other = seen.setdefault(label, kpi)
            if other is kpi or not _lives_overlap(kpi, other):
                continue
            where = f"{other.where.file}:{other.where.line}"
            message = f"'{label}' is the label of KPI '{other.name}' too ({where})"
            item = written[kpi.name]
            if {kpi.type, other.type} == {"ratio", "conversion"}:
                hint = "a rate of the period and one of the cohort are two things: name them apart"
                yield item.issue(("label",), message, hint)
            else:
                yield item.issue(("label",), message, "say how they differ", "warning")
            break


def no_sum_over_a_level(kpis: Sequence[Kpi], written: Specs) -> Iterator[Issue]:
    """What one KPI counts as a level, no other adds up over days."""
    levels: dict[tuple[str, str | None], Kpi] = {
        (measure.entity, measure.sql): kpi
        for kpi in kpis
        for measure in (operand.measure for operand in kpi.operands)
        if measure.stock is not None and measure.stock.series and measure.sql is not None
    }
    if not levels:
        return
    for kpi in kpis:
        for measure in (operand.measure for operand in kpi.operands):
            level = levels.get((measure.entity, measure.sql))
            if (
                level is None
                or measure.agg != "sum"
                or measure.stock
                or not measure.name.startswith(kpi.name)
            ):
                continue
            message = f"'{measure.sql}' is a level (KPI '{level.name}'): a sum over days counts it every day"
            hint = f"use KPI '{level.name}' with period_agg: last or average"
            yield written[kpi.name].issue((), message, hint)
