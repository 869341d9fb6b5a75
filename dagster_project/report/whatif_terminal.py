"""A what-if for a person at a terminal."""

from __future__ import annotations

from fractions import Fraction

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagster_project.report.format import clean, format_date, format_target, format_value
from dagster_project.report.terminal import NARROW
from dagster_project.report.whatif_view import WhatIfView, sentences, unit_of
from dagster_project.report.words import word


def print_what_if(view: WhatIfView, language: str, console: Console | None = None) -> None:
    """Print the nodes before and after, what is required, elasticities, and the sentences."""
    console = console or Console(width=None if Console().is_terminal else NARROW)
    console.print(Text(clean(view.goal.label.in_language(language)), style="bold"))
    start = word("from_plan", language)
    if view.as_of is not None:
        start = word("from_pace", language).format(day=format_date(view.as_of, language))
    console.print(Text(start, style="dim"))
    if view.as_of is not None and any(not view.goal.node(one.node).accumulates for one in view.changes):
        console.print(Text(word("days_to_come", language), style="dim"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("before_change", "after_change", "required_figure", "elasticity"):
        table.add_column(word(heading, language), justify="right", no_wrap=True)
    changed = {change.node for change in view.changes}
    outcome = view.outcome
    for node in view.nodes:
        unit = unit_of(node)
        after = outcome.values.get(node.name)
        elasticity = view.elasticities.get(node.name)
        table.add_row(
            Text("  " * node.depth + clean(node.label.in_language(language))),
            format_value(float(outcome.base.whole[node.name]), unit, language),
            Text(_shown(after, unit, language), style="bold" if node.name in changed else ""),
            _target(outcome.required.get(node.name), unit, language),
            "" if elasticity is None else f"{float(elasticity):+.2f}",
        )
    console.print(table)
    for sentence in sentences(view, language):
        console.print(Text(clean(sentence)), soft_wrap=True)


def _shown(value: Fraction | None, unit: str | None, language: str) -> str:
    return format_value(None if value is None else float(value), unit, language)


def _target(value: Fraction | None, unit: str | None, language: str) -> str:
    return "" if value is None else format_target(float(value), unit, language)
