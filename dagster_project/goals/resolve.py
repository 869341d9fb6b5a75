"""One goal as written → its frozen form: the period's days, the nodes in order, the targets solved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from dagster_project.calendar.fiscal import Period, fiscal_period, natural_period, period_of
from dagster_project.goals.model import PLAN, Goal
from dagster_project.goals.resolve_phasing import resolve_phasing
from dagster_project.goals.solve import Solution, solve
from dagster_project.goals.spec import GoalSpec, PeriodSpec
from dagster_project.goals.tree import Tree, read_tree
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import CalendarRules, Definitions, Label
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.yamlnodes import Loc

_PERIODS = (
    "write {fiscal_year: 2026}, with quarter: 1 or half: 1 if wanted, {month: 2026-05}, or {from, through}"
)


def resolve_goal(written: Written[GoalSpec], definitions: Definitions) -> tuple[Goal | None, list[Issue]]:
    """The goal, or None with everything that is wrong with it."""
    spec = written.spec
    period, issues = _period(written, definitions.calendar)
    tree, found = read_tree(written, definitions)
    issues += found
    if PLAN in spec.scenarios:
        message = "'plan' is the name of the targets as written"
        issues.append(written.issue(("scenarios", PLAN), message, "name the scenario otherwise"))
    if period is None or issues:
        return None, issues
    scenarios = {PLAN: Fraction(1), **spec.scenarios}
    targets: dict[str, Mapping[str, Fraction]] = {}
    derived_by: dict[str, str] = {}
    for scenario, factor in scenarios.items():
        solution, found = _solved(written, tree, scenario, factor)
        issues += found
        targets[scenario] = {name: solution.values[name] for name in tree.names if name in solution.values}
        if scenario == PLAN:
            derived_by = {name: equation.text for name, equation in solution.derived_by.items()}
    if not issues:
        issues = _without_target(written, tree, targets[PLAN])
    phasing, found = resolve_phasing(written, period, targets[PLAN].get(tree.root))
    issues += found
    if any(issue.level == "error" for issue in issues):
        return None, issues
    nodes = tree.nodes(derived_by)
    goal = Goal(
        name=spec.goal,
        label=resolve_label(spec.label, spec.goal),
        vision=resolve_label(spec.vision, "") if spec.vision else Label("", ""),
        owner=spec.owner,
        period=period,
        nodes=nodes,
        equations=tuple(equation.text for equation in tree.equations),
        targets=targets,
        scenarios=scenarios,
        phasing=phasing,
        goal_hash=_hash(
            spec.goal,
            period,
            tuple((n.name, n.kpi and n.kpi.name, n.dimension, n.segment, n.parent, n.origin) for n in nodes),
            tuple(equation.text for equation in tree.equations),
            sorted((name, str(value)) for name, value in tree.given.items()),
            sorted((name, str(factor)) for name, factor in scenarios.items()),
            phasing,
        ),
        where=written.where,
    )
    return goal, issues


def _solved(
    written: Written[GoalSpec], tree: Tree, scenario: str, factor: Fraction
) -> tuple[Solution, list[Issue]]:
    """The targets of one scenario: what is given is scaled, what is assumed stands, the rest follows anew.

    Only the KGI and what accumulates (counts, sums) is scaled; a rate that is given as a target is the same
    in every scenario, or the product of a scaled count and a scaled rate would be scaled twice.
    """
    given = {name: value * factor if tree.is_scaled(name) else value for name, value in tree.given.items()}
    solution, broken = solve(tree.equations, given)
    issues = []
    for contradiction in broken:
        loc: Loc = ("tree", tree.equations.index(contradiction.equation))
        message = str(contradiction) if scenario == PLAN else f"scenario '{scenario}': {contradiction}"
        issues.append(written.issue(loc, message, contradiction.hint))
    return solution, issues


def _without_target(written: Written[GoalSpec], tree: Tree, targets: Mapping[str, Fraction]) -> list[Issue]:
    kgi = written.spec.kgi
    root = tree.kpis[tree.root]
    if root.direction == "within":
        return []
    if tree.root not in targets:
        message = f"'{kgi.kpi}' has no target, and none follows from the tree"
        return [written.issue(("kgi",), message, "write target: 100_000_000")]
    return []


def _period(written: Written[GoalSpec], rules: CalendarRules) -> tuple[Period | None, list[Issue]]:
    spec: PeriodSpec = written.spec.period
    given = {
        name: value
        for name, value in {
            "fiscal_year": spec.fiscal_year,
            "quarter": spec.quarter,
            "half": spec.half,
            "month": spec.month,
            "from": spec.from_,
            "through": spec.through,
        }.items()
        if value is not None
    }
    try:
        period = _written_period(given, rules)
    except (ValueError, OverflowError) as error:
        return None, [written.issue(("period",), str(error), _PERIODS)]
    return period, []


def _written_period(given: Mapping[str, Any], rules: CalendarRules) -> Period:
    keys = set(given)
    if keys in ({"fiscal_year"}, {"fiscal_year", "quarter"}, {"fiscal_year", "half"}):
        return fiscal_period(rules, given["fiscal_year"], given.get("quarter"), given.get("half"))
    if keys == {"month"}:
        year, month = given["month"]
        first = fiscal_period(CalendarRules(fiscal_start_month=month), year).start
        return period_of(first, "month", rules)
    if keys == {"from", "through"}:
        if given["through"] < given["from"]:
            raise ValueError(f"the period ends on {given['through']}, before it starts on {given['from']}")
        return natural_period(given["from"], given["through"], rules)
    said = ", ".join(given) or "nothing"
    raise ValueError(f"a period can't be told from {said}")


def _hash(*content: Any) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:16]
