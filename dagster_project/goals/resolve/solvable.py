"""Whether a goal's figures can hold: no contradiction, nothing left open, no action beyond its capacity."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.goals.actions import Action, Load, possible_by_day
from dagster_project.goals.algebra.equations import Equation
from dagster_project.goals.algebra.order import steps
from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.model import PLAN
from dagster_project.goals.resolve.growth import Figures, Solved
from dagster_project.goals.resolve.tree import Tree
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import CalendarRules
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.yamlnodes import Loc


def findings(
    written: Written[GoalSpec],
    tree: Tree,
    figures: Figures,
    solved: Solved,
    calendar: BusinessCalendar,
    rules: CalendarRules,
) -> list[Issue]:
    """Everything that keeps the goal from being a plan."""
    issues = list(_conflicts(written, tree, solved))
    issues += issues or [*_open(written, tree, figures, solved), *_impossible(written, tree, figures, solved)]
    issues += _overloads(written, figures.actions, solved, calendar, rules)
    return issues


def _conflicts(written: Written[GoalSpec], tree: Tree, solved: Solved) -> Iterator[Issue]:
    for scenario, conflicts in solved.conflicts.items():
        for conflict in conflicts:
            message = str(conflict) if scenario == PLAN else f"scenario '{scenario}': {conflict}"
            yield written.issue(_place(tree, conflict.equation), message, conflict.hint)
        if conflicts and scenario == PLAN:
            return  # the other scenarios break for the same reason


def _open(written: Written[GoalSpec], tree: Tree, figures: Figures, solved: Solved) -> Iterator[Issue]:
    """Equations with names that no figure fixes, each once; the KGI itself where nothing says its target."""
    known = set(tree.given)
    derived = {name for step in steps(tree.equations, known) for name in step.names}
    fixed = known | derived
    if not any(given.base for given in tree.given.values()):
        fixed &= set(solved.targets[PLAN])  # a figure of 0 may leave open what the equations would fix
    root = tree.root
    told = False
    for index, equation in enumerate(tree.equations):
        unknown = [name for name in dict.fromkeys((equation.left, *equation.names)) if name not in fixed]
        if not unknown:
            continue
        told = True
        enough = [
            name
            for name in dict.fromkeys(unknown)
            if fixed | {name} | {n for s in steps(tree.equations, {*known, name}) for n in s.names}
            >= tree.tied
        ]
        which = "one of these" if len(enough) > 1 else "it"
        hint = f"give {which} a target or an assumption: {', '.join(enough)}"
        if not enough:
            hint = "more than one of them needs a target or an assumption"
        message = f"'{equation.text}' leaves {_listed(unknown)} open: no figures fix what they are to be"
        yield written.issue(("tree", index), message, hint)
    if not told and root not in fixed and root not in tree.bounds and tree.kpis[root].direction != "within":
        message = f"'{root}' has no target, and none follows from the tree"
        yield written.issue(("kgi",), message, "write target: 100_000_000")


def _impossible(written: Written[GoalSpec], tree: Tree, figures: Figures, solved: Solved) -> Iterator[Issue]:
    """Figures that follow and that no company can reach: outside the bounds of their node, a count below 0;
    and a share above 100 %, which few can be, as a warning."""
    for name, equation in figures.derived_by().items():
        value = solved.targets[PLAN].get(name)
        if value is None:
            continue
        kpi, bounds = tree.kpis[name], tree.bounds.get(name, tree.kpis[name].within)
        place, asks = _place(tree, equation), f"'{equation.text}' asks for {name} {show(value)}"
        if bounds is not None and not _is_within(value, bounds):
            low, high = (show(Fraction(repr(bound))) for bound in bounds)
            yield written.issue(place, f"{asks}, outside its bounds {low} to {high}")
        elif value < 0 and kpi.formula is None and kpi.leaves[0].numerator.measure.agg == "count":
            yield written.issue(place, f"{asks}, and a count is never below 0")
        elif value > 1 and kpi.unit == "percent" and kpi.direction == "up":
            hint = "few shares can be: look at the figures that it stands beside"
            yield written.issue(place, f"{asks}, above 100 %", hint, "warning")


def _place(tree: Tree, equation: Equation) -> Loc:
    """Where the equation is written. A revision solves other forms of it, of the same text."""
    return "tree", next(index for index, own in enumerate(tree.equations) if own.text == equation.text)


def _is_within(value: Fraction, bounds: tuple[float, float]) -> bool:
    low, high = bounds
    slack = 1e-9 * max(abs(low), abs(high))
    return low - slack <= float(value) <= high + slack


def _listed(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _overloads(
    written: Written[GoalSpec],
    actions: tuple[Action, ...],
    solved: Solved,
    calendar: BusinessCalendar,
    rules: CalendarRules,
) -> Iterator[Issue]:
    order = [spec.name for spec in written.spec.actions]
    for action in actions:
        load = load_of(action, solved.action_targets[PLAN].get(action.name), calendar, rules)
        if load is None or load.is_realistic or action.capacity is None:
            continue
        capacity, days = action.capacity, calendar.business_days(action.start, action.due)
        each = (
            f"{show(load.wanted / days)} a business day over {days:,} business days"
            if days
            else "no business day"
        )
        unit = capacity.per.replace("_", " ")
        message = (
            f"'{action.name}' is unrealistic: the plan wants {show(load.wanted)} by {action.due} ({each}), "
            f"but a capacity of {show(capacity.n)} a {unit} gives {show(load.possible)}"
        )
        used = f", {show(load.used * 100)} % of it is planned" if load.used is not None else ""
        place = ("actions", order.index(action.name), "capacity")
        yield written.issue(place, message + used, "raise the capacity or the yield, or lower the target")


def load_of(
    action: Action, wanted: Fraction | None, calendar: BusinessCalendar, rules: CalendarRules
) -> Load | None:
    """What the action's target takes of its capacity; None where one of the two is not known."""
    if action.capacity is None or wanted is None:
        return None
    by_day = possible_by_day(action.capacity, action.start, action.due, calendar, rules)
    return Load(wanted, sum(by_day, Fraction(0)))
