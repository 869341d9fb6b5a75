"""`kpi explain-gap`: why a goal stands where it does, as published."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.kpi.issues import suggest
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.report.why import Gap, Why

LANGUAGES = ("ja", "en")


@click.command("explain-gap")
@click.argument("goal")
@click.option(
    "--versus",
    type=click.Choice(["plan", "last_year"]),
    default="plan",
    show_default=True,
    help="What the KGI is compared with: what is due by now, or the same days of the year before.",
)
@click.option("--by", metavar="DIMENSION", help="Explain the gap of each segment of it, too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def explain_gap(project: Project, goal: str, versus: str, by: str | None, as_json: bool) -> None:
    """Tell what a goal's gap to plan or last year comes from, leaf by leaf, and where its funnel is narrow.

    The contributions add up to the gap exactly. Exit 1 where nothing has been published, 2 for an unknown
    goal or dimension.

    Example: kpi explain-gap revenue_fy2026 --versus last_year --by team
    """
    found, as_of, language = published_why(project, goal)
    why = found[language]
    gap = why.gaps.get(versus)
    segments = _segments(why, versus, by) if by is not None else ()
    if as_json:
        click.echo(json.dumps(_plain(found, language, as_of, versus, by, segments), ensure_ascii=False))
        return
    from dagster_project.report.why_terminal import print_why

    print_why(why, versus, gap, by, segments, language)


def published_why(project: Project, goal: str) -> tuple[dict[str, Why], date, str]:
    """What the publication in force says of the goal, in ja and en, its as-of date, its reports' language.

    Raises NothingPublished, or UsageError for a goal that is not in it.
    """
    from dagster_project.publish.checks import parquet
    from dagster_project.publish.engine import connect
    from dagster_project.report.rows import rows
    from dagster_project.report.why import read_why

    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    folder = project.current.resolve()  # once: a publication in between must not mix two
    with connect([folder]) as connection:
        about = rows(connection, f"select as_of, language from {parquet(folder, 'publication')}")[0]
        found = {language: read_why(connection, folder, language) for language in LANGUAGES}
    known = found[about["language"]]
    if goal not in known:
        hint = suggest(goal, known) or f"known: {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"no goal '{goal}' in the publication; {hint}")
    return {language: own[goal] for language, own in found.items()}, about["as_of"], about["language"]


def _segments(why: Why, versus: str, by: str) -> tuple[Gap, ...]:
    known = sorted(dimension for own, dimension in why.segments if own == versus)
    if by in known:
        return why.segments[versus, by]
    hint = suggest(by, known) or f"known: {', '.join(known) or 'none'}"
    if versus == "plan" and not known:
        hint = "targets by segment are not given in the goal; try --versus last_year"
    raise UsageError(f"'{why.goal}' can't be explained by '{by}' against {versus.replace('_', ' ')}; {hint}")


def _plain(
    found: dict[str, Why], language: str, as_of: date, versus: str, by: str | None, segments: tuple[Gap, ...]
) -> dict[str, Any]:
    from dagster_project.report.why_sentences import bottleneck_sentence, gap_sentence

    why = found[language]
    gap, narrow = why.gaps.get(versus), why.bottleneck
    return {
        "goal": why.goal,
        "label": why.label,
        "as_of": as_of.isoformat(),
        "versus": versus,
        "kgi": why.kgi,
        **(_gap(gap) if gap is not None else {"gap": None, "drivers": [], "nodes": []}),
        "sentence": {
            spoken: gap_sentence(own, own.gaps[versus], spoken) for spoken, own in found.items() if gap
        },
        "by": by,
        "segments": [{"segment": own.segment, "label": own.label, **_gap(own)} for own in segments],
        "funnel": {
            stage: [asdict(step) for step in why.funnel if step.stage == stage]
            for stage in ("top", "middle", "bottom")
        },
        "bottleneck": narrow.node if narrow is not None else None,
        "bottleneck_sentence": {spoken: bottleneck_sentence(own, spoken) for spoken, own in found.items()},
        "checks": [{name: row[name] for name in _CHECK} for row in why.checks],
    }


_CHECK = (
    "equation", "node", "status", "left_value", "right_value", "difference", "likely_reason", "other_reasons",
    "lacking", "implied_node", "measured", "implied",
)  # fmt: skip


def _gap(gap: Gap) -> dict[str, Any]:
    leaves = {driver.driver for driver in gap.drivers}
    return {
        "unit": gap.unit,
        "through": gap.through.isoformat() if gap.through else None,
        "before": gap.before,
        "after": gap.after,
        "gap": gap.gap,
        "drivers": [asdict(driver) for driver in gap.drivers],
        "nodes": [
            {"node": node, "contribution": value, "is_leaf": node in leaves}
            for node, value in gap.nodes.items()
        ],
    }
