"""The tree of a goal: which names are nodes, what measures them, how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from dagster_project.goals.algebra.equations import Equation
from dagster_project.goals.given import Given, Slice
from dagster_project.goals.model import Level, Node, Origin, Phasing, Role
from dagster_project.goals.resolve.binding import TOTAL
from dagster_project.goals.spec.goal import KsfSpec, NodeSpec
from dagster_project.kpi.model import Kpi, Label
from dagster_project.kpi.spec.base import resolve_label

Place = tuple[str | None, int, Role]  # parent, depth, role


@dataclass
class Tree:
    """Nodes by name. `names` holds every node with a KPI, in the order of display, the root first.

    `given`: targets and assumptions as written; `bounds`: targets to stay within. `places`: where a node
    hangs: (parent, depth, role).
    """

    root: str
    owner: str | None = None  # of the goal, and so of its KGI
    equations: list[Equation] = field(default_factory=list)
    kpis: dict[str, Kpi] = field(default_factory=dict)
    slices: dict[str, Slice] = field(default_factory=dict)
    specs: dict[str, NodeSpec] = field(default_factory=dict)
    ksf: dict[str, KsfSpec] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    openings: dict[str, Fraction] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [name for name in self.places if name in self.kpis]

    @property
    def tied(self) -> set[str]:
        """The names that equations tie to the KGI, itself in."""
        return {
            self.root,
            *(name for equation in self.equations for name in (equation.left, *equation.names)),
        }

    def nodes(self, derived_by: Mapping[str, str]) -> tuple[Node, ...]:
        """The nodes in order, parents first."""
        return tuple(self._node(name, derived_by) for name in self.places)

    def _node(self, name: str, derived_by: Mapping[str, str]) -> Node:
        parent, depth, role = self.places[name]
        if name in self.ksf:
            label = resolve_label(self.ksf[name].label, name)
            return Node(name, label, None, TOTAL, TOTAL, "ksf", parent, depth, role, "none", None, None, None)
        kpi, spec = self.kpis[name], self.specs.get(name, NodeSpec())
        dimension, segment = self.slices[name]
        return Node(
            name=name,
            label=_label(name, spec, kpi),
            kpi=kpi,
            dimension=dimension,
            segment=segment,
            level=self._level(name, spec, kpi),
            parent=parent,
            depth=depth,
            role=role,
            origin=self._origin(name, spec, derived_by),
            equation=next((item.text for item in self.equations if item.left == name), None),
            derived_by=derived_by.get(name),
            owner=spec.owner or (self.owner if name == self.root else None) or kpi.owner,
            within=self.bounds.get(name, kpi.within),
            opening=self.openings.get(name),
            phasing=Phasing(days="business_days") if self._by_business_days(name) else None,
            is_tied=name in self.tied,
        )

    def _by_business_days(self, name: str) -> bool:
        return name in self.given and self.given[name].form == "per_business_day"

    def _level(self, name: str, spec: NodeSpec, kpi: Kpi) -> Level:
        if name == self.root:
            return "kgi"
        # A KPI that is some other goal's KGI is a plain KPI below this one's.
        return spec.level or ("kpi" if kpi.level == "kgi" else kpi.level)

    def _origin(self, name: str, spec: NodeSpec, derived_by: Mapping[str, str]) -> Origin:
        if spec.assume is not None:
            return "assumed"
        if name in self.given or name in self.bounds:
            return "given"
        return "derived" if name in derived_by else "none"


def _label(name: str, spec: NodeSpec, kpi: Kpi) -> Label:
    return resolve_label(spec.label, name) if spec.label is not None else kpi.label
