"""Which keys belong to which type of KPI and to which form of operand: a key that says nothing is a slip."""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.kpi.spec.base import Loc, Written
from dagster_project.kpi.spec.kpis import KpiSpec, MeasureSpec, OperandSpec

Finding = tuple[Loc, str, str]

_MEASURED = ("simple", "stock")
_WITH_OPERANDS = ("simple", "stock", "ratio", "conversion")
_TYPES_OF: dict[str, tuple[str, ...]] = {
    "entity": _WITH_OPERANDS,
    "time": _WITH_OPERANDS,
    "agg": _MEASURED,
    "filter": _MEASURED,
    "expr": (*_MEASURED, "derived"),
    "percentile": ("simple",),
    "having": ("simple",),
    "also_in": ("simple",),
    "spread": ("simple",),
    "from_": ("stock",),
    "through": ("stock",),
    "until": ("stock",),
    "series": ("stock",),
    "carry": ("stock",),
    "period_agg": ("stock",),
    "numerator": ("ratio",),
    "denominator": ("ratio",),
    "basis": ("ratio",),
    "scale": ("ratio",),
    "input_metrics": ("derived",),
    "input_metric": ("cumulative",),
    "grain_to_date": ("cumulative",),
    "window": ("cumulative", "conversion"),
    "base": ("conversion",),
    "conversion": ("conversion",),
    "match": ("conversion",),
    "allow_before": ("conversion",),
    "immature": ("conversion",),
    "when_no_data": _MEASURED,
}
_OF_OPERANDS = tuple(MeasureSpec.model_fields)
_OF_NAMED = ("name", "filter", "alias", "offset_window", "period_agg")


def written_key(field: str) -> str:
    """The key as it is written in YAML."""
    return field.rstrip("_")


def keys_of_type(item: Written[KpiSpec]) -> Iterator[Finding]:
    """Keys of another type than the KPI's."""
    kind = item.spec.type
    for field in sorted(item.spec.model_fields_set & _TYPES_OF.keys()):
        types = _TYPES_OF[field]
        if kind in types:
            continue
        key = written_key(field)
        if field in _OF_OPERANDS and kind in ("ratio", "conversion"):
            yield (key,), f"'{key}' belongs to an operand", "{" + f"{key}: ..." + "}"
        elif field == "scale":
            yield (key,), f"'{key}' belongs to type ratio", "multiply in expr"
        elif field == "when_no_data":
            yield (key,), f"'{key}' belongs to type simple or stock", "say it where the operand is defined"
        else:
            yield (key,), f"'{key}' belongs to type {' or '.join(types)}", f"type: {types[0]}"


def keys_of_operand(operand: OperandSpec, place: Loc, *, in_formula: bool) -> Iterator[Finding]:
    """Keys that the form of an operand gives no meaning: by name, or written out."""
    for field in sorted(operand.model_fields_set):
        key = written_key(field)
        if operand.name is not None and field not in _OF_NAMED:
            yield (*place, key), f"'{key}' comes with KPI '{operand.name}'", "remove it, or the name"
        if operand.name is None and field == "offset_window":
            hint = "define it as a KPI of its own, and name that"
            yield (*place, key), "only a KPI that is named can be moved back", hint
        if field == "alias" and not in_formula:
            yield (*place, key), "an alias is for the formula of a derived KPI", "remove it"
