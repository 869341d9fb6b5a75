"""`kpi diff`: what a change of the definitions does to words, SQL and values, before it is published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from dagster_project.errors import UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.life.changes import Change, compare
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.changes.values import Compared

_WORDS = {
    "added": "is new",
    "removed": "is gone",
    "changed": "is another definition",
    "renamed": "has another name",
    "reworded": "is told in other words",
}


@click.command()
@click.argument("names", nargs=-1, metavar="[KPI]...")
@click.option("--since", metavar="REV", help="A revision of git; default: HEAD.")
@click.option("--published", is_flag=True, help="Compare with the last publication, by its hashes.")
@click.option("--no-values", is_flag=True, help="Compute no values.")
@click.option("--periods", type=click.IntRange(1), default=6, show_default=True, help="How many are shown.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def diff(
    project: Project,
    names: tuple[str, ...],
    since: str | None,
    published: bool,
    no_values: bool,
    periods: int,
    as_json: bool,
) -> None:
    """Show what changed in the definitions, and what it does to SQL and to values.

    Compares with a revision of git, or with the last publication where there is no git. Values are computed
    on the landed data, in memory; nothing is published.
    """
    from dagster_project.changes.revisions import is_tracked

    if published and since:
        raise UsageError("--since and --published are two different things to compare with; name one")
    new = load_definitions(project.root)
    by_publication = published or (since is None and not is_tracked(project))
    if by_publication:
        against, changes, compared = _with_publication(project, new, names, not no_values, periods)
    else:
        against, changes, compared = _with_revision(
            project, new, since or "HEAD", names, not no_values, periods
        )
    if as_json:
        records = [_record(change, compared.get(change.name)) for change in changes]
        click.echo(json.dumps({"against": against, "changes": records}, ensure_ascii=False, default=str))
        return
    for change in changes:
        _print(change, compared.get(change.name), new)
    kinds = [f"{sum(c.kind == kind for c in changes)} {kind}" for kind in _WORDS]
    told = ", ".join(text for text in kinds if not text.startswith("0 ")) or "nothing changed"
    unchanged = len(new.kpis) - sum(change.new_name is not None for change in changes)
    click.echo(f"Against {against}: {told}; {unchanged} as before.")


def _with_revision(
    project: Project, new: Definitions, revision: str, names: Sequence[str], values: bool, periods: int
) -> tuple[str, list[Change], Mapping[str, Compared]]:
    from dagster_project.changes.revisions import definitions_at
    from dagster_project.changes.values import as_of_day, compare_values

    old = definitions_at(project, revision)
    known = {kpi.name for kpi in (*old.kpis, *new.kpis)}
    changes = _chosen(compare(old, new), names, known)
    as_of = as_of_day(project, new) if values and changes else None
    found = compare_values(project, changes, old, new, as_of, periods) if as_of is not None else {}
    return revision, changes, found


def _with_publication(
    project: Project, new: Definitions, names: Sequence[str], values: bool, periods: int
) -> tuple[str, list[Change], Mapping[str, Compared]]:
    from dagster_project.changes.published import compare_published
    from dagster_project.changes.values import Compared, as_of_day, grain_of, new_values, published_values

    found = compare_published(project, new)
    known = {kpi.name for kpi in new.kpis} | {change.name for change in found}
    changes = _chosen(found, names, known)
    as_of = as_of_day(project, new)
    moving = [c for c in changes if c.new_name and c.kind in ("added", "changed")]
    compared: dict[str, Compared] = {}
    if values and as_of is not None and moving:
        grains = {change.name: grain_of(new, change.name) for change in moving}
        left = published_values(project, [(c.old_name, grains[c.name]) for c in moving if c.old_name])
        right = new_values(project, new, [change.name for change in moving], as_of)
        for change in moving:
            grain = grains[change.name]
            before, after = left.get((change.old_name or "", grain), {}), right.get((change.name, grain), {})
            starts = sorted({*before, *after})[-periods:]
            rows = tuple((start, before.get(start), after.get(start)) for start in starts)
            compared[change.name] = Compared(grain, rows, "" if rows else "no rows in the landed data")
    return "the last publication", changes, compared


def _chosen(changes: list[Change], names: Sequence[str], known: set[str]) -> list[Change]:
    for name in names:
        if name not in known:
            hint = suggest(name, known)
            raise UsageError(f"no KPI '{name}'" + (f"; {hint}" if hint else ""))
    return [c for c in changes if not names or c.old_name in names or c.new_name in names]


def _print(change: Change, compared: Compared | None, new: Definitions) -> None:
    place = ""
    if change.new_name is not None:
        where = new.kpi(change.new_name).where
        place = f"  {where.file}:{where.line}"
    renamed = change.old_name and change.new_name and change.old_name != change.new_name
    name = f"{change.old_name} → {change.new_name}" if renamed else change.name
    click.echo(click.style(f"{name} {_WORDS[change.kind]}", bold=True) + place)
    for fact in change.facts:
        click.echo(f"  {fact.what}")
        click.echo(f"    - {fact.old}")
        click.echo(f"    + {fact.new}")
    for source in change.mappings:
        click.echo(f"  the mapping of source {source}")
    if change.kind == "changed":
        for path, lines in change.sql.items():
            click.echo(f"  {path}")
            for line in lines:
                click.echo(f"    {line}")
    if compared is not None and compared.note:
        click.echo(f"  values: {compared.note}")
    elif compared is not None:
        _print_values(compared)
    click.echo("")


def _print_values(compared: Compared) -> None:
    click.echo(f"  {compared.grain:<12}{'old':>18}{'new':>18}{'change':>18}")
    for start, old, new in compared.rows:
        moved = "" if old is None or new is None else _number(new - old, sign=True)
        shown = "all" if start == date(1, 1, 1) else start.isoformat()
        click.echo(f"  {shown:<12}{_number(old):>18}{_number(new):>18}{moved:>18}")


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    if sign and value == 0:
        return "="
    return f"{value:{'+' if sign else ''},.8g}"


def _record(change: Change, compared: Compared | None) -> dict[str, object]:
    rows = compared.rows if compared else ()
    return {
        "kpi": change.name,
        "kind": change.kind,
        "old_name": change.old_name,
        "new_name": change.new_name,
        "facts": [vars(fact) for fact in change.facts],
        "mappings": list(change.mappings),
        "sql": {path: list(lines) for path, lines in change.sql.items()},
        "grain": compared.grain if compared else None,
        "values": [{"period_start": start, "old": old, "new": new} for start, old, new in rows],
        "note": compared.note if compared else "",
    }
