"""`kpi review`: what a goal's publication says for the people who steer by it, and what they decided."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagster_project.errors import NothingPublished, UsageError
from dagster_project.project import Project

if TYPE_CHECKING:
    from dagster_project.goals.model import Goal
    from dagster_project.goals.review.model import Published, Review
    from dagster_project.kpi.model import Definitions

CADENCES = ("weekly", "monthly", "quarterly")


@click.command()
@click.argument("goal", metavar="GOAL")
@click.option(
    "--cadence",
    type=click.Choice(CADENCES),
    default="monthly",
    show_default=True,
    help="Which period that was last over is looked at: a week, a month or a quarter.",
)
@click.option("--decide", metavar="TEXT", help="Record the review, with what was decided, in state/.")
@click.option("--by", metavar="NAME", help="Who decided; with --decide.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the text.")
@click.pass_obj
def review(
    project: Project, goal: str, cadence: str, decide: str | None, by: str | None, as_json: bool
) -> None:
    """Review a goal: what moved and why, which assumptions hold, what to drop, set anew or revise.

    Reads the publication in force. Exits with 1 where there is none, 2 for an unknown goal, or one whose
    definition the publication does not know yet.
    """
    from dagster_project.goals.review import review as building
    from dagster_project.goals.review.model import as_json as plain

    if by is not None and decide is None:
        raise UsageError("--by says who decided: say what, with --decide TEXT")
    if decide is not None and not decide.strip():
        raise UsageError("--decide wants what was decided, in words")
    definitions, written = _find_goal(project, goal)
    language = definitions.settings.language
    published, told = _read(project, definitions, written)
    is_revised = bool(written.revisions)
    found = building.review(told, published, cadence, is_revised)  # type: ignore[arg-type]
    previous = _last_review(project, goal)
    recorded = _record(project, found, decide.strip(), by) if decide is not None else None
    if as_json:
        shown = dict(previous) | {"findings": None} if previous else None
        answer = plain(found) | {"previous": shown, "recorded": recorded}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=str))
        return
    from dagster_project.report.format import clean
    from dagster_project.report.review_text import ReviewText
    from dagster_project.report.review_words import sentence

    for line in ReviewText(told, found, language, previous).lines():
        click.echo(clean(line))
    if recorded is not None:
        click.echo()
        click.echo(sentence("recorded", language, review=recorded))


def _find_goal(project: Project, name: str) -> tuple[Definitions, Goal]:
    from dagster_project.goals.load import load_goals
    from dagster_project.kpi.issues import suggest
    from dagster_project.kpi.load import load_definitions

    definitions = load_definitions(project.root)
    goals = {goal.name: goal for goal in load_goals(project.root, definitions)}
    if name not in goals:
        hint = suggest(name, goals) or f"known: {', '.join(goals) or 'none'}"
        raise UsageError(f"no goal '{name}' in kpi_definitions/goals; {hint}")
    return definitions, goals[name]


def _read(project: Project, definitions: Definitions, written: Goal) -> tuple[Published, Goal]:
    """The goal's rows of the publication in force, all of one publication, and the goal as it stood then."""
    from dagster_project.goals.frames import as_date
    from dagster_project.goals.review.model import Published
    from dagster_project.goals.tables import goals_in_force, slices_of

    if not project.current.exists():
        raise NothingPublished("nothing has been published yet; make a first publication with: kpi run")
    folder = project.current.resolve()  # once: a publication in between must not mix two
    about = _table(folder, "publication", [])
    own = [("goal", "==", written.name)]
    attained = _table(folder, "kgi_attainment", own)
    as_of = as_date(about["as_of"].iloc[0])
    kpis = [("kpi", "in", sorted({kpi for kpi, _, _ in slices_of([written])}))]
    kpi_period = _table(folder, "kpi_period", kpis)
    (goal,) = goals_in_force([written], definitions, _table(folder, "kpi_daily", kpis), kpi_period, as_of)
    hashes = {
        code
        for code, day in zip(attained["goal_hash"], attained["as_of"], strict=True)
        if as_date(day) == as_of
    }
    if hashes != {goal.goal_hash}:
        raise UsageError(
            f"the publication does not know goal '{goal.name}' as it is defined now; run first: kpi run"
        )
    published = Published(
        publication_id=str(about["publication_id"].iloc[0]),
        as_of=as_of,
        kgi_attainment=attained,
        goal_targets=_table(folder, "goal_targets", own),
        kpi_period=kpi_period,
        assumption_review=_table(folder, "assumption_review", own),
        gap_drivers=_table(folder, "gap_drivers", own),
    )
    return published, goal


def _table(folder: Path, name: str, filters: list[tuple[str, str, Any]]) -> Any:
    import pandas as pd
    import pyarrow.parquet as pq

    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise NothingPublished(f"the publication has no {name}: an earlier version made it; run: kpi run")
    table = pq.read_table(path, filters=filters or None)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def _last_review(project: Project, goal: str) -> Mapping[str, Any] | None:
    """The goal's newest recorded review, its findings parsed."""
    from dagster_project.goals.review.log import read_reviews

    rows = read_reviews(project.state)
    own = rows[rows["goal"] == goal].sort_values("recorded_at").to_dict("records")
    if not own:
        return None
    last = {str(key): value for key, value in own[-1].items()}
    return last | {"findings": json.loads(last["findings"])}


def _record(project: Project, found: Review, decided: str, by: str | None) -> str:
    """Keeps the review in state/; returns its id."""
    from dagster_project.goals.review.log import record
    from dagster_project.goals.review.model import as_json

    now = datetime.now(UTC)
    kgi = found.kgi
    review_id = f"{found.goal}-{now:%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"
    record(
        project.state,
        {
            "review": review_id,
            "goal": found.goal,
            "as_of": found.as_of,
            "cadence": found.cadence,
            "period_start": found.moved.start if found.moved else None,
            "period_end": found.moved.end if found.moved else None,
            "decided": decided,
            "decided_by": by,
            "status": kgi.status if kgi else None,
            "attainment": kgi.attainment if kgi else None,
            "findings": json.dumps(as_json(found), ensure_ascii=False),
            "revision": found.revision,
            "goal_hash": found.goal_hash,
            "publication_id": found.publication_id,
            "recorded_at": now.replace(tzinfo=None),
        },
    )
    return review_id
