"""What a sound set of KPIs looks like: notes and warnings with figures, which never stop anything.

Of the definitions alone: not too many KPIs a team and goal, each tied to the KGI or named as watched, every
quantity beside a quality, each node specific and time-bound. With published tables besides (see evidence.py):
whether the sources are fresh, and where each target stands in the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dagster_project.goals.model import Goal, Node
from dagster_project.goals.plan.evidence import Evidence
from dagster_project.goals.whatif.elasticity import elasticities
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import LintLimits

Rule = Literal["many_kpis", "not_tied", "quantity_alone", "not_specific", "not_fresh", "stretch", "no_target"]
Level = Literal["note", "warning"]


@dataclass(frozen=True)
class Lint:
    """One remark. `node`: what it is about, None for a whole team. `figures`: what it rests on."""

    rule: Rule
    goal: str
    node: str | None
    level: Level
    ja: str
    en: str
    figures: Mapping[str, float]

    def in_language(self, language: str) -> str:
        return self.ja if language == "ja" else self.en


def lints(goal: Goal, limits: LintLimits, evidence: Evidence | None = None) -> tuple[Lint, ...]:
    """Every remark on a goal; those that need data only with `evidence`."""
    found = [*too_many(goal, limits), *not_tied(goal), *quantities_alone(goal), *not_specific(goal)]
    if evidence is not None:
        found += [*not_fresh(goal, evidence), *out_of_reach(goal, limits, evidence)]
    return tuple(found)


def as_issues(goal: Goal, remarks: Sequence[Lint]) -> list[Issue]:
    """The remarks as findings of `kpi check`, at the place of the goal."""
    where, subject = goal.where, f"goal '{goal.name}'"
    return [
        Issue(where.file, where.line, where.column, subject, remark.en, "", remark.level)
        for remark in remarks
    ]


def measured(goal: Goal) -> tuple[Node, ...]:
    """The nodes below the KGI that a team is asked to move: those with a KPI, success factors and actions not
    counted."""
    return tuple(
        node
        for node in goal.nodes[1:]
        if node.kpi is not None and node.level == "kpi" and node.role != "drives"
    )


def too_many(goal: Goal, limits: LintLimits) -> Iterator[Lint]:
    """More KPIs than a team can keep in view; names those that move the KGI least."""
    teams: dict[str, list[Node]] = {}
    for node in measured(goal):
        teams.setdefault(node.owner or "", []).append(node)
    moves = elasticities(goal)
    for team, nodes in teams.items():
        count = len({(node.kpi.name, node.dimension, node.segment) for node in nodes if node.kpi})
        if count <= limits.kpis_note:
            continue
        level: Level = "warning" if count > limits.kpis_warning else "note"
        limit = limits.kpis_warning if level == "warning" else limits.kpis_note
        weakest = sorted(nodes, key=lambda node: (abs(moves.get(node.name, 0.0)), node.name))
        named = weakest[: count - limits.kpis_note]
        shares = ", ".join(f"{node.name} {_moved(moves.get(node.name, 0.0))}" for node in named)
        who = f"team '{team}' has" if team else "KPIs without an owner:"
        wer = f"チーム「{team}」の" if team else "担当のない"
        yield Lint(
            "many_kpis", goal.name, None, level,
            f"{wer}KPIが{count}個あります(目安{limit}個以下)。KGIへの影響(1%あたり)が小さいもの: {shares}",
            f"{who} {count} KPIs, more than {limit}; the KGI moves least with (for 1 %): {shares}",
            {"kpis": count, "limit": limit},
        )  # fmt: skip


def not_tied(goal: Goal) -> Iterator[Lint]:
    """What no formula ties to the KGI is watched, and said to be."""
    yields = {action.yield_name for action in goal.actions}
    for node in goal.nodes[1:]:
        if node.name in yields:
            continue
        if node.kpi is None or node.is_tied or node.role == "drives" or node.level == "action":
            continue
        yield Lint(
            "not_tied", goal.name, node.name, "note",
            f"「{node.name}」とKGI「{goal.kgi.name}」を結ぶ式はありません(監視のみ)",
            f"'{node.name}' is watched: no formula ties it to the KGI '{goal.kgi.name}'",
            {},
        )  # fmt: skip


def is_quantity(node: Node) -> bool:
    """A count that grows through the period; anything else that is measured is a rate, a value, a level."""
    return node.kpi is not None and node.kpi.grows and node.kpi.unit == "count"


def quantities_alone(goal: Goal) -> Iterator[Lint]:
    """A quantity that can be met without its quality: more leads, of whatever kind."""
    nodes = {node.name: node for node in goal.nodes}
    for node in goal.nodes:
        if not is_quantity(node) or node.level == "action" or node.role == "drives":
            continue
        beside = {
            name
            for equation in goal.system
            if node.name in (equation.left, *equation.names)
            for name in equation.names
            if name != node.name
        }
        if any(
            name in nodes and not is_quantity(nodes[name]) and _is_quality(nodes[name]) for name in beside
        ):
            continue
        yield Lint(
            "quantity_alone", goal.name, node.name, "note",
            f"量「{node.name}」に質(率・単価)のKPIが添えられていません",
            f"'{node.name}' is a quantity without a quality beside it: a rate or a unit value",
            {},
        )  # fmt: skip


def _is_quality(node: Node) -> bool:
    return node.kpi is not None and not node.kpi.grows


def not_specific(goal: Goal) -> Iterator[Lint]:
    """A KPI that has no name for people says nothing to who is asked to move it."""
    for node in goal.nodes:
        lacking = lacks(node)
        if lacking:
            yield Lint(
                "not_specific", goal.name, node.name, "note",
                f"「{node.name}」に{'・'.join(_JA[part] for part in lacking)}がありません",
                f"'{node.name}' has no {' and no '.join(lacking)}",
                {},
            )  # fmt: skip


_JA = {"label": "表示名", "owner": "担当"}


def lacks(node: Node) -> tuple[str, ...]:
    """What a node lacks to be specific: a label, an owner."""
    if node.kpi is None:
        return ()
    found = []
    if node.label.ja == node.name and node.label.en == node.name:
        found.append("label")
    if not node.owner:
        found.append("owner")
    return tuple(found)


def not_fresh(goal: Goal, evidence: Evidence) -> Iterator[Lint]:
    """Nodes whose sources are behind: what can't be measured tonight can't be steered."""
    for node in goal.nodes:
        behind = evidence.stale.get(node.name, ())
        if behind:
            listed = ", ".join(behind)
            yield Lint(
                "not_fresh", goal.name, node.name, "warning",
                f"「{node.name}」のデータ({listed})が届いていません",
                f"'{node.name}' is not measured now: {listed} is behind",
                {"sources": len(behind)},
            )  # fmt: skip


def out_of_reach(goal: Goal, limits: LintLimits, evidence: Evidence) -> Iterator[Lint]:
    """Targets that were hardly ever reached before, and those that are no target at all."""
    for node in goal.nodes:
        standing = evidence.standings.get(node.name)
        if standing is None:
            continue
        figures = {"percentile": standing.percentile, "periods": standing.periods}
        share, count = _percent(standing.percentile), standing.periods
        words, wort = _GRAINS.get(standing.grain, (standing.grain, standing.grain))
        if standing.percentile > limits.stretch:
            yield Lint(
                "stretch", goal.name, node.name, "warning",
                f"「{node.name}」の目標は過去{count}{wort}の{share}より厳しい水準です(ストレッチ)",
                f"the target of '{node.name}' is a stretch: harder than {share} of {count} past {words}",
                figures,
            )  # fmt: skip
        elif standing.percentile < limits.too_easy:
            yield Lint(
                "no_target", goal.name, node.name, "warning",
                f"「{node.name}」の目標は過去{count}{wort}の{share}より厳しいだけで、目標になっていません",
                f"the target of '{node.name}' is no target: harder than only {share} of {count} past {words}",
                figures,
            )  # fmt: skip


_GRAINS = {
    "month": ("months", "か月"),
    "quarter": ("quarters", "四半期"),
    "half": ("halves", "半期"),
    "fiscal_year": ("fiscal years", "年度"),
}


def _moved(elasticity: float) -> str:
    """By how many per cent the KGI moves when the node moves by one per cent: the elasticity itself."""
    return "<0.01 %" if 0 < abs(elasticity) < 0.005 else f"{round(elasticity, 2):g} %"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
