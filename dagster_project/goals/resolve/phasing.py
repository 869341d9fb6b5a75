"""`phasing:` looked up against the period: a share for each of its months."""

from __future__ import annotations

from fractions import Fraction

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.model import Phasing
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.goals.targets.phasing import months_of
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.text import Quantity


def resolve_phasing(
    written: Written[GoalSpec], period: Period, kgi_target: Fraction | None
) -> tuple[Phasing, list[Issue]]:
    """The phasing, and what is wrong with it.

    Percentages of months must come to 100 %. Figures are proportions; that they do not come to the KGI's
    target, though they are of its size, is a warning: a month may be missing or mistyped.
    """
    spec = written.spec.phasing
    if spec.like is not None:
        return Phasing("last_year", spec.else_), []
    if spec.monthly is None:
        return Phasing("days", spec.days or "calendar_days"), []
    if not spec.figures:
        return Phasing("months", spec.within), []
    shares, issues = _shares(written, spec.figures, period, kgi_target)
    return Phasing("months", spec.within, shares), issues


def _shares(
    written: Written[GoalSpec], figures: list[Quantity], period: Period, kgi_target: Fraction | None
) -> tuple[tuple[Fraction, ...], list[Issue]]:
    place = ("phasing", "monthly")
    months = [f"{year}-{month:02}" for year, month in months_of(period)]
    total = sum((figure.value for figure in figures), Fraction(0))
    if len(figures) != len(months):
        span = f"{months[0]} to {months[-1]}" if len(months) > 1 else months[0]
        message = f"'monthly': {len(figures)} figures for {len(months)} months ({span})"
        return (), [written.issue(place, message, "write one for each month, 0 where nothing is due")]
    if len({figure.form for figure in figures}) > 1:
        return (), [
            written.issue(place, "'monthly': shares and figures in one list", "write one or the other")
        ]
    if total == 0:
        return (), [written.issue(place, "'monthly': all months are 0", "write monthly: even")]
    shares = tuple(figure.value / total for figure in figures)
    if figures[0].form == "percent" and total != 1:
        message = f"'monthly': the shares come to {show(total * 100)} %, not 100 %"
        return shares, [written.issue(place, message)]
    if figures[0].form == "percent" or not kgi_target or total == kgi_target:
        return shares, []
    if Fraction(1, 2) <= total / kgi_target <= 2:
        message = (
            f"'monthly': the figures come to {show(total)}, not to the target {show(kgi_target)}; "
            "they are taken as proportions"
        )
        return shares, [written.issue(place, message, "correct a month, or the target", "warning")]
    return shares, []
