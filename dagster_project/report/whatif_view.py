"""A what-if as JSON and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from dagster_project.goals.model import Goal, Node
from dagster_project.goals.whatif.sensitivity import SingleChange, is_reached
from dagster_project.goals.whatif.whatif import Change, Outcome
from dagster_project.report.format import format_target, format_value


@dataclass(frozen=True)
class WhatIfView:
    """What was tried, and what came of it. as_of: the day that the base knows; None for the plan."""

    goal: Goal
    as_of: date | None
    changes: tuple[Change, ...]
    outcome: Outcome
    elasticities: Mapping[str, Fraction]
    singles: tuple[SingleChange, ...]

    @property
    def best(self) -> SingleChange | None:
        """The single change that closes the gap with the least relative effort."""
        return next((single for single in self.singles if single.is_possible), None)

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(node for node in self.goal.tree if node.name in self.outcome.base.whole)

    def as_json(self) -> dict[str, Any]:
        """Plain values; fractions as doubles, missing as null."""
        outcome = self.outcome
        changed = {change.node: change.text for change in self.changes}
        return {
            "goal": self.goal.name,
            "from": outcome.base.kind,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "kgi": self.goal.kgi.name,
            "unit": unit_of(self.goal.kgi),
            "target": _double(outcome.target),
            "before": _double(outcome.kgi_before),
            "after": _double(outcome.kgi),
            "reached": is_reached(self.goal, outcome),
            "changes": changed,
            "nodes": [
                {
                    "node": node.name,
                    "label": {"ja": node.label.ja, "en": node.label.en},
                    "unit": unit_of(node),
                    "before": _double(outcome.base.whole[node.name]),
                    "after": _double(outcome.values.get(node.name)),
                    "required": _double(outcome.required.get(node.name)),
                    "elasticity": _double(self.elasticities.get(node.name)),
                }
                for node in self.nodes
            ],
            "single_changes": [_single(single) for single in self.singles],
            "least_effort": _single(self.best) if self.best else None,
            "sentence": {language: " ".join(sentences(self, language)) for language in ("ja", "en")},
        }


def _single(single: SingleChange) -> dict[str, Any]:
    return {
        "node": single.node,
        "before": _double(single.before),
        "after": _double(single.after),
        "relative": _double(single.relative),
        "possible": single.is_possible,
    }


def sentences(view: WhatIfView, language: str) -> list[str]:
    """What becomes of the KGI, and the smallest change that would close the gap."""
    ja = language == "ja"
    goal, outcome = view.goal, view.outcome
    name, unit = goal.kgi.label.in_language(language), unit_of(goal.kgi)
    after = format_value(float(outcome.kgi), unit, language)
    told = []
    if any(change.node != goal.kgi.name for change in view.changes):
        before = format_value(float(outcome.kgi_before), unit, language)
        told.append(
            f"{name}は{before}から{after}になります。" if ja else f"{name} goes from {before} to {after}."
        )
    if outcome.target is None:
        return told
    target = format_target(float(outcome.target), unit, language)
    if is_reached(goal, outcome):
        told.append(f"目標{target}に届きます。" if ja else f"The target of {target} is reached.")
        return told
    told.append(
        f"目標{target}に届きません（{after}）。"
        if ja
        else f"The target of {target} is not reached ({after})."
    )
    best = view.best
    if best is None:
        told.append("一つの変更だけでは届きません。" if ja else "No single change would reach it.")
        return told
    node = goal.node(best.node)
    label = node.label.in_language(language)
    was, to = (format_precise(value, unit_of(node), language) for value in (best.before, best.after))
    share = f"{float(best.relative) * 100:+.1f}%"
    if outcome.base.kind == "actual":
        share = f"残りの期間で{share}" if ja else f"{share} on the days to come"
    if ja:
        told.append(f"最も小さい一つの変更は{label}を{was}から{to}にすること（{share}）です。")
    else:
        told.append(f"The smallest single change that reaches it: {label} from {was} to {to} ({share}).")
    return told


def format_precise(value: Fraction, unit: str | None, language: str) -> str:
    """A figure to aim at; of shares two decimals, for 0.04 points can be the whole difference."""
    if unit == "percent":
        return f"{float(value) * 100:,.2f}%"
    return format_target(float(value), unit, language)


def unit_of(node: Node) -> str | None:
    return node.kpi.unit if node.kpi is not None else None


def _double(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
