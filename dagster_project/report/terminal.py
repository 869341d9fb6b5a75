"""The summary of a publication for a person at a terminal, or in a log."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagster_project.report.forecast_record import record_sentences
from dagster_project.report.format import (
    clean,
    format_date,
    format_pace,
    format_probability,
    format_share,
    format_target,
    format_value,
)
from dagster_project.report.second_number import second_number
from dagster_project.report.sentences import headline, mark_sentence
from dagster_project.report.summary import GoalSummary, Node, Summary
from dagster_project.report.words import SIGNS, word

STYLES = {
    "attained": "green",
    "on_track": "green",
    "at_risk": "yellow",
    "behind": "red",
    "missed": "red",
}
NARROW = 100  # a log, or output to a file, has no width of its own


def print_summary(summary: Summary, console: Console | None = None) -> None:
    """Print the company's main goal with its tree and forecast, each other goal on a line, then the marks.

    Text of the data is shown as text only.
    """
    console = console or Console(width=None if Console().is_terminal else NARROW)
    language = summary.language
    line = Text(clean(summary.label), style="bold")
    line.append(f"  {word('data_date', language)} {format_date(summary.as_of, language)}", style="dim")
    if summary.synthetic:
        line.append(f"  [{word('synthetic', language)}]", style="magenta")
    console.print(line)
    if not summary.goals:
        console.print(Text(word("no_goals", language), style="dim"))
    for goal in summary.goals[:1]:
        _print_goal(goal, language, console)
    if len(summary.goals) > 1:
        _print_others(summary.goals[1:], language, console)
    _print_marks(summary, console)


def _print_goal(goal: GoalSummary, language: str, console: Console) -> None:
    console.print()
    console.print(Text(clean(goal.label), style="bold"))
    console.print(Text(clean(headline(goal, language))))
    forecast = goal.kgi.forecast
    if forecast is not None and forecast.p50 is not None:
        unit = goal.kgi.unit
        low, high = format_value(forecast.p10, unit, language), format_value(forecast.p90, unit, language)
        parts = [
            f"{word('forecast', language)} {format_value(forecast.p50, unit, language)}",
            f"{word('interval', language)} {low} – {high}",
            f"{word('probability', language)} {format_probability(forecast.probability, language)}",
        ]
        if goal.kgi.required_per_business_day is not None:
            required = format_pace(goal.kgi.required_per_business_day, unit, language)
            parts.append(f"{word('required', language)} {word('per_business_day', language)} {required}")
        console.print(Text("  ".join(parts), style="dim"))
        if second := second_number(goal.kgi, language):
            console.print(Text(second, style="dim"), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("actual", "target_to_date", "attainment", "target_period"):
        table.add_column(word(heading, language), justify="right", no_wrap=True)
    table.add_column(word("status", language), no_wrap=True)
    for node, branch in _lines(goal):
        table.add_row(
            Text(branch + clean(node.label)),
            format_value(node.actual, node.unit, language),
            format_target(node.target_to_date, node.unit, language),
            format_share(node.attainment),
            format_target(node.target, node.unit, language),
            _status(node, language),
        )
    console.print(table)
    for sentence in goal.why:
        console.print(Text(clean(sentence)), soft_wrap=True)


def _print_others(goals: tuple[GoalSummary, ...], language: str, console: Console) -> None:
    console.print()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(word("other_goals", language))
    for heading in ("actual", "target_to_date", "attainment", "probability"):
        table.add_column(word(heading, language), justify="right", no_wrap=True)
    table.add_column(word("status", language), no_wrap=True)
    for goal in goals:
        kgi = goal.kgi
        table.add_row(
            Text(clean(goal.label)),
            format_value(kgi.actual, kgi.unit, language),
            format_target(kgi.target_to_date, kgi.unit, language),
            format_share(kgi.attainment),
            format_probability(kgi.forecast.probability if kgi.forecast else None, language),
            _status(kgi, language),
        )
    console.print(table)
    names = ", ".join(clean(goal.goal) for goal in goals)
    console.print(Text(f"{word('one_goal', language)} kpi status GOAL ({names})", style="dim"))


def _status(node: Node, language: str) -> Text:
    shown = Text(
        f"{SIGNS.get(node.status, '')} {word(node.status, language)}", STYLES.get(node.status, "dim")
    )
    reason = node.status_reason or (node.data_status if node.data_status != "final" else None)
    if reason and reason != node.status:
        shown.append(f" {word(clean(reason), language)}", style="dim")
    return shown


def _lines(goal: GoalSummary) -> Iterator[tuple[Node, str]]:
    for root in (goal.kgi, *goal.others):
        yield root, ""
        yield from _below(root, "")


def _below(node: Node, indent: str) -> Iterator[tuple[Node, str]]:
    for child in node.children:
        last = child is node.children[-1]
        yield child, indent + ("└ " if last else "├ ")
        yield from _below(child, indent + ("  " if last else "│ "))


def _print_marks(summary: Summary, console: Console) -> None:
    console.print()
    if not summary.marks:
        console.print(Text(word("no_alerts", summary.language), style="green"))
    for mark in summary.marks:
        style = "dim" if mark.kind == "provisional" else "yellow"
        console.print(Text(f"! {clean(mark_sentence(mark, summary.language))}", style=style))
    for alert in summary.alerts:
        if alert.goal is not None:
            style = "red" if alert.severity == "high" else "yellow"
            console.print(Text(f"! {clean(alert.sentence)}", style=style), soft_wrap=True)
    for sentence in record_sentences(summary.forecast_record, summary.language):
        console.print(Text(sentence, style="dim"), soft_wrap=True)
