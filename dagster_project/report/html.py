"""The report: one HTML file for managers, without scripts, addresses or anything to load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jinja2
from markupsafe import Markup

from dagster_project.publish.checks import parquet
from dagster_project.publish.engine import ONE_THREAD, connect
from dagster_project.report import charts, format, tree_layout, waterfall, why, words
from dagster_project.report.actions import ActionRow, read_actions
from dagster_project.report.fan import fan
from dagster_project.report.forecast_record import record_sentences
from dagster_project.report.kpi_table import kpi_table
from dagster_project.report.rows import rows
from dagster_project.report.second_number import second_number
from dagster_project.report.sentences import headline, mark_sentence, period_word
from dagster_project.report.summary import GoalSummary, Node, Summary, summarize
from dagster_project.report.why_sentences import (
    bottleneck_sentence,
    format_rate,
    gap_sentence,
    through_note,
)

FILE = "report.html"
TEMPLATES = Path(__file__).with_name("templates")
QUARANTINE_SHOWN = 20
ALERTS_SHOWN = 12


@dataclass(frozen=True)
class ProgressRow:
    """A line of the progress table. `depth`: how far it is indented."""

    node: Node
    depth: int
    bullet: charts.Bullet | None


@dataclass(frozen=True)
class WhyView:
    """Why the goal stands where it does: sentences, the gap drawn, the funnel. `note`: the day of the cut."""

    sentences: tuple[str, ...]
    note: str
    gap: waterfall.Waterfall | None
    gap_label: str
    funnel: tuple[why.Step, ...]


@dataclass(frozen=True)
class GoalView:
    """A goal as the template shows it. `fan` is SVG of ours; an empty one says there is no path."""

    goal: GoalSummary
    headline: str
    period: str
    tree: tree_layout.Layout
    why: WhyView | None
    fan: Markup
    progress: tuple[ProgressRow, ...]
    others: tuple[ProgressRow, ...]
    actions: tuple[ActionRow, ...]
    second_number: str | None


def write_report(folder: Path, language: str | None = None, compiled: Path | None = None) -> Path:
    """Write report.html into the publication in `folder`, from its Parquet files; returns its path.

    language: ja or en; the publication's own by default. compiled: a disposable folder for the template's
    byte code, so that it is not compiled each night.
    """
    path = folder / FILE
    path.write_text(render(folder, language, compiled), encoding="utf-8")
    return path


def render(folder: Path, language: str | None = None, compiled: Path | None = None) -> str:
    """The report of the publication in `folder` as HTML."""
    folder = folder.resolve()
    summary = summarize(folder, language)
    spoken = summary.language
    with connect([folder], settings=ONE_THREAD) as connection:
        causes = why.read_why(connection, folder, spoken)
        done = read_actions(connection, folder, summary.as_of, spoken)
        goals = [
            _goal_view(connection, folder, goal, causes.get(goal.goal), done.get(goal.goal, ()), summary)
            for goal in summary.goals
        ]
        context = {
            "summary": summary,
            "goals": goals,
            "notices": [(mark, mark_sentence(mark, spoken)) for mark in summary.marks],
            "alerts": summary.alerts[:ALERTS_SHOWN],
            "record": record_sentences(summary.forecast_record, spoken),
            "kpis": kpi_table(connection, folder, summary.as_of, spoken),
            "sources": rows(
                connection, f"select * from {parquet(folder, 'source_freshness')} order by source"
            ),
            "held": rows(
                connection,
                f"select * from {parquet(folder, 'pipeline_runs')} "
                "where status = 'held' order by source, file",
            ),
            "quarantine": rows(
                connection,
                f"select * from {parquet(folder, 'quarantine')} "
                f"order by source, file, line, column_name limit {QUARANTINE_SHOWN}",
            ),
            "published_at": _local(summary),
        }
    return _environment(spoken, compiled).get_template("report.html.j2").render(**context)


def _environment(language: str, compiled: Path | None) -> jinja2.Environment:
    if compiled is not None:
        compiled.mkdir(parents=True, exist_ok=True)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,  # by name it would be off: the template ends in .j2
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_invisible,
        bytecode_cache=None if compiled is None else jinja2.FileSystemBytecodeCache(str(compiled)),
    )
    environment.globals.update(
        lang=language,
        w=lambda key: words.word(key, language),
        signs=words.SIGNS,
        value=lambda amount, unit, reason=None: format.format_value(amount, unit, language, reason),
        target=lambda amount, unit: format.format_target(amount, unit, language),
        pace=lambda amount, unit: format.format_pace(amount, unit, language),
        share=format.format_share,
        rate=format_rate,
        chance=lambda probability: format.format_probability(probability, language),
        day=lambda when: format.format_date(when, language),
        month=lambda when: format.format_month(when, language),
        shorten=tree_layout.shorten,
        box=tree_layout,
    )
    return environment


def _without_invisible(shown: Any) -> Any:
    """Text of the data loses control and bidirectional characters; markup of ours is left as it is."""
    return format.clean(shown) if isinstance(shown, str) and not isinstance(shown, Markup) else shown


def _goal_view(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    goal: GoalSummary,
    causes: why.Why | None,
    actions: tuple[ActionRow, ...],
    summary: Summary,
) -> GoalView:
    path = rows(
        connection,
        f"""
        select * from {parquet(folder, "kgi_forecast_path")}
        where as_of = ? and goal = ? and node = ?
        qualify issue = max(issue) over ()
        order by date
        """,
        [goal.as_of, goal.goal, goal.kgi.node],
    )
    language = summary.language
    return GoalView(
        goal=goal,
        headline=headline(goal, language),
        period=period_word(goal.period_start, goal.period_end, language),
        tree=tree_layout.lay_out(goal.kgi),
        why=_why_view(causes, language) if causes is not None else None,
        # It escapes its texts; nothing else is taken as markup.
        fan=Markup(fan(path, goal.kgi.unit, goal.as_of, language)),
        progress=tuple(_progress(goal.kgi, 0)),
        others=tuple(row for node in goal.others for row in _progress(node, 0)),
        actions=actions,
        second_number=second_number(goal.kgi, language),
    )


def _why_view(causes: why.Why, language: str) -> WhyView | None:
    """None where no equation explains the goal, and no volume of its funnel leads to another.

    Of the funnel a person needs the volumes with the rates between them, and what is watched beside the tree;
    the tree's rates and amounts stand above.
    """
    gaps = [gap for versus in ("plan", "last_year") if (gap := causes.gaps.get(versus)) is not None]
    explained = [gap for gap in gaps if gap.is_explained]
    if not explained and not causes.has_steps:
        return None
    told = [gap_sentence(causes, gap, language) for gap in gaps]
    narrow = bottleneck_sentence(causes, language)
    drawn = explained[0] if explained else None
    return WhyView(
        sentences=(*told, *([narrow] if narrow else [])),
        note=through_note(drawn, language) if drawn else "",
        gap=waterfall.waterfall(drawn, language, causes.less_is_better) if drawn else None,
        gap_label=words.word(f"gap_to_{drawn.versus}", language) if drawn else "",
        funnel=tuple(step for step in causes.funnel if step.is_volume or step.kgi_effect is None)
        if causes.has_steps
        else (),
    )


def _progress(node: Node, depth: int) -> Iterator[ProgressRow]:
    ahead = node.forecast.p50 if node.forecast else None
    drawn = charts.bullet(node.actual, node.target_to_date, node.target, ahead)
    yield ProgressRow(node, depth, drawn)
    for child in node.children:
        yield from _progress(child, depth + 1)


def _local(summary: Summary) -> str:
    when = summary.published_at.replace(tzinfo=UTC).astimezone(ZoneInfo(summary.timezone))
    return f"{format.format_date(when.date(), summary.language)} {when:%H:%M}"
