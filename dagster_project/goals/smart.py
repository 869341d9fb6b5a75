"""Whether each target of a plan is SMART, as far as definitions tell: the data say the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dagster_project.goals.model import PLAN
from dagster_project.goals.plan import Line, Plan
from dagster_project.kpi.model import Definitions

Answer = Literal["yes", "no", "unclear"]


@dataclass(frozen=True)
class Smart:
    """specific: one definition, a label of its own, a unit · measurable: its KPI has a source · achievable:
    an action fits its capacity (a node's history is in the data) · relevant: equations tie it to the KGI, or
    it drives a node that they tie · time_bound: the period ends."""

    specific: Answer
    measurable: Answer
    achievable: Answer
    relevant: Answer
    time_bound: Answer


def smart_of(plan: Plan, definitions: Definitions) -> dict[str, Smart]:
    """By node and action, those with a target or bounds; an assumption is no target."""
    tied = {line.name for line in plan.lines if line.is_tied}
    loads = {effort.line.name: effort.loads.get(PLAN) for effort in plan.efforts}
    found = {}
    for line in plan.lines:
        if line.kind == "assumption" or (line.target is None and line.within is None):
            continue
        load = loads.get(line.name)
        drives = line.kind == "action" and line.parent in tied
        found[line.name] = Smart(
            specific=_said(line.label.ja != line.name),
            measurable=_said(_has_source(line, definitions)),
            achievable="unclear" if load is None else _said(load.is_realistic),
            relevant=_said(line.is_tied or drives),
            time_bound="yes",
        )
    return found


def _has_source(line: Line, definitions: Definitions) -> bool:
    places = definitions.kpi(line.kpi).places
    return bool(places) and all(definitions.entity(place.entity).sources for place in places)


def _said(holds: bool) -> Answer:
    return "yes" if holds else "no"
