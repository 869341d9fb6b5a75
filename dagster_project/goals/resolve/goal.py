"""One goal as written → its frozen form: the period's days, the nodes in order, the targets solved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import Period, fiscal_period, natural_period, period_of
from dagster_project.errors import UsageError
from dagster_project.goals.actions import bases_in
from dagster_project.goals.given import FigureReader
from dagster_project.goals.model import PLAN, Factor, Goal, Phasing
from dagster_project.goals.resolve.actions import read_actions
from dagster_project.goals.resolve.binding import binder_for
from dagster_project.goals.resolve.growth import Figures, Solved, solve_scenarios
from dagster_project.goals.resolve.phasing import resolve_phasing
from dagster_project.goals.resolve.read_tree import read_tree
from dagster_project.goals.resolve.renames import first_names, under_first_names
from dagster_project.goals.resolve.revisions import resolve_revisions
from dagster_project.goals.resolve.segments import resolve_segments
from dagster_project.goals.resolve.sheet import Imported, import_targets
from dagster_project.goals.resolve.solvable import findings
from dagster_project.goals.resolve.tree import Tree
from dagster_project.goals.spec.goal import GoalSpec, PeriodSpec
from dagster_project.goals.targets.paths import Shapes
from dagster_project.goals.targets.versions import Planner, Version
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import CalendarRules, Definitions, Label
from dagster_project.kpi.spec.base import Written, resolve_label

_PERIODS = (
    "write {fiscal_year: 2026}, with quarter: 1 or half: 1 if wanted, {month: 2026-05}, or {from, through}"
)
STRETCH = "stretch"
STRETCH_SUCCESS = Fraction(7, 10)  # of an OKR: 70 % of a stretch target is a success


@dataclass(frozen=True)
class Draft:
    """A goal as read: every name looked up, its targets solved, its figures still to be judged."""

    goal: Goal
    written: Written[GoalSpec]
    tree: Tree
    figures: Figures
    solved: Solved
    calendar: BusinessCalendar
    rules: CalendarRules

    def judged(self, plan: Version | None = None) -> list[Issue]:
        """What is wrong with its figures; `plan`: as the days that remain are planned, for a revision."""
        solved = self.solved
        if plan is not None:
            solved = Solved(plan.goal.targets, plan.goal.action_targets, {PLAN: plan.conflicts})
        return findings(self.written, self.tree, self.figures, solved, self.calendar, self.rules)


def resolve_goal(
    written: Written[GoalSpec], definitions: Definitions, folder: Path | None = None
) -> tuple[Goal | None, list[Issue]]:
    """The goal, or None with everything that is wrong with it. `folder`: where its sheet of targets is
    looked for."""
    period, _ = _period(written, definitions.calendar)
    imported, wrong = import_targets(written, period, definitions, folder)
    draft, issues = read_goal(imported, definitions)
    if wrong:
        return None, wrong  # what follows from figures that were not read is not worth telling
    issues += draft.judged() if draft is not None else []
    if draft is None or any(issue.level == "error" for issue in issues):
        return None, issues
    planner = Planner(Shapes(draft.calendar, {}), {}, date.min)
    goal, found = resolve_revisions(
        draft.goal,
        imported.written,
        lambda revised: read_goal(Imported(revised, imported.months), definitions),
        planner,
    )
    issues += found
    return (None if any(issue.level == "error" for issue in issues) else goal), issues


def read_goal(imported: Imported, definitions: Definitions) -> tuple[Draft | None, list[Issue]]:
    """The goal without its revisions, or None with what keeps it from being read."""
    written = imported.written
    spec = written.spec
    period, issues = _period(written, definitions.calendar)
    binder = binder_for(written, definitions)
    binder.issues += issues
    try:
        calendar = BusinessCalendar(definitions.calendar)
    except UsageError as error:
        return None, [written.issue(("period",), str(error))]
    figures = None
    if period is not None:
        figures = FigureReader(period, definitions.calendar, binder.known, calendar)
    tree = read_tree(binder, figures)
    actions = read_actions(binder, figures, tree)
    if PLAN in spec.scenarios:
        message = "'plan' is the name of the targets as written"
        binder.say(("scenarios", PLAN), message, "name the scenario otherwise")
    if period is None or binder.issues:
        return None, binder.issues
    scenarios = {PLAN: Fraction(1), **{name: item.times for name, item in spec.scenarios.items()}}
    figures_of = Figures(tuple(tree.equations), tree.root, tree.given, actions, scenarios)
    solved = solve_scenarios(figures_of, {})
    phasing, issues = resolve_phasing(written, period, solved.targets[PLAN].get(tree.root))
    segments, found = resolve_segments(binder, tree)
    issues += found
    if any(issue.level == "error" for issue in issues):
        return None, issues
    derived_by = figures_of.derived_by()
    nodes = tuple(
        replace(node, phasing=Phasing("months", phasing.days, imported.months[node.name]))
        if node.name in imported.months
        else node
        for node in tree.nodes({name: equation.text for name, equation in derived_by.items()})
    )
    success_at = {
        name: item.success.value if item.success is not None else STRETCH_SUCCESS
        for name, item in spec.scenarios.items()
        if item.success is not None or name == STRETCH
    }
    goal = Goal(
        name=spec.goal,
        label=resolve_label(spec.label, spec.goal),
        vision=resolve_label(spec.vision, "") if spec.vision else Label("", ""),
        owner=spec.owner,
        period=period,
        nodes=nodes,
        equations=tuple(equation.text for equation in tree.equations),
        given=tree.given,
        targets={name: _in_order(values, tree.names) for name, values in solved.targets.items()},
        scenarios=scenarios,
        phasing=phasing,
        goal_hash=_hash(
            spec.goal,
            period,
            tuple(
                (
                    n.name,
                    n.kpi and n.kpi.name,
                    n.dimension,
                    n.segment,
                    n.parent,
                    n.origin,
                    n.within,
                    n.opening,
                    n.phasing,
                )
                for n in nodes
            ),
            tuple(equation.text for equation in tree.equations),
            sorted((name, repr(given.content)) for name, given in tree.given.items()),
            sorted((name, str(factor)) for name, factor in scenarios.items()),
            sorted((name, str(share)) for name, share in success_at.items()),
            phasing,
            segments,
            first=first_names(nodes),
        ),
        success_at=success_at,
        factors=tuple(
            Factor(factor.name, resolve_label(factor.label, factor.name), tuple(factor.holds))
            for factor in spec.ksf
        ),
        actions=actions,
        action_targets=solved.action_targets,
        unknown_bases=bases_in(tree.given, actions),
        segments=segments,
        where=written.where,
    )
    return Draft(goal, written, tree, figures_of, solved, calendar, definitions.calendar), issues


def _in_order(values: Mapping[str, Fraction], names: list[str]) -> dict[str, Fraction]:
    return {name: values[name] for name in names if name in values}


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


def _hash(*content: Any, first: Mapping[str, str]) -> str:
    """`first`: the names that renamed KPIs had first; a rename leaves the hash as it was."""
    return hashlib.sha256(under_first_names(repr(content), first).encode()).hexdigest()[:16]
