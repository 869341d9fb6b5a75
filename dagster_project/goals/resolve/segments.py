"""`segments:` looked up: the dimension, its segments, and the share of each."""

from __future__ import annotations

from fractions import Fraction

from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.model import Segments
from dagster_project.goals.resolve.binding import TOTAL, Binder
from dagster_project.goals.resolve.tree import Tree
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.yamlnodes import Loc


def resolve_segments(binder: Binder, tree: Tree) -> tuple[Segments | None, list[Issue]]:
    """The segments that targets are divided over, None where none are written, and what is wrong with them.

    Shares come to 100 %; figures are proportions. The KGI is read as a whole and has the dimension.
    """
    spec, place = binder.written.spec.segments, ("segments",)
    if spec is None:
        return None, []
    kpi, issues = tree.kpis[tree.root], []

    def say(loc: Loc, message: str, hint: str = "") -> None:
        issues.append(binder.written.issue(loc, message, hint))

    if tree.slices[tree.root] != (TOTAL, TOTAL):
        dimension, segment = tree.slices[tree.root]
        say(
            place,
            f"the KGI is read at {dimension} '{segment}', which is not divided further",
            "remove where:",
        )
    if spec.dimension not in kpi.dimensions:
        has = f"it has: {', '.join(kpi.dimensions)}" if kpi.dimensions else "it has none"
        hint = suggest(spec.dimension, kpi.dimensions) or has
        say((*place, "dimension"), f"KPI '{kpi.name}' has no dimension '{spec.dimension}'", hint)
    declared = binder.declared.get(spec.dimension, set())
    for segment in spec.shares:
        if declared and segment not in declared:
            hint = suggest(segment, declared) or f"declared: {', '.join(sorted(declared))}"
            say((*place, "shares", segment), f"dimension '{spec.dimension}' has no '{segment}'", hint)
    figures = list(spec.shares.values())
    total = sum((figure.value for figure in figures), Fraction(0))
    if len({figure.form for figure in figures}) > 1:
        say((*place, "shares"), "'shares': shares and figures side by side", "write one or the other")
    elif total == 0:
        say((*place, "shares"), "'shares': all of them are 0")
    elif figures[0].form == "percent" and total != 1:
        say((*place, "shares"), f"'shares': they come to {show(total * 100)} %, not 100 %")
    if issues:
        return None, issues
    return Segments(spec.dimension, tuple((name, f.value / total) for name, f in spec.shares.items())), []
