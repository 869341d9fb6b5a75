"""A publication in brief, read back from its files: goals with their trees and forecasts, and the marks.

The terminal, `kpi status --json` and the HTML report all show this one reading.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.publish.checks import parquet
from dagster_project.publish.engine import ONE_THREAD, connect
from dagster_project.report.alerts import Alert, read_alerts
from dagster_project.report.forecast_record import Record, read_record
from dagster_project.report.marks import Mark, read_marks
from dagster_project.report.rows import rows
from dagster_project.report.why import read_why
from dagster_project.report.why_sentences import why_sentences

PLAN = "plan"


@dataclass(frozen=True)
class Node:
    """A node of a goal's tree. `target` is the whole period's; `attainment` that of `target_to_date`."""

    node: str
    label: str
    level: str
    kpi: str | None
    unit: str | None
    actual: float | None
    target_to_date: float | None
    target: float | None
    attainment: float | None
    pace: float | None
    required_per_business_day: float | None
    status: str
    status_reason: str | None
    data_status: str
    data_through: date | None
    forecast: Forecast | None
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Forecast:
    """What the period's end is forecast to be; quantiles in the node's unit."""

    p025: float | None
    p10: float | None
    p50: float | None
    p90: float | None
    p975: float | None
    probability: float | None
    status: str
    method: str
    tree_p50: float | None = None
    tree_difference: float | None = None
    tree_reason: str | None = None

    @property
    def is_indicative(self) -> bool:
        """A fallback, for want of what the forecast needs: said wherever the figure stands alone."""
        return self.status not in ("ok", "decided")


@dataclass(frozen=True)
class GoalSummary:
    """A goal: its root node (the KGI with the tree below it) and the nodes that hang on nothing."""

    goal: str
    label: str
    as_of: date
    period_start: date
    period_end: date
    remaining_business_days: int | None
    kgi: Node
    others: tuple[Node, ...]
    why: tuple[str, ...] = ()  # what the gap to the plan comes from, in sentences

    @property
    def landing(self) -> float | None:
        """The KGI's forecast as a share of its target; None without a forecast or a positive target."""
        forecast, target = self.kgi.forecast, self.kgi.target
        if forecast is None or forecast.p50 is None or target is None or target <= 0:
            return None
        return forecast.p50 / target


@dataclass(frozen=True)
class Summary:
    """What a publication says, in one language."""

    publication_id: str
    as_of: date
    published_at: datetime
    project: str
    label: str
    language: str
    timezone: str
    synthetic: bool
    kpis: int
    goals: tuple[GoalSummary, ...]
    marks: tuple[Mark, ...]
    forecast_record: tuple[Record, ...] = ()
    alerts: tuple[Alert, ...] = ()  # those that last, the severest first

    def only(self, goal: str) -> Summary:
        """The same with that goal alone. Raises UsageError, with a suggestion, where there is none."""
        known = [one.goal for one in self.goals]
        if goal not in known:
            hint = suggest(goal, known) or f"known: {', '.join(known) or 'none'}"
            raise UsageError(f"no goal '{goal}' in the publication; {hint}")
        return replace(self, goals=tuple(one for one in self.goals if one.goal == goal))

    def as_json(self) -> dict[str, Any]:
        """Plain values: dates as ISO text, fractions as fractions, missing as null."""
        plain: dict[str, Any] = _plain(asdict(self))
        for goal, written in zip(self.goals, plain["goals"], strict=True):
            written["landing"] = goal.landing
        return plain


def summarize(folder: Path, language: str | None = None) -> Summary:
    """Read the publication in `folder` (a version folder, or outputs/current).

    language: ja or en; the publication's own by default. Raises NothingPublished where there is none.
    """
    # Once: a publication that comes in force while we read must not mix with this one.
    folder = folder.resolve()
    if not (folder / "publication.parquet").is_file():
        raise NothingPublished("Nothing has been published here yet. Make a publication with: kpi run")
    with connect([folder], settings=ONE_THREAD) as connection:
        about = rows(connection, f"select * from {parquet(folder, 'publication')}")[0]
        spoken = language or about["language"]
        kpis = connection.execute(f"select count(*) from {parquet(folder, 'kpi_catalog')}").fetchone()
        return Summary(
            publication_id=about["publication_id"],
            as_of=about["as_of"],
            published_at=about["published_at"],
            project=about["project"],
            label=about[f"label_{spoken}"],
            language=spoken,
            timezone=about["timezone"],
            synthetic=about["synthetic"],
            kpis=kpis[0] if kpis else 0,
            goals=_goals(connection, folder, about["as_of"], spoken),
            marks=read_marks(connection, folder, about["as_of"], spoken),
            forecast_record=read_record(connection, folder),
            alerts=read_alerts(connection, folder, spoken),
        )


