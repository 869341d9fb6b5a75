"""`kpi explain`: one KPI from its words to its SQL, its raw files, its readers and its last values."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dagster_project.cli.query import published_values
from dagster_project.errors import NothingPublished, UsageError
from dagster_project.goals.load import load_goals
from dagster_project.goals.model import Goal
from dagster_project.kpi.catalogue.words import Words
from dagster_project.kpi.issues import suggest_kpi
from dagster_project.kpi.life.lineage import Rests, models_of, readers, rests_on
from dagster_project.kpi.life.written import written_at
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions, Grain, Kpi, Source
from dagster_project.project import Project
from dagster_project.valuetests.load import load_tests

SHOWN_VALUES = 6
_OWN = "kpi/"  # the models of a KPI itself; those of entities lie in marts/ and staging/


@click.command()
@click.argument("name")
@click.option("--sql", "whole", is_flag=True, help="Print the SQL of entities and staging, too.")
@click.pass_obj
def explain(project: Project, name: str, whole: bool) -> None:
    """Explain a KPI: definition, words, SQL, lineage to the raw files, readers, last values.

    NAME is a KPI, also by an old name, or GOAL.NODE of a goal's tree. Exit 2 for an unknown name.
    """
    definitions = load_definitions(project.root)
    goals = load_goals(project.root, definitions)
    if "." in name:
        kpi, heading = _of_node(goals, name)
        for line in heading:
            click.echo(line)
    else:
        kpi = _find(definitions, name)
    for title, lines in _sections(project, definitions, goals, kpi, whole):
        shown = list(lines)
        if shown:
            click.echo(click.style(title, bold=True))
            for line in shown:
                click.echo(f"  {line}" if line else "")


def _find(definitions: Definitions, name: str) -> Kpi:
    known = {kpi.name: kpi for kpi in definitions.kpis}
    for kpi in known.values():
        if name == kpi.name:
            return kpi
        if name in kpi.formerly:
            click.echo(f"'{name}' is called '{kpi.name}' now.", err=True)
            return kpi
    hint = suggest_kpi(name, {other: kpi.formerly for other, kpi in known.items()})
    raise UsageError(f"no KPI '{name}'" + (f"; {hint}" if hint else ""))


def _of_node(goals: tuple[Goal, ...], name: str) -> tuple[Kpi, list[str]]:
    goal_name, _, node_name = name.partition(".")
    goal = next((goal for goal in goals if goal.name == goal_name), None)
    if goal is None:
        hint = suggest_kpi(goal_name, {goal.name: () for goal in goals})
        raise UsageError(f"no goal '{goal_name}'" + (f"; {hint}" if hint else ""))
    node = next((node for node in goal.nodes if node.name == node_name), None)
    if node is None or node.kpi is None:
        names = [node.name for node in goal.nodes if node.kpi is not None]
        hint = suggest_kpi(node_name, {known: () for known in names}) or f"it has {', '.join(names)}"
        raise UsageError(f"goal '{goal_name}' has no node '{node_name}' with a KPI; {hint}")
    target = goal.targets.get("plan", {}).get(node.name)
    slice_ = "total" if node.dimension == "total" else f"{node.dimension} {node.segment}"
    lines = [
        f"{goal.name}.{node.name}: {node.label.en} / {node.label.ja}",
        f"  {node.level}, {node.role}" + (f" of {node.parent}" if node.parent else "") + f"; at {slice_}",
        f"  from {goal.period.start} to {goal.period.end}"
        + (f", target {float(target):,.10g} ({node.origin})" if target is not None else ", without a target"),
    ]
    lines += [f"  {node.equation}"] if node.equation else []
    lines += [f"  target from: {node.derived_by}"] if node.derived_by else []
    return node.kpi, [*lines, ""]


def _sections(
    project: Project, definitions: Definitions, goals: tuple[Goal, ...], kpi: Kpi, whole: bool
) -> Iterator[tuple[str, list[str]]]:
    words = Words(definitions, definitions.settings.language)
    label = kpi.label.in_language(definitions.settings.language)
    description = kpi.description.in_language(definitions.settings.language)
    life = [f"formerly {', '.join(kpi.formerly)}"] if kpi.formerly else []
    life += [f"valid from {kpi.valid_from}"] if kpi.valid_from else []
    life += [f"retired on {kpi.retired_on}"] if kpi.retired_on else []
    facts = [f"{kpi.type}, {kpi.unit}, {kpi.level}", f"owner {kpi.owner}" if kpi.owner else "no owner", *life]
    yield (
        f"{kpi.name}: {label}",
        [
            words.kpi(kpi),
            *([description] if description else []),
            f"by {words.dates(kpi)}",
            "; ".join(facts),
            "",
        ],
    )
    where = f"{kpi.where.file}:{kpi.where.line}"
    yield f"Definition, {where} (hash {kpi.definition_hash})", _lines(written_at(project.root, kpi.where))
    for path, text in models_of(definitions, kpi).items():
        if whole or path.startswith(_OWN):
            yield f"SQL, {path}", _lines(text)
    yield "Lineage", _lineage(project, definitions, kpi)
    yield "Read by", _read_by(project, definitions, goals, kpi)
    yield from _values(project, kpi)


def _lines(text: str) -> list[str]:
    return [*text.rstrip("\n").splitlines(), ""]


def _lineage(project: Project, definitions: Definitions, kpi: Kpi) -> list[str]:
    lines = []
    sources: dict[str, None] = {}
    for found in rests_on(definitions, kpi):
        lines.append(_entity_line(found))
        sources.update(dict.fromkeys([*found.sources, *found.knows]))
    for name in sources:
        lines += _files(project, definitions, definitions.source(name))
    return [*lines, ""]


def _entity_line(found: Rests) -> str:
    entity = found.entity
    made = [f"model {entity.model}"] if entity.model else []
    made += [f"entity {name}" for name in found.reads] + [f"source {name}" for name in found.sources]
    return f"entity {entity.name} ({entity.where.file}:{entity.where.line}) from {', '.join(made)}"


def _files(project: Project, definitions: Definitions, source: Source) -> Iterator[str]:
    """The source, its files in force, and the newest of them."""
    from dagster_project.landing.active import newness
    from dagster_project.landing.expose import in_force

    yield f"source {source.name} ({source.where.file}:{source.where.line}), files {source.files}"
    if not project.landing.is_dir():
        yield "    nothing has been landed yet"
        return
    [state] = in_force(project.landing, [source], definitions.calendar)
    entries = sorted((use.entry for use in state.uses), key=newness)
    if not entries:
        yield "    no file in force"
    else:
        newest = entries[-1]
        version = f"of {newest.version}" if newest.version else f"arrived {newest.arrived_at:%Y-%m-%d %H:%M}"
        files = "1 file" if len(entries) == 1 else f"{len(entries)} files"
        yield f"    {files} in force, the newest: {newest.path} ({version}, {newest.rows:,} rows)"
    for entry, reason in state.held:
        yield f"    held: {entry.path}: {reason}"


def _read_by(project: Project, definitions: Definitions, goals: tuple[Goal, ...], kpi: Kpi) -> list[str]:
    lines = [
        f"KPI {other.name} ({other.where.file}:{other.where.line})" for other in readers(definitions, kpi)
    ]
    for goal in goals:
        nodes = [node.name for node in goal.nodes if node.kpi is not None and node.kpi.name == kpi.name]
        lines += [f"goal {goal.name}, node {name} ({goal.where.file})" for name in nodes]
    for test in load_tests(project.root, definitions):
        if kpi.name in test.kpis:
            lines.append(f"value test {test.name} ({test.where.file}:{test.where.line})")
    return [*(lines or ["nothing"]), ""]


def _values(project: Project, kpi: Kpi) -> Iterator[tuple[str, list[str]]]:
    grain: Grain = "month" if "month" in kpi.grains else kpi.grains[-1]
    try:
        rows = published_values(project, (kpi.name,), grain, None, None, None)
    except (NothingPublished, UsageError):
        yield "Values", ["none published yet; kpi run publishes"]
        return
    lines = []
    for period, _, _, _, value, unit, status, reason, _ in rows[-SHOWN_VALUES:]:
        shown = "-" if value is None else f"{value:,.10g}"
        lines.append(f"{period}  {shown:>18}  {unit}  {status}" + (f" ({reason})" if reason else ""))
    yield f"Values, the last by {grain}", lines or ["no rows"]
