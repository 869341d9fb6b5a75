"""A new KPI as YAML, put at the end of its department's file without touching a character of the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from dagster_project.kpi.spec.kpis import KpiSpec
from dagster_project.kpi.yamlnodes import parse

# What each type can't do without, besides name, label, unit and direction.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "simple": ("entity", "agg"),
    "ratio": ("numerator", "denominator"),
    "derived": ("expr",),
    "cumulative": ("input_metric",),
    "conversion": ("base", "conversion", "window"),
    "stock": ("entity", "agg", "from"),
}
_ORDER = ("name", "label", "description", "type", "entity", "time", "agg", "expr", "filter")
_LAST = ("dimensions", "grains", "unit", "direction", "level", "funnel", "owner")
_ITEM = re.compile(r"^( *)- name:", re.M)


def keys() -> tuple[str, ...]:
    """Every key of a KPI, as written."""
    return tuple(info.alias or name for name, info in KpiSpec.model_fields.items())


def item(values: Mapping[str, str], label: Mapping[str, str], indent: int) -> str:
    """The KPI as a list item in blocks. `values`: key → text as it would be typed, `label`: language → text.
    A value in {...} or [...] is kept as it is; any other is quoted where YAML would read something else."""
    written = {"label": "{" + ", ".join(f"{k}: {_quoted(v, flow=True)}" for k, v in label.items()) + "}"}
    written |= {key: text if text[:1] in "{[" and text else _quoted(text) for key, text in values.items()}
    middle = [key for key in written if key not in (*_ORDER, *_LAST)]
    order = [key for key in (*_ORDER, *middle, *_LAST) if key in written]
    pad = " " * indent
    lines = [f"{pad}{'- ' if number == 0 else '  '}{key}: {written[key]}" for number, key in enumerate(order)]
    return "\n".join(lines) + "\n"


def appended(file: str | None, department: str, values: Mapping[str, str], label: Mapping[str, str]) -> str:
    """The text of the department's file (None: there is none yet) with the KPI at its end."""
    if file is None:
        head = "# yaml-language-server: $schema=../schema.json\n"
        return f"{head}department: {department}\nkpis:\n" + item(values, label, 2)
    found = _ITEM.search(file)
    return file.rstrip() + "\n\n" + item(values, label, len(found[1]) if found else 2)


def _quoted(text: str, *, flow: bool = False) -> str:
    read = parse(f"k: {{v: {text}}}" if flow else f"k: {text}", "")
    wanted: object = {"v": text} if flow else text
    plain = not read.issues and isinstance(read.data, dict) and read.data == {"k": wanted}
    return text if plain else json.dumps(text, ensure_ascii=False)
