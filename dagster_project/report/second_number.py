"""The tree's second number beside the direct forecast, as a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.report.format import clean, format_value
from dagster_project.report.summary import Node

_REASONS = {
    "agree": ("直接予測と一致しています", "it agrees with the direct forecast"),
    "equation": (
        "これまでの実績でも式と実績が合っていません",
        "the equation does not hold in the data to date either",
    ),
    "driver": (
        "{driver}の予測がこれまでのペースから最も離れています",
        "{driver} departs most from its pace to date",
    ),
    "own_course": (
        "内訳はこれまでのペースで進み、本体の予測だけが離れています",
        "the drivers keep their pace, and its own forecast departs from its",
    ),
}


def second_number(root: Node, language: str) -> str | None:
    """None where the node has no second number."""
    forecast = root.forecast
    if forecast is None or forecast.tree_p50 is None or forecast.tree_reason is None:
        return None
    rule, _, driver = forecast.tree_reason.partition(":")
    if rule not in _REASONS:
        return None
    ja = language == "ja"
    labels = {node.node: node.label for node in _all(root)}
    why = _REASONS[rule][0 if ja else 1].format(driver=clean(labels.get(driver, driver)))
    shown = format_value(forecast.tree_p50, root.unit, language)
    return f"KPIツリーからの着地予測 {shown}: {why}。" if ja else f"By the KPI tree {shown}: {why}."


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)
