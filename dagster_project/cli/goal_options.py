"""The options of `kpi new goal` as typed. Each function raises UsageError for what can't be meant."""

from __future__ import annotations

from fractions import Fraction

from dagster_project.errors import UsageError
from dagster_project.goals.templates.template import Template
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.text import identifier, parse_quantity

Segment = tuple[str, str]


def name_of(text: str) -> str:
    try:
        return identifier(text)
    except ValueError as error:
        raise UsageError(f"--name {text}: {error}") from error


def segment_of(text: str) -> Segment:
    dimension, equals, segment = text.partition("=")
    if not (dimension and equals and segment):
        raise UsageError(f"'{text}' is no segment; write DIMENSION=SEGMENT, such as channel=b2b")
    return dimension, segment


def _of_node(template: Template, text: str, option: str) -> tuple[str, str]:
    node, equals, value = text.partition("=")
    if not (equals and value):
        raise UsageError(f"{option} {text}: write NODE=..., such as {template.spec.kgi}=...")
    if node not in template.needs:
        hint = suggest(node, template.needs) or f"it has: {', '.join(template.needs)}"
        raise UsageError(f"{option} {text}: the template has no node '{node}'; {hint}")
    return node, value


def uses_of(template: Template, given: tuple[str, ...]) -> dict[str, tuple[str, Segment | None]]:
    found: dict[str, tuple[str, Segment | None]] = {}
    for text in given:
        node, value = _of_node(template, text, "--use")
        kpi, at, segment = value.partition("@")
        found[node] = (kpi, segment_of(segment) if at else None)
    return found


def figures_of(template: Template, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        node, value = _of_node(template, text, "--set")
        if node not in (template.spec.kgi, *template.spec.assumed):
            raise UsageError(f"--set {text}: '{node}' follows from the others")
        try:
            parse_quantity(value)
        except ValueError as error:
            raise UsageError(f"--set {text}: {error}") from error
        found[node] = value
    return found


def growth_of(text: str | None, template: Template) -> Fraction:
    if text is None:
        return template.growth
    try:
        quantity = parse_quantity(text)
    except ValueError as error:
        raise UsageError(f"--growth {text}: {error}") from error
    if quantity.form != "percent":
        raise UsageError(f"--growth {text}: write it as 10% or -5%")
    return quantity.value
