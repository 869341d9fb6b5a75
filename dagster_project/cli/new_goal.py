"""`kpi new goal`: a goal written from a template and the company's history."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagster_project.errors import DefinitionError, UsageError
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.goals.templates.template import Binding, Template
    from dagster_project.kpi.model import Definitions


@click.command()
@click.argument("template", required=False)
@click.option("--name", help="Name of the goal and of its file; default: the template's, with the period.")
@click.option("--fiscal-year", type=int, metavar="YEAR", help="Default: the one the publication is in.")
@click.option("--quarter", type=click.IntRange(1, 4), help="Of the fiscal year.")
@click.option("--half", type=click.IntRange(1, 2), help="Of the fiscal year.")
@click.option("--growth", metavar="PERCENT", help="Of the KGI on the period before; default: the template's.")
@click.option("--where", metavar="DIMENSION=SEGMENT", help="One segment, for every KPI that has it.")
@click.option(
    "--use",
    multiple=True,
    metavar="NODE=KPI[@DIMENSION=SEGMENT]",
    help="The KPI that measures a node here; repeat it for several.",
)
@click.option(
    "--set",
    "figures",
    multiple=True,
    metavar="NODE=FIGURE",
    help="A figure in place of the history's; repeat it for several.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the file and write nothing.")
@click.pass_obj
def goal(
    project: Project,
    template: str | None,
    name: str | None,
    fiscal_year: int | None,
    quarter: int | None,
    half: int | None,
    growth: str | None,
    where: str | None,
    use: tuple[str, ...],
    figures: tuple[str, ...],
    only_print: bool,
) -> None:
    """Write a goal from a TEMPLATE, filled from the last publication; without one, list the templates.

    The KGI's target is its value in the period before with growth; the other figures are that period's, as
    assumptions. The file passes kpi check. Exit 2 where the company lacks a KPI, or a figure.
    """
    from dagster_project.cli.goal_options import figures_of, growth_of, segment_of, uses_of
    from dagster_project.goals.templates.template import bind, templates
    from dagster_project.kpi.issues import suggest
    from dagster_project.kpi.load import load_definitions

    known = templates()
    if template is None:
        width = max(map(len, known))
        for one in known.values():
            click.echo(f"{one.name:<{width}}  {one.about}")
        return
    if template not in known:
        hint = suggest(template, known) or f"known: {', '.join(known)}"
        raise UsageError(f"no template '{template}'; {hint}")
    chosen = known[template]
    definitions = load_definitions(project.root)
    segment = segment_of(where) if where else None
    bound, missing = bind(chosen, definitions, uses_of(chosen, use), segment)
    if missing:
        raise UsageError(
            f"template '{template}' needs KPIs that are not defined here:\n"
            + "\n".join(f"  {line}" for line in missing)
            + "\nName your own with --use NODE=KPI, or define them in kpi_definitions/kpis/."
        )
    if segment is not None and all(binding.where != segment for binding in bound.values()):
        raise UsageError(f"--where {where}: none of the template's KPIs has a dimension '{segment[0]}'")
    given, grown = figures_of(chosen, figures), growth_of(growth, chosen)
    span = (fiscal_year, quarter, half)
    text, goal_name = _written(project, definitions, chosen, bound, given, grown, name, span)
    _check(definitions, goal_name, text)
    if only_print:
        click.echo(text, nl=False)
        return
    path = project.definitions / "goals" / f"{goal_name}.yml"
    _require_free(project, definitions, goal_name, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    shown = path.relative_to(project.root).as_posix()
    click.echo(f"Wrote {shown}. Make its figures your own, then: kpi check, kpi run")


def _written(
    project: Project,
    definitions: Definitions,
    template: Template,
    bound: Mapping[str, Binding],
    figures: Mapping[str, str],
    growth: Fraction,
    name: str | None,
    span: tuple[int | None, int | None, int | None],
) -> tuple[str, str]:
    """The goal's text and its name. Raises UsageError where a figure is wanting."""
    from dagster_project.calendar.fiscal import fiscal_period, fiscal_year_of
    from dagster_project.cli.goal_history import history_of, published_as_of
    from dagster_project.cli.goal_options import name_of
    from dagster_project.goals.templates.new import NewGoal
    from dagster_project.kpi.model import Label

    year, quarter, half = span
    as_of = published_as_of(project)
    if year is None:
        if as_of is None:
            raise UsageError("nothing has been published yet: say which year, with --fiscal-year")
        year = fiscal_year_of(as_of, definitions.calendar)
    try:
        period = fiscal_period(definitions.calendar, year, quarter, half)
    except (ValueError, OverflowError) as error:
        raise UsageError(str(error)) from error
    part = f"_q{quarter}" if quarter else f"_h{half}" if half else ""
    keys = f", quarter: {quarter}" if quarter else f", half: {half}" if half else ""
    ja = f"第{quarter}四半期" if quarter else {None: "", 1: "上期", 2: "下期"}[half]
    en = f" Q{quarter}" if quarter else f" H{half}" if half else ""
    history = history_of(project, template, bound, period) if as_of is not None else None
    goal = NewGoal(
        name=name_of(name or f"{template.name}_fy{year}{part}"),
        template=template,
        bound=bound,
        period_yaml=f"{{fiscal_year: {year}{keys}}}",
        period_label=Label(f"{year}年度{ja}", f"FY{year}{en}"),
        growth=growth,
        history=history,
        figures=figures,
        drivers=tuple(
            driver
            for driver in template.spec.drivers
            if any(kpi.name == driver for kpi in definitions.kpis) and driver not in bound
        ),
    )
    if wanting := goal.missing():
        why = (
            "nothing has been published yet"
            if as_of is None
            else "the publication has no such period of them"
        )
        shown = " ".join(f"--set {node}=FIGURE" for node in wanting)
        raise UsageError(f"no figure for {', '.join(wanting)}: {why}. Give it with: {shown}")
    return goal.yaml(), goal.name


def _check(definitions: Definitions, name: str, text: str) -> None:
    """Raises DefinitionError where the goal would not pass `kpi check`."""
    from dagster_project.goals.load import check_goals

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kpi_definitions" / "goals" / f"{name}.yml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        _, issues = check_goals(Path(folder), definitions)
    errors = [issue for issue in issues if issue.level == "error"]
    if errors:
        raise DefinitionError(errors)
    for issue in issues:
        click.echo(str(issue), err=True)


def _require_free(project: Project, definitions: Definitions, name: str, path: Path) -> None:
    """Raises UsageError where a goal of that name is there: nothing of yours is written over."""
    from dagster_project.goals.load import check_goals

    goals, _ = check_goals(project.root, definitions)
    taken = {goal.name: goal.where.file for goal in goals}
    if path.exists() or name in taken:
        where = taken.get(name, path.relative_to(project.root).as_posix())
        number = re.sub(r"_\d+$", "", name)
        raise UsageError(f"goal '{name}' is there already, in {where}; choose another --name, say {number}_2")
