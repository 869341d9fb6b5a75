"""Why a goal stands where it does, for a person at a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagster_project.report.format import clean, format_value
from dagster_project.report.marks import mismatch
from dagster_project.report.terminal import NARROW
from dagster_project.report.why import RESIDUAL, Gap, Step, Why
from dagster_project.report.why_sentences import (
    bottleneck_sentence,
    format_rate,
    gap_sentence,
    signed,
    through_note,
)
from dagster_project.report.words import word


def print_why(
    why: Why,
    versus: str,
    gap: Gap | None,
    by: str | None,
    segments: tuple[Gap, ...],
    language: str,
    console: Console | None = None,
) -> None:
    """Print the gap with its drivers, of segments too, the funnel, and equations that don't hold."""
    console = console or Console(width=None if Console().is_terminal else NARROW)
    console.print(Text(clean(why.label), style="bold"))
    if gap is None:
        console.print(Text(word(f"no_gap_{versus}", language), style="dim"))
    else:
        console.print(Text(clean(gap_sentence(why, gap, language))), soft_wrap=True)
        console.print(Text(through_note(gap, language), style="dim"))
        console.print(_drivers(gap, language))
    for segment in segments:
        console.print(Text(f"{clean(by or '')}: {clean(segment.label)}", style="bold"))
        console.print(_drivers(segment, language))
    if why.has_steps:
        console.print()
        console.print(_funnel(why.funnel, language))
    if sentence := bottleneck_sentence(why, language):
        console.print(Text(clean(sentence)), soft_wrap=True)
    for row in why.checks:
        if row["status"] == "mismatch":
            console.print(Text(f"! {clean(mismatch(row, language))}", style="yellow"), soft_wrap=True)
        elif row["status"] == "unknown":
            text = f"{row['equation']}: {word('unchecked', language)} {row['lacking'] or ''}"
            console.print(Text(f"- {clean(text)}", style="dim"))


def _table(first: str, headings: list[str], language: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(word(first, language) if first else "", no_wrap=True)
    for heading in headings:
        table.add_column(word(heading, language), justify="right", no_wrap=True)
    return table


def _drivers(gap: Gap, language: str) -> Table:
    table = _table("driver", [gap.versus, "actual", "contribution"], language)
    for driver in gap.drivers:
        nothing = signed(driver.contribution, gap.unit, language) == signed(0.0, gap.unit, language)
        if nothing and (driver.driver == RESIDUAL or not (driver.before or driver.after)):
            continue
        named = clean(driver.label) + (
            f" ({word('implied', language)})" if driver.measured is not None else ""
        )
        table.add_row(
            Text(named),
            format_value(driver.before, driver.unit, language) if driver.driver != RESIDUAL else "",
            format_value(driver.after, driver.unit, language) if driver.driver != RESIDUAL else "",
            _coloured(driver.contribution, gap.unit, language),
        )
    table.add_section()
    table.add_row(
        Text(word("gap", language), style="bold"),
        format_value(gap.before, gap.unit, language),
        format_value(gap.after, gap.unit, language),
        _coloured(gap.gap, gap.unit, language),
    )
    return table


def _coloured(value: float, unit: str | None, language: str) -> Text:
    return Text(signed(value, unit, language), style="red" if value < 0 else "green" if value > 0 else "")


def _funnel(steps: tuple[Step, ...], language: str) -> Table:
    table = _table("funnel", ["actual", "plan", "last_year", "step_rate", "plan", "last_year"], language)
    shown = ""
    for step in steps:
        stage = word(step.stage, language) if step.stage != shown else ""
        shown = step.stage
        label = Text(f"{stage:　<4}" if language == "ja" else f"{stage:<7}", style="dim")
        label.append(clean(step.label), style="bold red" if step.is_bottleneck else "not dim")
        values = [
            format_value(value, step.unit, language) for value in (step.actual, step.plan, step.last_year)
        ]
        rates = (step.step_rate, step.step_rate_plan, step.step_rate_last_year)
        table.add_row(label, *values, *(format_rate(rate) if step.previous_node else "" for rate in rates))
    return table
