"""Templates of goals: trees that many companies share, and how they are bound to a company's KPIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field

from dagster_project.goals.algebra.equations import parse
from dagster_project.goals.spec.forms import WhereField
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import Definitions, Kpi, Label
from dagster_project.kpi.spec.base import (
    Identifier,
    Identifiers,
    LabelField,
    Spec,
    Text,
    Texts,
    resolve_label,
)
from dagster_project.kpi.text import parse_quantity
from dagster_project.kpi.yamlnodes import read

FOLDER = Path(__file__).resolve().parent


class TemplateNodeSpec(Spec):
    """What measures a node where no KPI has its name."""

    kpi: Identifier
    where: WhereField | None = None


class TemplateSpec(Spec):
    """templates/<name>.yml; its first line says in a comment what it is for."""

    label: LabelField
    kgi: Identifier
    growth: Text = Field(description="of the KGI's target on the year before, such as 10%")
    tree: Texts
    assumed: Identifiers = Field(description="nodes whose figures the others rest on")
    nodes: dict[Identifier, TemplateNodeSpec] = Field(default_factory=dict)
    drivers: Identifiers = Field(default_factory=list, description="watched, where the company has them")
    phasing: Literal["calendar_days", "business_days"] = "calendar_days"


@dataclass(frozen=True)
class Template:
    """A template as read. `needs`: every node of its tree, the KGI first."""

    name: str
    about: str
    spec: TemplateSpec

    @property
    def label(self) -> Label:
        return resolve_label(self.spec.label, self.name)

    @property
    def growth(self) -> Fraction:
        return parse_quantity(self.spec.growth).value

    @property
    def needs(self) -> tuple[str, ...]:
        equations = [parse(text) for text in self.spec.tree]
        names = [name for equation in equations for name in (equation.left, *equation.names)]
        return tuple(dict.fromkeys([self.spec.kgi, *names]))


@dataclass(frozen=True)
class Binding:
    """The KPI that measures a node, and the one segment at which it is read, if not in total."""

    kpi: Kpi
    where: tuple[str, str] | None

    @property
    def slice(self) -> tuple[str, str, str]:
        return (self.kpi.name, *(self.where or ("total", "total")))


def templates() -> dict[str, Template]:
    """The shipped templates, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.yml")):
        about = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        found[path.stem] = Template(path.stem, about, TemplateSpec.model_validate(read(path, path.name).data))
    return found


def bind(
    template: Template,
    definitions: Definitions,
    uses: Mapping[str, tuple[str, tuple[str, str] | None]],
    where: tuple[str, str] | None,
) -> tuple[dict[str, Binding], list[str]]:
    """(node → what measures it, what is missing in words).

    A node is measured by what `uses` names, else by the KPI of its own name, else by what the template has.
    `where` holds for every node whose KPI has that dimension and that has no segment of its own.
    """
    known = {kpi.name: kpi for kpi in definitions.kpis}
    bound: dict[str, Binding] = {}
    missing: list[str] = []
    for node in template.needs:
        kpi, own = _wanted(template, node, uses, known)
        if kpi not in known:
            hint = suggest(kpi, known)
            missing.append(f"{node}: no KPI '{kpi}'" + (f" ({hint})" if hint else ""))
            continue
        given = known[kpi]
        if own is not None and own[0] not in given.dimensions:
            has = ", ".join(given.dimensions) or "none"
            missing.append(f"{node}: KPI '{kpi}' has no dimension '{own[0]}' (it has: {has})")
            continue
        bound[node] = Binding(given, own or (where if where and where[0] in given.dimensions else None))
    return bound, missing


def _wanted(
    template: Template,
    node: str,
    uses: Mapping[str, tuple[str, tuple[str, str] | None]],
    known: Iterable[str],
) -> tuple[str, tuple[str, str] | None]:
    if node in uses:
        return uses[node]
    spec = template.spec.nodes.get(node)
    if node in known or spec is None:
        return node, None
    return spec.kpi, next(iter(spec.where.items())) if spec.where else None
