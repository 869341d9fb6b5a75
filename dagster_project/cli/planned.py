"""A goal's newest plan, with what the publication in force knows of its data."""

from __future__ import annotations

from datetime import date

from dagster_project.goals.model import Goal
from dagster_project.goals.plan.evidence import Evidence, read_evidence
from dagster_project.goals.targets.versions import Planner, Version
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project


def plans_of(
    project: Project, definitions: Definitions, goal: Goal
) -> tuple[tuple[Version, ...], Evidence | None]:
    """(the plan as first made, and each revision; what the publication says of its targets).

    What rests on data (a year before, what had come when a revision began) is read from the publication;
    without one it stays unknown, and the evidence is None.
    """
    if not project.current.exists():
        from dagster_project.calendar.business import BusinessCalendar
        from dagster_project.goals.targets.paths import Shapes

        shapes = Shapes(BusinessCalendar(definitions.calendar), {})
        return Planner(shapes, {}, date.min).versions(goal), None
    import pyarrow.parquet as pq

    from dagster_project.goals.tables import planner_of, slices_of

    kpis = sorted({kpi for kpi, _, _ in slices_of([goal])})
    folder = project.current.resolve()  # once: a publication in between must not mix two
    daily, period = (
        pq.read_table(folder / f"{name}.parquet", filters=[("kpi", "in", kpis)]).to_pandas()
        for name in ("kpi_daily", "kpi_period")
    )
    as_of = pq.read_table(folder / "publication.parquet", columns=["as_of"])["as_of"][0].as_py()
    freshness = pq.read_table(folder / "source_freshness.parquet").to_pandas()
    versions = planner_of([goal], definitions, daily, period, as_of).versions(goal)
    return versions, read_evidence(versions[-1].goal, definitions, period, freshness)
