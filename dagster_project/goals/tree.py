"""The tree of a goal: which names are nodes, what measures them, how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from dagster_project.goals.equations import Equation, parse
from dagster_project.goals.model import Level, Node, Origin, Role
from dagster_project.goals.spec import GoalSpec, KsfSpec, NodeSpec
from dagster_project.kpi.issues import Issue, suggest, suggest_kpi
from dagster_project.kpi.model import Definitions, Kpi, Label
from dagster_project.kpi.spec.base import Written, resolve_label
from dagster_project.kpi.text import Quantity
from dagster_project.kpi.yamlnodes import Loc

TOTAL = "total"


@dataclass
class Tree:
    """Nodes by name. `names` holds every node with a KPI, in the order of display, the root first.

    `given`: targets and assumptions as written. `places`: where a node hangs: (parent, depth, role).
    """

    root: str
    equations: list[Equation] = field(default_factory=list)
    kpis: dict[str, Kpi] = field(default_factory=dict)
    slices: dict[str, tuple[str, str]] = field(default_factory=dict)
    specs: dict[str, NodeSpec] = field(default_factory=dict)
    ksf: dict[str, KsfSpec] = field(default_factory=dict)
    given: dict[str, Fraction] = field(default_factory=dict)
    places: dict[str, tuple[str | None, int, Role]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [name for name in self.places if name in self.kpis]

    def is_scaled(self, name: str) -> bool:
        """Whether a scenario's factor applies to the given figure of this node."""
        if name == self.root:
            return True
        return self.specs[name].assume is None and self.kpis[name].grows

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
            owner=spec.owner or kpi.owner,
        )

    def _level(self, name: str, spec: NodeSpec, kpi: Kpi) -> Level:
        if name == self.root:
            return "kgi"
        # A KPI that is some other goal's KGI is a plain KPI below this one's.
        return spec.level or ("kpi" if kpi.level == "kgi" else kpi.level)

    def _origin(self, name: str, spec: NodeSpec, derived_by: Mapping[str, str]) -> Origin:
        if spec.assume is not None:
            return "assumed"
        if name in self.given:
            return "given"
        return "derived" if name in derived_by else "none"


def _label(name: str, spec: NodeSpec, kpi: Kpi) -> Label:
    return resolve_label(spec.label, name) if spec.label is not None else kpi.label


def read_tree(written: Written[GoalSpec], definitions: Definitions) -> tuple[Tree, list[Issue]]:
    """The tree, and everything that is wrong with it; only a tree without issues is whole."""
    spec = written.spec
    tree = Tree(spec.kgi.kpi, specs=dict(spec.nodes))
    declared: dict[str, set[str]] = {}
    for entity in definitions.entities:
        for dimension in entity.dimensions:
            names = {segment for segment, _ in dimension.values}
            declared[dimension.name] = declared.get(dimension.name, set()) | names
    reader = _Reader(written, {kpi.name: kpi for kpi in definitions.kpis}, declared, tree)
    reader.equations()
    reader.bind_kgi()
    reader.bind_nodes()
    if not reader.issues:
        reader.place()
    return tree, reader.issues


