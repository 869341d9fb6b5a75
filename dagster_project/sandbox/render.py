"""dbt's templates rendered without dbt: the little of its Jinja that our models use, for DuckDB.

`ref` and `source` are tables of the schemas `main`, `landing`, `night` and `definitions`; macros come from
dbt/macros, dispatched to DuckDB's where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from dagster_project.project import HAND_WRITTEN_DBT


@dataclass
class Model:
    """A rendered model: a select, whether it is a table or a view, and the models that it reads."""

    name: str
    sql: str = ""
    materialized: str = "table"
    reads: list[str] = field(default_factory=list)


class _Adapter:
    """adapter.dispatch: the macro for DuckDB, else the one for all."""

    def __init__(self, macros: dict[str, Any]) -> None:
        self._macros = macros

    def dispatch(self, name: str, package: str) -> Any:
        return self._macros.get(f"duckdb__{name}") or self._macros[f"default__{name}"]


@cache
def _environment() -> Environment:
    environment = Environment(undefined=StrictUndefined)  # SQL, not HTML: nothing to escape
    macros: dict[str, Any] = {}
    environment.globals["adapter"] = _Adapter(macros)
    environment.globals["return"] = lambda value: value
    environment.globals["env_var"] = lambda name, default="": default
    files = sorted((HAND_WRITTEN_DBT / "macros").glob("*.sql"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    module = environment.from_string(text).make_module()
    macros.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
    environment.globals.update(macros)
    # In memory everything is built from nothing: no model waits for the one that lists its parts, and there
    # are no rows to keep.
    environment.globals["parts_come_from"] = lambda model: ""
    environment.globals["kept_rows"] = lambda model: macros["no_kept_rows"]()
    return environment


@cache
def _template(text: str) -> Template:
    return _environment().from_string(text)


def render(name: str, text: str) -> Model:
    """The model of this name and template."""
    model = Model(name)

    def config(**settings: Any) -> str:
        kind = settings.get("materialized", model.materialized)
        model.materialized = "view" if kind == "view" else "table"
        return ""

    def ref(other: str) -> str:
        model.reads.append(other)
        return f'main."{other}"'

    def source(schema: str, table: str) -> str:
        return f'{schema}."{table}"'

    model.sql = _template(text).render(config=config, ref=ref, source=source)
    return model


@cache
def hand_written() -> dict[str, Path]:
    """Model name → file, of every model in dbt/models that is not generated."""
    models = HAND_WRITTEN_DBT / "models"
    return {
        path.stem: path
        for path in sorted(models.rglob("*.sql"))
        if path.relative_to(models).parts[0] != "generated"
    }