def _goals(
    connection: duckdb.DuckDBPyConnection, folder: Path, as_of: date, language: str
) -> tuple[GoalSummary, ...]:
    nodes = rows(
        connection,
        f"""
        select * from {parquet(folder, "kgi_attainment")}
        where as_of = ? and scenario = ?
        -- The goal as a whole; a node that is measured in one segment only has no other row.
        qualify 1 = row_number() over (
            partition by goal, node order by dimension <> 'total', dimension, segment
        )
        order by goal, sort, node
        """,
        [as_of, PLAN],
    )
    forecasts = rows(
        connection,
        f"""
        select * from {parquet(folder, "kgi_forecast")}
        where as_of = ? and scenario = ? and origin <> 'backtest'
        qualify row_number() over (partition by goal, node order by issue desc) = 1
        """,
        [as_of, PLAN],
    )
    labels = rows(
        connection,
        f"""
        select goal, goal_label_ja, goal_label_en from {parquet(folder, "goal_tree")}
        qualify 1 = row_number() over (
            partition by goal order by revision_from <= ? desc, revision desc, sort
        )
        """,
        [as_of],
    )
    by_node = {(row["goal"], row["node"]): _forecast(row) for row in forecasts}
    by_goal = {row["goal"]: row[f"goal_label_{language}"] for row in labels}
    causes = read_why(connection, folder, language)
    goals = []
    for goal in dict.fromkeys(row["goal"] for row in nodes):
        own = [row for row in nodes if row["goal"] == goal]
        trees = _trees(own, by_node, language)
        kgi = next((tree for tree in trees if tree.level == "kgi"), trees[0])
        first = next(row for row in own if row["node"] == kgi.node)
        goals.append(
            GoalSummary(
                goal=goal,
                label=by_goal.get(goal, goal),
                as_of=as_of,
                period_start=first["period_start"],
                period_end=first["period_end"],
                remaining_business_days=first["remaining_business_days"],
                kgi=kgi,
                others=tuple(tree for tree in trees if tree is not kgi),
                why=why_sentences(causes[goal], language) if goal in causes else (),
            )
        )
    catalog = rows(connection, f"select kpi, level from {parquet(folder, 'kpi_catalog')}")
    final = {row["kpi"] for row in catalog if row["level"] == "kgi"}
    return tuple(sorted(goals, key=lambda goal: _weight(goal, final)))


def _weight(goal: GoalSummary, final: set[str]) -> tuple[bool, int, int, str]:
    """The company's final goals before those on a mere KPI or action, then the longest period, then the
    largest tree: the first is its main goal."""
    length = (goal.period_end - goal.period_start).days
    return goal.kgi.kpi not in final, -length, -_size(goal.kgi), goal.goal


def _size(node: Node) -> int:
    return 1 + sum(_size(child) for child in node.children)


def _trees(
    nodes: list[dict[str, Any]], forecasts: dict[tuple[str, str], Forecast], language: str
) -> list[Node]:
    known = {row["node"] for row in nodes}

    def build(row: dict[str, Any], above: frozenset[str]) -> Node:
        below = above | {row["node"]}
        return Node(
            **{name: row[name] for name in _AS_STORED},
            label=row[f"label_{language}"],
            forecast=forecasts.get((row["goal"], row["node"])),
            children=tuple(
                build(child, below)
                for child in nodes
                if child["parent"] == row["node"] and child["node"] not in below
            ),
        )

    return [build(row, frozenset()) for row in nodes if row["parent"] not in known]


_AS_STORED = (
    "node",
    "level",
    "kpi",
    "unit",
    "actual",
    "target_to_date",
    "target",
    "attainment",
    "pace",
    "required_per_business_day",
    "status",
    "status_reason",
    "data_status",
    "data_through",
)


def _forecast(row: dict[str, Any]) -> Forecast:
    names = ["p025", "p10", "p50", "p90", "p975", "probability", "status", "method"]
    names += ["tree_p50", "tree_difference", "tree_reason"]
    return Forecast(**{name: row[name] for name in names})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value.isoformat() if isinstance(value, date) else value