@dataclass
class _Reader:
    written: Written[GoalSpec]
    known: Mapping[str, Kpi]
    declared: Mapping[str, set[str]]  # dimension → the segments that the definitions name, {} for any
    tree: Tree
    issues: list[Issue] = field(default_factory=list)

    @property
    def spec(self) -> GoalSpec:
        return self.written.spec

    def _hint(self, name: str) -> str:
        return suggest_kpi(name, {kpi.name: kpi.formerly for kpi in self.known.values()})

    def say(self, loc: Loc, message: str, hint: str = "") -> None:
        self.issues.append(self.written.issue(loc, message, hint))

    def equations(self) -> None:
        lefts: dict[str, int] = {}
        for index, text in enumerate(self.spec.tree):
            try:
                equation = parse(text)
            except ValueError as error:
                self.say(("tree", index), str(error))
                continue
            if equation.left in lefts:
                line = self.written.document.position(("tree", lefts[equation.left]))[0]
                self.say(
                    ("tree", index),
                    f"a second equation for '{equation.left}'",
                    f"the first is on line {line}",
                )
                continue
            lefts[equation.left] = index
            self.tree.equations.append(equation)
            for name in (equation.left, *equation.names):
                self._is_node(name, ("tree", index))

    def _is_node(self, name: str, loc: Loc) -> bool:
        if name in self.spec.nodes or name in self.known or name == self.tree.root:
            return True
        hint = self._hint(name) if any(name in kpi.formerly for kpi in self.known.values()) else ""
        hint = hint or suggest(name, [*self.spec.nodes, *self.known]) or "add it under nodes: with its kpi"
        self.say(loc, f"'{name}' is neither a node nor a KPI", hint)
        return False

    def bind_kgi(self) -> None:
        kgi, root = self.spec.kgi, self.tree.root
        entry = self.spec.nodes.get(root, NodeSpec())
        for key in ("target", "assume", "kpi"):
            if getattr(entry, key) is not None:
                self.say(("nodes", root, key), f"'{root}' is the KGI; its {key} belongs under kgi:")
        if kgi.kpi not in self.known:
            self.say(("kgi", "kpi"), f"unknown KPI '{kgi.kpi}'", self._hint(kgi.kpi))
            return
        where, loc = entry.where or kgi.where, ("nodes", root) if entry.where else ("kgi",)
        self._bind(root, self.known[kgi.kpi], where, loc)
        if kgi.target is not None:
            self._figure(root, kgi.target, ("kgi", "target"), assumed=False)

    def bind_nodes(self) -> None:
        in_tree = [name for equation in self.tree.equations for name in (equation.left, *equation.names)]
        for name in dict.fromkeys([*in_tree, *self.spec.nodes, *self.spec.drivers, *self._held()]):
            if name == self.tree.root:
                continue
            entry = self.spec.nodes.get(name, NodeSpec())
            kpi = self._kpi_of(name, entry)
            if kpi is None:
                continue
            self.tree.specs.setdefault(name, entry)
            self._bind(name, kpi, entry.where, ("nodes", name))
            if entry.target is not None and entry.assume is not None:
                self.say(("nodes", name, "assume"), f"'{name}' has a target and an assumption", "keep one")
            elif entry.target is not None:
                self._figure(name, entry.target, ("nodes", name, "target"), assumed=False)
            elif entry.assume is not None:
                self._figure(name, entry.assume, ("nodes", name, "assume"), assumed=True)

    def _held(self) -> list[str]:
        return [name for factor in self.spec.ksf for name in factor.holds]

    def _kpi_of(self, name: str, entry: NodeSpec) -> Kpi | None:
        wanted = entry.kpi or name
        if wanted in self.known:
            return self.known[wanted]
        if entry.kpi is not None:
            self.say(("nodes", name, "kpi"), f"unknown KPI '{wanted}'", self._hint(wanted))
        elif name in self.spec.nodes:
            hint = self._hint(name) or "add kpi: with the KPI that measures it"
            self.say(("nodes", name), f"no KPI is called '{name}', and the node names none", hint)
        elif name in self.spec.drivers:
            self._is_node(name, ("drivers", self.spec.drivers.index(name)))
        elif name in self._held():
            index = next(i for i, factor in enumerate(self.spec.ksf) if name in factor.holds)
            self._is_node(name, ("ksf", index, "holds"))
        return None

    def _bind(self, name: str, kpi: Kpi, where: dict[str, str] | None, loc: Loc) -> None:
        self.tree.kpis[name] = kpi
        place: Loc = (*loc, "where") if where is not None else ("where",)
        chosen = where if where is not None else self.spec.where
        if not chosen:
            self.tree.slices[name] = (TOTAL, TOTAL)
            return
        (dimension, segment), *_ = chosen.items()
        self.tree.slices[name] = (dimension, segment)
        if dimension not in kpi.dimensions:
            has = f"it has: {', '.join(kpi.dimensions)}" if kpi.dimensions else "it has none"
            hint = suggest(dimension, kpi.dimensions) or has
            self.say((*place, dimension), f"'{name}': KPI '{kpi.name}' has no dimension '{dimension}'", hint)
        declared = self.declared.get(dimension, set())
        if declared and segment not in declared:
            hint = suggest(segment, declared) or f"declared: {', '.join(sorted(declared))}"
            self.say((*place, dimension), f"'{name}': dimension '{dimension}' has no '{segment}'", hint)

    def _figure(self, name: str, quantity: Quantity, loc: Loc, *, assumed: bool) -> None:
        kpi = self.tree.kpis[name]
        if quantity.form == "percent" and kpi.unit not in ("percent", "rate"):
            self.say(loc, f"a percentage for '{name}', which is in {kpi.unit}", "write the figure without %")
        elif quantity.form == "number" and kpi.unit == "percent" and abs(quantity.value) > 1:
            shown = f"{float(quantity.value):g}"
            self.say(loc, f"'{name}' is a percentage: {shown} would be {shown}00 %", f"write {shown}%")
        elif kpi.direction == "within" and not assumed:
            self.say(
                loc, f"KPI '{kpi.name}' is to stay within its bounds, which are the target", "remove this one"
            )
        else:
            self.tree.given[name] = quantity.value

    def place(self) -> None:
        """Hangs every node: the tree from the root down, then success factors, drivers, and the rest."""
        by_left = {equation.left: equation for equation in self.tree.equations}
        self._hang(self.tree.root, None, 0, "root", by_left, ())
        for index, equation in enumerate(self.tree.equations):
            if equation.left not in self.tree.places and not self.issues:
                hint = f"use '{equation.left}' in an equation under '{self.tree.root}', or remove this one"
                self.say(
                    ("tree", index), f"nothing ties '{equation.left}' to the KGI '{self.tree.root}'", hint
                )
        for index, factor in enumerate(self.spec.ksf):
            if factor.name in self.tree.places or factor.name in self.tree.kpis:
                hint = "give a node the level ksf to call it a success factor"
                self.say(("ksf", index, "name"), f"'{factor.name}' is a node already", hint)
                continue
            self.tree.ksf[factor.name] = factor
            self.tree.places[factor.name] = (self.tree.root, 1, "watched")
            for name in factor.holds:
                self.tree.places.setdefault(name, (factor.name, 2, "holds"))
        for name in [*self.spec.drivers, *self.spec.nodes]:
            self.tree.places.setdefault(name, (self.tree.root, 1, "watched"))

    def _hang(
        self,
        name: str,
        parent: str | None,
        depth: int,
        role: Role,
        by_left: Mapping[str, Equation],
        above: tuple[str, ...],
    ) -> None:
        if name in above:
            index = self.tree.equations.index(by_left[above[-1]])
            path = " → ".join([*above[above.index(name) :], name])
            self.say(("tree", index), f"a circle: {path}", "no name may define itself")
            return
        if name in self.tree.places:
            return
        self.tree.places[name] = (parent, depth, role)
        equation = by_left.get(name)
        if equation is not None:
            for child in equation.names:
                self._hang(child, name, depth + 1, equation.role(child), by_left, (*above, name))
