"""Which equation gives which name: decided by what is known, before any figure is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagster_project.goals.algebra.equations import Equation


@dataclass(frozen=True)
class Step:
    """Equations that fix so many names together; mostly one equation and one name."""

    equations: tuple[Equation, ...]
    names: tuple[str, ...]


def steps(equations: Sequence[Equation], known: Collection[str]) -> tuple[Step, ...]:
    """The steps from the known names to all that they fix, each resting on those before it.

    An equation with one unknown gives it. Where no such equation is left, the smallest set of equations with
    as many unknowns gives them together. Names that no step gives are open: too little is known.
    """
    return tuple(_steps(equations, set(known)))


def _steps(equations: Sequence[Equation], known: set[str]) -> Iterator[Step]:
    while True:
        open_names = {
            index: unknown
            for index, equation in enumerate(equations)
            if (unknown := [name for name in (equation.left, *equation.names) if name not in known])
        }
        single = next((index for index, unknown in open_names.items() if len(unknown) == 1), None)
        chosen = [single] if single is not None else _smallest_block(open_names)
        if not chosen:
            return
        names = tuple(dict.fromkeys(name for index in chosen for name in open_names[index]))
        known |= set(names)
        yield Step(tuple(equations[index] for index in chosen), names)


def _smallest_block(open_names: Mapping[int, Sequence[str]]) -> list[int]:
    """The fewest equations that hold no more unknowns than they are; [] where there are none."""
    giver = _matched(open_names)
    blocks: list[list[int]] = []
    for name in giver:
        block: set[int] = set()
        waiting = [name]
        while waiting and waiting[-1] in giver:
            index = giver[waiting.pop()]
            if index not in block:
                block.add(index)
                waiting += open_names[index]
        if not waiting:
            blocks.append(sorted(block))
    return min(blocks, key=lambda block: (len(block), block), default=[])


def _matched(open_names: Mapping[int, Sequence[str]]) -> dict[str, int]:
    """A largest matching of names to equations, each equation giving one name (augmenting paths)."""
    giver: dict[str, int] = {}

    def give(index: int, tried: set[str]) -> bool:
        for name in open_names[index]:
            if name not in tried:
                tried.add(name)
                if name not in giver or give(giver[name], tried):
                    giver[name] = index
                    return True
        return False

    for index in open_names:
        give(index, set())
    return giver
