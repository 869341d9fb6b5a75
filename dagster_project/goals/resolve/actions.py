"""Actions of a goal as written → resolved, with everything that is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from dagster_project.calendar.fiscal import natural_period
from dagster_project.goals.actions import Action, Capacity
from dagster_project.goals.given import FigureReader, Given, Slice, Unfit, plain
from dagster_project.goals.resolve.binding import Binder
from dagster_project.goals.resolve.tree import Tree
from dagster_project.goals.spec.goal import ActionSpec
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Kpi
from dagster_project.kpi.spec.base import resolve_label
from dagster_project.kpi.text import Quantity
from dagster_project.kpi.yamlnodes import Loc


def read_actions(binder: Binder, figures: FigureReader | None, tree: Tree) -> tuple[Action, ...]:
    """The actions in order; what is wrong with them is added to the binder's issues."""
    seen: set[str] = set()
    found = []
    for index, spec in enumerate(binder.written.spec.actions):
        if spec.name in seen or spec.name in tree.kpis or spec.name in tree.ksf:
            message = f"'{spec.name}' is a node or an action already"
            binder.say(("actions", index, "name"), message, "name the action otherwise")
        seen.add(spec.name)
        if figures is not None:
            action = _Reader(binder, figures, tree, spec, index).action()
            if action is not None:
                found.append(action)
    return tuple(found)


class _Reader:
    def __init__(
        self, binder: Binder, figures: FigureReader, tree: Tree, spec: ActionSpec, index: int
    ) -> None:
        self.binder, self.figures, self.tree, self.spec = binder, figures, tree, spec
        self.place: Loc = ("actions", index)

    def say(self, key: str, message: str, hint: str = "") -> None:
        self.binder.say((*self.place, key), message, hint)

    def action(self) -> Action | None:
        spec, name = self.spec, self.spec.name
        before = len(self.binder.issues)
        kpi = self._kpi()
        if spec.drives not in self.tree.kpis:
            hint = suggest(spec.drives, self.tree.kpis) or "name a node of the tree"
            self.say("drives", f"'{name}' drives '{spec.drives}', which is no node", hint)
        start, due = self._window()
        each = self._yield()
        share = spec.share.value if spec.share is not None else Fraction(1)
        if not 0 < share <= 1:
            self.say("share", f"the share of '{name}' is not between 0% and 100%")
        if kpi is None:
            return None
        at = self.binder.slice_of(name, kpi, spec.where, self.place)
        given = self._target(kpi, at, start, due)
        capacity = self._capacity()
        if len(self.binder.issues) > before:
            return None
        return Action(
            name=name,
            label=resolve_label(spec.label, name) if spec.label is not None else kpi.label,
            kpi=kpi,
            dimension=at[0],
            segment=at[1],
            drives=spec.drives,
            yield_name=spec.yield_ if isinstance(spec.yield_, str) else None,
            per_piece=each,
            share=share,
            given=given,
            owner=spec.owner or kpi.owner,
            start=start,
            due=due,
            capacity=capacity,
        )

    def _kpi(self) -> Kpi | None:
        wanted = self.spec.kpi or self.spec.name
        kpi = self.binder.known.get(wanted)
        if kpi is None:
            hint = self.binder.hint(wanted) or "add kpi: with the KPI that counts it"
            self.say("kpi" if self.spec.kpi else "name", f"no KPI is called '{wanted}'", hint)
        elif not kpi.grows:
            message = f"'{self.spec.name}' is counted by '{wanted}', which is neither a count nor a sum"
            self.say("kpi" if self.spec.kpi else "name", message, "an action is something that is counted")
            return None
        return kpi

    def _window(self) -> tuple[date, date]:
        period = self.figures.period
        start, due = self.spec.from_ or period.start, self.spec.due or period.end
        if due not in period:
            message = f"'{self.spec.name}' is due on {due}, outside the period {period.start}..{period.end}"
            self.say("due", message)
        elif start not in period or start > due:
            message = f"'{self.spec.name}' begins on {start}; the period is {period.start}..{due}"
            self.say("from", message)
        else:
            return start, due
        return period.start, period.end

    def _yield(self) -> Given | None:
        written: Any = self.spec.yield_
        if isinstance(written, Quantity):
            if written.value <= 0:
                self.say("yield", f"the yield of '{self.spec.name}' is not above 0")
            return Given(plain(written), "figure", True, False, written.value)
        if written is None:
            return None
        if written in self.tree.given:
            each = self.tree.given[written]
            if each.base is None and each.plus <= 0:
                self.say("yield", f"the yield '{written}' of '{self.spec.name}' is not above 0")
            return replace(each, scaled=False)
        known = [*self.tree.given, *self.tree.kpis]
        hint = suggest(written, known) or f"write nodes: {{{written}: {{assume: 1%}}}}"
        if written in self.tree.kpis or written in self.binder.known:
            hint = f"write nodes: {{{written}: {{assume: 1%}}}}"
        self.say("yield", f"the yield '{written}' of '{self.spec.name}' has no figure", hint)
        return None

    def _target(self, kpi: Kpi, at: Slice, start: date, due: date) -> Given | None:
        spec = self.spec
        if spec.target is None:
            if spec.yield_ is None:
                message = f"nothing says how many '{spec.name}' are wanted"
                self.say("name", message, "write target: or yield:")
            return None
        if spec.target.within is not None:
            self.say("target", f"bounds are no target of an action, '{spec.name}' is counted")
            return None
        window = natural_period(start, due, self.figures.rules)
        try:
            return replace(self.figures, period=window).read(
                spec.name, kpi, at, spec.target, assumed=False, is_kgi=False
            )
        except Unfit as error:
            self.say("target", str(error), error.hint)
            return None

    def _capacity(self) -> Capacity | None:
        spec = self.spec
        if spec.capacity is None:
            if spec.ramp is not None:
                self.say("ramp", f"'{spec.name}' has a ramp and no capacity", "write capacity: too")
            return None
        if spec.capacity.n.value < 0:
            self.say("capacity", f"the capacity of '{spec.name}' is below 0")
        if spec.ramp is None:
            return Capacity(spec.capacity.n.value, spec.capacity.per)
        begin = spec.ramp.from_.value if spec.ramp.from_ is not None else Fraction(0)
        if not 0 <= begin <= 1:
            self.say("ramp", f"the ramp of '{spec.name}' begins outside 0% to 100%")
        return Capacity(spec.capacity.n.value, spec.capacity.per, spec.ramp.over, begin)
