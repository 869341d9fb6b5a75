"""Old names of KPIs: they are followed where a person asks, and no other KPI may ever take one."""

from __future__ import annotations

from collections.abc import Mapping

from dagster_project.kpi.issues import Issue
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.spec.kpis import KpiSpec


def check_renames(written: Mapping[str, Written[KpiSpec]]) -> list[Issue]:
    """An old name that is a KPI's name today, or that two KPIs claim: what was once published under it would
    be read as another figure."""
    issues: list[Issue] = []
    claimed: dict[str, Written[KpiSpec]] = {}
    for name, item in written.items():
        for index, old in enumerate(item.spec.formerly):
            loc = ("formerly", index)
            if old == name:
                issues.append(item.issue(loc, f"'{old}' is its name today", "remove it"))
            elif old in written:
                other = written[old].where
                message = f"'{old}' is the name of another KPI, {other.file}:{other.line}"
                issues.append(
                    item.issue(loc, message, "an old name can't be taken again: name that one anew")
                )
            elif old in claimed:
                first = claimed[old]
                message = f"'{old}' is an old name of '{first.spec.name}' already"
                issues.append(item.issue(loc, message, "keep it where the figures went on"))
            else:
                claimed[old] = item
    return issues
