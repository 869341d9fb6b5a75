"""Back-calculation: from the KGI's target and the assumptions to a target for every node that they fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from dagster_project.goals.algebra.equations import Equation, evaluate
from dagster_project.goals.algebra.order import Step, steps
from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.algebra.together import Endless, TooMany, solve_together

# Figures that differ by less are the same: people round what they write.
TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True)
class Conflict:
    """An equation that the figures can't satisfy. `message` says why; `hint`, what would do.

    `missing`: how much its left side is above what its right side comes to; None where that has no figure.
    `alone`: what each figure as given would have to be, the others as they are, for it to hold.
    """

    equation: Equation
    message: str
    missing: Fraction | None = None
    alone: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def hint(self) -> str:
        wanted = [f"{name} {show(value)}" for name, value in self.alone.items()]
        return f"to hold, one alone would have to be: {', or '.join(wanted)}" if wanted else ""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Solution:
    """`values`: of every name that is fixed. `derived_by`: for a name not given, its equation. `conflicts`:
    the equations that the figures break. `open_names`: names of the equations that too little is known of.
    """

    values: Mapping[str, Fraction]
    derived_by: Mapping[str, Equation]
    conflicts: tuple[Conflict, ...]
    open_names: tuple[str, ...]


def solve(
    equations: Sequence[Equation],
    given: Mapping[str, Fraction],
    root: str | None = None,
    pieces: Mapping[str, Fraction] | None = None,
) -> Solution:
    """Every value that follows from those given, exactly, and every equation that they break.

    Step by step (see order.steps); equations that must be solved together are, by sympy. Of several solutions
    the one without a negative figure is taken, where there is one such. `root`: the KGI, whose reach is said
    in conflicts further down. `pieces`: counts that are given in whole ones, and the size of one: a figure
    that is less than one above what it would have to be alone is that one rounded up, and agrees.
    """
    solver = _Solver(equations, dict(given))
    for step in steps(equations, given):
        solver.take(step)
    solver.check()
    names = dict.fromkeys(name for equation in equations for name in (equation.left, *equation.names))
    open_names = tuple(name for name in names if name not in solver.values)
    explained = [_explained(conflict, equations, given, root) for conflict in solver.conflicts]
    conflicts = tuple(conflict for conflict in explained if not _is_rounded_up(conflict, given, pieces or {}))
    return Solution(solver.values, solver.derived_by, conflicts, open_names)


@dataclass
class _Solver:
    equations: Sequence[Equation]
    values: dict[str, Fraction]
    derived_by: dict[str, Equation] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def take(self, step: Step) -> None:
        unknown = [name for equation in step.equations for name in (equation.left, *equation.names)]
        if any(name not in self.values and name not in step.names for name in unknown):
            return  # a step before it failed
        if len(step.names) == 1:
            try:
                value = step.equations[0].solve_for(step.names[0], self.values)
            except ZeroDivisionError:
                return
            if value is not None:
                self._keep({step.names[0]: value}, step)
                return
            if not step.equations[0].stands_twice(step.names[0]):
                return  # a factor of zero: no value does it, or any
        self._together(step)

    def _together(self, step: Step) -> None:
        first, texts = step.equations[0], " and ".join(f"'{e.text}'" for e in step.equations)
        try:
            found = solve_together(step.equations, step.names, self.values)
        except ZeroDivisionError:
            return
        except TooMany:
            message = f"{texts} hold {len(step.names)} unknowns at once, too many to solve together"
            self.conflicts.append(Conflict(first, f"{message}: give one of them a figure"))
            return
        except Endless:
            names = ", ".join(step.names)
            message = f"{texts} leave {names} open, since they say the same: give one of them a figure"
            self.conflicts.append(Conflict(first, message))
            return
        sound = [values for values in found if min(values.values()) >= 0]
        if len(found) != 1 and len(sound) == 1:
            found = sound
        if len(found) == 1:
            self._keep(found[0], step)
        elif found:
            choices = " or ".join(
                ", ".join(f"{name} {show(value)}" for name, value in values.items()) for values in found
            )
            self.conflicts.append(Conflict(first, f"{texts} hold for {choices}: give one of them a figure"))
        else:
            names = ", ".join(step.names)
            self.conflicts.append(Conflict(first, f"{texts} can't hold with these figures, whatever {names}"))

    def _keep(self, values: Mapping[str, Fraction], step: Step) -> None:
        self.values.update(values)
        for name in step.names:
            own = next((e for e in step.equations if e.left == name), None)
            self.derived_by[name] = own or next(e for e in step.equations if name in (e.left, *e.names))

    def check(self) -> None:
        told = {conflict.equation for conflict in self.conflicts}
        for equation in self.equations:
            found = None if equation in told else _check(equation, self.values)
            if found is not None:
                self.conflicts.append(found)


def _check(equation: Equation, values: Mapping[str, Fraction]) -> Conflict | None:
    unknown = [name for name in equation.names if name not in values]
    left = values.get(equation.left)
    if left is None or len(unknown) > 1:
        return None
    try:
        right = _whatever(equation, unknown[0], values) if unknown else evaluate(equation.right, values)
    except ZeroDivisionError:
        return Conflict(equation, f"'{equation.text}' divides by zero with these figures")
    if right is None or abs(left - right) <= TOLERANCE * max(abs(left), abs(right)):
        return None
    message = (
        f"'{equation.text}' does not hold: its right side comes to {show(right)}{_share(right, left)}, "
        f"but {equation.left} is {show(left)}: {_difference(left - right)}"
    )
    return Conflict(equation, message, left - right)


def _whatever(equation: Equation, name: str, values: Mapping[str, Fraction]) -> Fraction | None:
    """The right side where it is the same for any `name`, as a product with a factor of zero is."""
    at = {evaluate(equation.right, {**values, name: Fraction(guess)}) for guess in (1, 2, 7)}
    return at.pop() if len(at) == 1 else None


def _explained(
    conflict: Conflict, equations: Sequence[Equation], given: Mapping[str, Fraction], root: str | None
) -> Conflict:
    """The conflict with what each figure alone would have to be, and how far the KGI is reached."""
    if conflict.missing is None:
        return conflict
    alone: dict[str, Fraction] = {}
    for name in given:
        others = {key: value for key, value in given.items() if key != name}
        if name == root or not _bears_on(name, conflict.equation, equations):
            continue
        values, broken = _quietly(equations, others)
        if name in values and conflict.equation not in broken:
            alone[name] = values[name]
    message = conflict.message
    if root is not None and root in given and conflict.equation.left != root:
        values, _ = _quietly(equations, {key: value for key, value in given.items() if key != root})
        reached, wanted = values.get(root), given[root]
        if reached is not None and reached != wanted:
            message += (
                f". With these figures {root} comes to {show(reached)}{_share(reached, wanted)}, "
                f"but its target is {show(wanted)}: {_difference(wanted - reached)}"
            )
    return Conflict(conflict.equation, message, conflict.missing, alone)


def _is_rounded_up(conflict: Conflict, given: Mapping[str, Fraction], pieces: Mapping[str, Fraction]) -> bool:
    return any(
        name in pieces and 0 <= given[name] - alone < pieces[name] for name, alone in conflict.alone.items()
    )


def _quietly(
    equations: Sequence[Equation], given: Mapping[str, Fraction]
) -> tuple[Mapping[str, Fraction], set[Equation]]:
    solver = _Solver(equations, dict(given))
    for step in steps(equations, given):
        solver.take(step)
    solver.check()
    return solver.values, {conflict.equation for conflict in solver.conflicts}


def _bears_on(name: str, equation: Equation, equations: Sequence[Equation]) -> bool:
    """Whether some chain of equations leads from the name to the equation."""
    reached = {name}
    grows = True
    while grows:
        touching = [e for e in equations if reached & {e.left, *e.names}]
        more = reached | {other for e in touching for other in (e.left, *e.names)}
        grows, reached = more != reached, more
    return equation.left in reached


def _share(part: Fraction, whole: Fraction) -> str:
    return f", {show(part / whole * 100)} % of it" if whole else ""


def _difference(missing: Fraction) -> str:
    return f"{show(missing)} is missing" if missing > 0 else f"{show(-missing)} too much"
