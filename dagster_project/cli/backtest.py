"""`kpi backtest`: how far the forecasts could have been trusted over the company's own history."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.forecast.backtest import Replayed, Scores
    from dagster_project.goals.model import Goal


@click.command()
@click.argument("goal", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables for people.")
@click.pass_obj
def backtest(project: Project, goal: str | None, as_json: bool) -> None:
    """Replay the forecast over past months and quarters, for every goal or for one.

    Reads the last publication. Each period is forecast when a quarter, half and three quarters of it are
    gone, from the days before and no other. Needs more than a year of history. Exit 1 where nothing has
    been published, 2 for a goal that is not defined.

    Example: kpi backtest revenue_fy2026
    """
    replayed = replay_project(project, goal)
    if as_json:
        click.echo(json.dumps(_as_json(replayed), ensure_ascii=False, indent=2))
    else:
        _print(replayed)


def replay_project(project: Project, goal: str | None) -> Replayed:
    """Every task of the goals' nodes. Raises NothingPublished, or UsageError for an unknown goal."""
    import pyarrow.parquet as pq

    from dagster_project.forecast.backtest import replay_series
    from dagster_project.forecast.company_backtest import series_of_goals
    from dagster_project.goals.load import load_goals
    from dagster_project.kpi.load import load_definitions

    definitions = load_definitions(project.root)
    goals = _chosen(load_goals(project.root, definitions), goal)
    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    folder = project.current.resolve()  # once: a publication in between must not mix two
    names = sorted({node.kpi.name for one in goals for node in one.nodes if node.kpi is not None})
    rows = pq.read_table(folder / "kpi_daily.parquet", filters=[("kpi", "in", names)])
    as_of = pq.read_table(folder / "publication.parquet", columns=["as_of"])["as_of"][0].as_py()
    series = series_of_goals(goals, definitions, rows.to_pandas(), as_of)
    return replay_series(series, definitions.calendar)


def _chosen(goals: tuple[Goal, ...], name: str | None) -> tuple[Goal, ...]:
    found = tuple(goal for goal in goals if name is None or goal.name == name)
    if not found:
        known = [goal.name for goal in goals]
        if name is None:
            raise UsageError("no goals are defined: kpi_definitions/goals/ holds none")
        hint = suggest(name, known) or f"known: {', '.join(known) or 'none'}"
        raise UsageError(f"no goal '{name}'; {hint}")
    return found


def _nodes(replayed: Replayed) -> list[tuple[str, str]]:
    """(goal, node), each once."""
    pairs = zip(replayed.forecasts["set"], replayed.forecasts["series"], strict=True)
    return list(dict.fromkeys((str(goal), str(node)) for goal, node in pairs))


def _by_horizon(replayed: Replayed) -> list[tuple[int, int, Scores]]:
    from dagster_project.forecast.backtest import chosen, score
    from dagster_project.forecast.horizons import HORIZONS

    parts = [(low, high, chosen(replayed, horizon=range(low, min(high, 366) + 1))) for low, high in HORIZONS]
    return [(low, high, score(part, middle_only=False)) for low, high, part in parts if len(part.forecasts)]


def _as_json(replayed: Replayed) -> dict[str, Any]:
    from dagster_project.forecast.backtest import chosen, reliability, score

    def figures(scores: Scores) -> dict[str, Any]:
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(scores).items()}

    return {
        "nodes": [
            {"goal": goal, "node": node, **figures(score(chosen(replayed, set=goal, series=node)))}
            for goal, node in _nodes(replayed)
        ],
        "all": figures(score(replayed)),
        "by_days_to_go": [
            {"from": low, "through": high, **figures(scores)} for low, high, scores in _by_horizon(replayed)
        ],
        "reliability": [
            {"stated": row.stated, "came": row.came, "tasks": row.tasks}
            for row in reliability(replayed.chances).itertuples()
            if row.tasks
        ],
    }


def _print(replayed: Replayed) -> None:
    from rich.console import Console
    from rich.text import Text

    from dagster_project.forecast.backtest import chosen, reliability, score

    if replayed.forecasts.empty:
        click.echo("Nothing to replay: a month or quarter after a year of known days is needed.")
        return
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = _table("goal · node")
    for goal, node in _nodes(replayed):
        # Text, not markup: a node called "[red]" is data.
        own = score(chosen(replayed, set=goal, series=node))
        table.add_row(Text(f"{goal} · {node}"), *_cells(own))
    table.add_section()
    table.add_row("all", *_cells(score(replayed)))
    console.print(table)
    table = _table("days to go")
    for low, high, scores in _by_horizon(replayed):
        table.add_row(f"{low}-{high}" if high < 1000 else f"{low} and more", *_cells(scores))
    console.print(table)
    bins = reliability(replayed.chances)
    bins = bins[bins["tasks"] > 0]
    click.echo("Of the targets whose stated probability was about ..., so many came true:")
    for row in bins.itertuples():
        click.echo(f"  {row.stated:6.1%}   {row.came:6.1%}   of {row.tasks}")
    click.echo(
        "error: against run-rate's, below 1 is better (by node: in the middle of periods)\n"
        "80 %, 95 %: how often what came lay inside the interval\n"
        "skill: of the probability, against always saying how often it happens; 1 is perfect, 0 is no use"
    )


def _table(first: str) -> Any:
    from rich.table import Table

    table = Table(first)
    for name in ("tasks", "error", "80 %", "95 %", "Brier", "skill", "calibration"):
        table.add_column(name, justify="right")
    return table


def _cells(scores: Scores) -> tuple[str, ...]:
    shown = [f"{scores.error:.2f}", f"{scores.inside_80:.0%}", f"{scores.inside_95:.0%}"]
    shown += [f"{scores.brier:.3f}", f"{scores.skill:.2f}", f"{scores.calibration:.3f}"]
    return (str(scores.tasks), *("–" if cell.startswith("nan") else cell for cell in shown))
