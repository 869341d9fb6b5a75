"""A goal's plan as plain values: fractions as fractions, dates as ISO text, missing as null."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

from dagster_project.goals.model import PLAN
from dagster_project.goals.plan.plan import Effort, Line, Plan
from dagster_project.goals.plan.smart import Judged, Smart
from dagster_project.kpi.model import Label


def plan_json(plan: Plan, judged: Judged) -> dict[str, Any]:
    """`goal`, `nodes` (with actions, each with node, kind, target, given and equation), `factors`, `watched`,
    `actions`, `equations`, `scenarios`, `schedule`."""
    goal, nothing = plan.goal, (None,) * len(plan.parts)
    return {
        "goal": goal.name,
        "label": _label(goal.label),
        "vision": _label(goal.vision),
        "owner": goal.owner,
        "period_start": goal.period.start.isoformat(),
        "period_end": goal.period.end.isoformat(),
        "equations": list(goal.equations),
        "revision": plan.version.number,
        "revisions": [
            {
                "revision": version.number,
                "from": version.since.isoformat(),
                "reason": _label(version.reason),
                "rebase": version.rebase,
            }
            for version in plan.versions
        ],
        "nodes": [_node(line, judged.smart.get(line.name)) for line in plan.lines],
        "factors": [
            {"factor": factor.name, "label": _label(factor.label), "holds": list(factor.holds)}
            for factor in goal.factors
        ],
        "watched": [node.name for node in plan.watched],
        "actions": [_action(effort) for effort in plan.efforts],
        "scenarios": [
            {"scenario": name, "times": float(times), "success": float(goal.success(name))}
            for name, times in goal.scenarios.items()
        ],
        "schedule": [
            {
                "node": stage.name,
                "grows": stage.grows,
                "parts": [
                    {"through": part.end.isoformat(), "target_cumulative": float(due), "shown": shown}
                    for part, due, shown in zip(plan.parts, stage.due, stage.shown or nothing, strict=True)
                ],
            }
            for stage in plan.stages
        ],
        "remarks": [
            {"rule": found.rule, "node": found.node, "level": found.level, "ja": found.ja, "en": found.en}
            for found in judged.remarks
        ],
        "waits_for": sorted(map(str, goal.unknown_bases)),
    }


def _node(line: Line, smart: Smart | None) -> dict[str, Any]:
    return {
        "node": line.name,
        "kind": line.kind,
        "target": _number(line.target),
        "given": line.given,
        "equation": line.equation,
        "label": _label(line.label),
        "kpi": line.kpi,
        "unit": line.unit,
        "segment": line.segment,
        "parent": line.parent,
        "tied": line.is_tied,
        "written": line.written.en if line.written is not None else None,
        "derived_from": line.origin,
        "within": list(line.within) if line.within is not None else None,
        "opening": _number(line.opening),
        "before_revision": _number(line.before),
        "remaining": _number(line.target - line.before)
        if line.target is not None and line.before is not None
        else None,
        "missing": line.missing,
        "targets": {name: float(value) for name, value in line.targets.items()},
        "owner": line.owner,
        "smart": asdict(smart) if smart is not None else None,
    }


def _action(effort: Effort) -> dict[str, Any]:
    action, load = effort.action, effort.loads.get(PLAN)
    return {
        "action": action.name,
        "drives": action.drives,
        "target": _number(effort.line.target),
        "brings": _number(effort.brings),
        "start": action.start.isoformat(),
        "due": action.due.isoformat(),
        "business_days": effort.business_days,
        "per_business_day": _number(effort.per_day),
        "capacity": _number(load.possible) if load is not None else None,
        "used": _number(load.used) if load is not None else None,
        "owner": effort.line.owner,
    }


def _label(label: Label) -> dict[str, str]:
    return {"ja": label.ja, "en": label.en}


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
