"""`targets_from:` resolved: the figures of a sheet in the place of targets, its months as phasing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath

from dagster_project.calendar.fiscal import Period
from dagster_project.goals.algebra.equations import parse
from dagster_project.goals.algebra.rounding import figure as show
from dagster_project.goals.given import Unfit, check_unit
from dagster_project.goals.resolve.target_sheet import NotReadable, SheetRow, agrees, as_compared, read_sheet
from dagster_project.goals.spec.forms import TargetSpec
from dagster_project.goals.spec.goal import GoalSpec, NodeSpec
from dagster_project.goals.spec.sheet import TargetsFromSpec
from dagster_project.goals.targets.phasing import months_of
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Definitions
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.text import Quantity
from dagster_project.kpi.units import is_currency


@dataclass(frozen=True)
class Imported:
    """A goal with the sheet's figures written into it. `months`: of a node that grows, in proportion."""

    written: Written[GoalSpec]
    months: Mapping[str, tuple[Fraction, ...]] = field(default_factory=dict)


def import_targets(
    written: Written[GoalSpec], period: Period | None, definitions: Definitions, folder: Path | None
) -> tuple[Imported, list[Issue]]:
    """The goal with its sheet's targets, and what is wrong with the sheet, by its file and line.

    folder: kpi_definitions/. Without `targets_from:` the goal as it is.
    """
    spec = written.spec.targets_from
    if spec is None or period is None:
        return Imported(written), []
    path = PurePosixPath(spec.file.replace("\\", "/"))
    if folder is None or path.is_absolute() or ".." in path.parts:
        message = f"'{spec.file}' is no file below kpi_definitions/"
        return Imported(written), [written.issue(("targets_from", "file"), message)]
    importer = _Importer(written, definitions, period, spec, (folder / path, f"kpi_definitions/{path}"))
    try:
        return importer.read()
    except NotReadable as error:
        message = f"{spec.file}: {error}"
        return Imported(written), [written.issue(("targets_from", "file"), message, error.hint)]


class _Importer:
    def __init__(
        self,
        written: Written[GoalSpec],
        definitions: Definitions,
        period: Period,
        spec: TargetsFromSpec,
        file: tuple[Path, str],
    ) -> None:
        self.written, self.spec, self.period = written, spec, period
        self.path, self.shown = file
        known = {kpi.name: kpi for kpi in definitions.kpis}
        self.kpis = {name: known[kpi] for name, kpi in _nodes(written.spec).items() if kpi in known}
        self.issues: list[Issue] = []
        self.targets: dict[str, Quantity] = {}
        self.months: dict[str, tuple[Fraction, ...]] = {}

    def read(self) -> tuple[Imported, list[Issue]]:
        nodes = self._named()
        units = {name: Decimal(1) for name in nodes}
        if self.spec.unit is not None:
            one = Decimal(self.spec.unit.value.numerator) / Decimal(self.spec.unit.value.denominator)
            units |= {name: one for name, node in nodes.items() if is_currency(self.kpis[node].unit)}
        wanted = units if self.spec.rows else None
        sheet = read_sheet(self.path, self.shown, self.spec, months_of(self.period), wanted, units)
        self.issues += sheet.issues
        lines: dict[str, int] = {}
        for row in sheet.rows:
            node = nodes.get(row.name)
            if node is None:
                hint = suggest(row.name, nodes) or "say which rows are meant with rows: {name: node}"
                self._say(row, f"'{row.name}' is no node of the goal", hint)
            elif node in lines:
                self._say(row, f"a second row for '{node}'; the first is on line {lines[node]}")
            else:
                lines[node] = row.line
                self._take(node, row)
        for name in self.spec.rows:
            if as_compared(name) not in {row.name for row in sheet.rows} and not sheet.issues:
                message = f"{self.spec.file} has no row '{name}'"
                self.issues.append(self.written.issue(("targets_from", "rows", name), message))
        return Imported(self._with(), self.months), self.issues

    def _named(self) -> dict[str, str]:
        """What a row may be called → its node: as mapped, else the node's name and its KPI's labels."""
        if self.spec.rows:
            for name, node in self.spec.rows.items():
                if node not in self.kpis:
                    hint = suggest(node, self.kpis)
                    place = ("targets_from", "rows", name)
                    self.issues.append(self.written.issue(place, f"'{node}' is no node of the goal", hint))
            return {as_compared(name): node for name, node in self.spec.rows.items() if node in self.kpis}
        found: dict[str, str] = {}
        for node, kpi in self.kpis.items():
            entry = self.written.spec.nodes.get(node)
            label = entry.label if entry is not None and entry.label is not None else None
            names = {label.ja, label.en} if label is not None else {kpi.label.ja, kpi.label.en}
            found |= {as_compared(name): node for name in names if name}
        return found | {node: node for node in self.kpis}

    def _take(self, node: str, row: SheetRow) -> None:
        """A row's figures as the node's target and, of what grows, its phasing."""
        spec = self.written.spec
        entry = spec.nodes.get(node, NodeSpec())
        has = spec.kgi.target if node == spec.kgi.kpi else entry.target or entry.assume
        if has is not None:
            line = self.written.document.position(("kgi",) if node == spec.kgi.kpi else ("nodes", node))[0]
            self._say(row, f"'{node}' has a figure in the goal, too (line {line})", "remove one")
            return
        kpi = self.kpis[node]
        target: Fraction
        if not row.months:
            assert row.total is not None
            target = row.total
        elif kpi.grows:
            wrong = agrees(row)
            negative = any(value < 0 for value in row.months)
            if wrong is not None or negative:
                self._say(row, wrong or "a month is below 0: the target can't be spread over it")
                return
            target = sum(row.months, Fraction(0))
            self.months[node] = row.months if target else ()
        elif kpi.is_level:
            target = row.months[-1]
        elif row.total is not None:
            target = row.total
        elif len(set(row.months)) == 1:
            target = row.months[0]
        else:
            shown = ", ".join(dict.fromkeys(show(value) for value in row.months))
            message = f"'{node}' does not add up over months, and they differ ({shown})"
            self._say(row, message, "add a column 合計 or total with its target for the whole period")
            return
        quantity = Quantity(target, "percent" if row.is_percent else "number", relative=False)
        try:
            check_unit(node, kpi, quantity)
        except Unfit as error:
            self._say(row, str(error), error.hint)
        self.targets[node] = quantity

    def _say(self, row: SheetRow, message: str, hint: str = "") -> None:
        self.issues.append(Issue(self.shown, row.line, 1, self.written.subject, message, hint))

    def _with(self) -> Written[GoalSpec]:
        spec, changed = self.written.spec, dict[str, object]()
        nodes = dict(spec.nodes)
        for node, quantity in self.targets.items():
            target = TargetSpec(figure=quantity)
            if node == spec.kgi.kpi:
                changed["kgi"] = spec.kgi.model_copy(update={"target": target})
            else:
                nodes[node] = nodes.get(node, NodeSpec()).model_copy(update={"target": target})
        return replace(self.written, spec=spec.model_copy(update={**changed, "nodes": nodes}))


def _nodes(spec: GoalSpec) -> dict[str, str]:
    """The goal's nodes → the KPI of each, as far as they can be told."""
    names = [spec.kgi.kpi, *spec.nodes, *spec.drivers]
    for text in spec.tree:
        try:
            equation = parse(text)
        except ValueError:
            continue  # it is told where the tree is read
        names += [equation.left, *equation.names]
    return {name: (spec.nodes[name].kpi if name in spec.nodes else None) or name for name in names}
