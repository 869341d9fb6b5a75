"""A goal's equations, nodes and figures read into a tree, with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.goals.algebra.equations import parse
from dagster_project.goals.given import FigureReader, Unfit, check_unit
from dagster_project.goals.resolve.binding import Binder
from dagster_project.goals.resolve.placing import place
from dagster_project.goals.resolve.tree import Tree
from dagster_project.goals.spec.forms import TargetSpec
from dagster_project.goals.spec.goal import GoalSpec, NodeSpec
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Kpi
from dagster_project.kpi.text import Quantity
from dagster_project.kpi.unit_formulas import check_equation
from dagster_project.kpi.units import UnitError
from dagster_project.kpi.yamlnodes import Loc


def read_tree(binder: Binder, figures: FigureReader | None) -> Tree:
    """The tree; what is wrong with it is in the binder's issues, and only without any is it whole.

    `figures`: None where the period can't be told; figures are then left out.
    """
    spec = binder.written.spec
    tree = Tree(spec.kgi.kpi, spec.owner, specs=dict(spec.nodes))
    reader = _Reader(binder, figures, tree)
    reader.equations()
    reader.bind_kgi()
    reader.bind_nodes()
    reader.check_units()
    if not binder.issues:
        place(tree, spec, binder.say)
    return tree


@dataclass
class _Reader:
    binder: Binder
    figures: FigureReader | None
    tree: Tree

    @property
    def spec(self) -> GoalSpec:
        return self.binder.written.spec

    @property
    def known(self) -> Mapping[str, Kpi]:
        return self.binder.known

    def say(self, loc: Loc, message: str, hint: str = "") -> None:
        self.binder.say(loc, message, hint)

    def equations(self) -> None:
        lefts: dict[str, int] = {}
        for index, text in enumerate(self.spec.tree):
            try:
                equation = parse(text)
            except ValueError as error:
                self.say(("tree", index), str(error))
                continue
            if equation.left in lefts:
                line = self.binder.written.document.position(("tree", lefts[equation.left]))[0]
                self.say(
                    ("tree", index),
                    f"a second equation for '{equation.left}'",
                    f"the first is on line {line}",
                )
                continue
            lefts[equation.left] = index
            self.tree.equations.append(equation)
            for name in (equation.left, *equation.names):
                self._is_node(name, ("tree", index), f", in '{equation.text}'")

    def _is_node(self, name: str, loc: Loc, place: str = "") -> bool:
        if name in self.spec.nodes or name in self.known or name == self.tree.root:
            return True
        hint = self.binder.hint(name) if self.binder.is_old_name(name) else ""
        hint = hint or suggest(name, [*self.spec.nodes, *self.known]) or "add it under nodes: with its kpi"
        self.say(loc, f"'{name}' is neither a node nor a KPI{place}", hint)
        return False

    def bind_kgi(self) -> None:
        kgi, root = self.spec.kgi, self.tree.root
        entry = self.spec.nodes.get(root, NodeSpec())
        for key in ("target", "assume", "opening", "kpi"):
            if getattr(entry, key) is not None:
                self.say(("nodes", root, key), f"'{root}' is the KGI; its {key} belongs under kgi:")
        if kgi.kpi not in self.known:
            self.say(("kgi", "kpi"), f"unknown KPI '{kgi.kpi}'", self.binder.hint(kgi.kpi))
            return
        where, loc = entry.where or kgi.where, ("nodes", root) if entry.where else ("kgi",)
        self._bind(root, self.known[kgi.kpi], where, loc)
        self._figures(root, kgi.target, None, ("kgi",))
        self._opening(root, kgi.opening, ("kgi", "opening"))

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
            self._figures(name, entry.target, entry.assume, ("nodes", name))
            self._opening(name, entry.opening, ("nodes", name, "opening"))

    def check_units(self) -> None:
        """JPY = count * JPY per count; a sum of unlike things, or of amounts with and without tax, isn't."""
        units = {name: kpi.measured for name, kpi in self.tree.kpis.items()}
        for equation in self.tree.equations:
            try:
                check_equation(equation.left, equation.text.partition("=")[2], units)
            except UnitError as error:
                index = next(
                    i for i, text in enumerate(self.spec.tree) if " ".join(text.split()) == equation.text
                )
                self.say(("tree", index), f"the units of '{equation.text}': {error}", error.hint)

    def _held(self) -> list[str]:
        return [name for factor in self.spec.ksf for name in factor.holds]

    def _kpi_of(self, name: str, entry: NodeSpec) -> Kpi | None:
        wanted = entry.kpi or name
        if wanted in self.known:
            return self.known[wanted]
        if entry.kpi is not None:
            self.say(("nodes", name, "kpi"), f"unknown KPI '{wanted}'", self.binder.hint(wanted))
        elif name in self.spec.nodes:
            hint = self.binder.hint(name) or "add kpi: with the KPI that measures it"
            self.say(("nodes", name), f"no KPI is called '{name}', and the node names none", hint)
        elif name in self.spec.drivers:
            self._is_node(name, ("drivers", self.spec.drivers.index(name)))
        elif name in self._held():
            index = next(i for i, factor in enumerate(self.spec.ksf) if name in factor.holds)
            self._is_node(name, ("ksf", index, "holds"))
        return None

    def _bind(self, name: str, kpi: Kpi, where: dict[str, str] | None, loc: Loc) -> None:
        self.tree.kpis[name] = kpi
        self.tree.slices[name] = self.binder.slice_of(name, kpi, where, loc)

    def _figures(self, name: str, target: TargetSpec | None, assume: TargetSpec | None, loc: Loc) -> None:
        """A node's target and assumption: one of the two, or bounds with the figure that is planned with."""
        if target is not None and assume is not None and target.within is None:
            self.say((*loc, "assume"), f"'{name}' has a target and an assumption", "keep one")
            return
        if target is not None and target.within is not None:
            self._bounds(name, target.within, (*loc, "target"))
        elif target is not None:
            self._figure(name, target, (*loc, "target"), assumed=False)
        if assume is not None:
            self._figure(name, assume, (*loc, "assume"), assumed=True)

    def _figure(self, name: str, spec: TargetSpec, loc: Loc, *, assumed: bool) -> None:
        kpi = self.tree.kpis[name]
        if assumed and spec.within is not None:
            self.say(loc, f"an assumption of '{name}' is one figure, not bounds", "write it under target:")
        elif kpi.direction == "within" and not assumed:
            message = f"KPI '{kpi.name}' is to stay within its bounds, which are the target"
            self.say(loc, message, "remove this one")
        elif self.figures is not None:
            try:
                self.tree.given[name] = self.figures.read(
                    name, kpi, self.tree.slices[name], spec, assumed=assumed, is_kgi=name == self.tree.root
                )
            except Unfit as error:
                self.say(loc, str(error), error.hint)

    def _bounds(self, name: str, bounds: list[Quantity], loc: Loc) -> None:
        low, high = bounds
        if low.value > high.value:
            self.say(loc, f"the bounds of '{name}' are the wrong way round", "write [low, high]")
        try:
            for bound in bounds:
                check_unit(name, self.tree.kpis[name], bound)
        except Unfit as error:
            self.say(loc, str(error), error.hint)
        self.tree.bounds[name] = (float(low), float(high))

    def _opening(self, name: str, opening: Quantity | None, loc: Loc) -> None:
        if opening is None:
            return
        kpi = self.tree.kpis[name]
        if not kpi.is_level:
            message = f"'{name}' is no level: KPI '{kpi.name}' starts its period with nothing"
            self.say(loc, message, "opening: is for a stock")
        self.tree.openings[name] = opening.value
