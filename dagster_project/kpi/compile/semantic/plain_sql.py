"""Expressions as SQL without macros: dbt reads the YAML of semantic models before it has any.

The SQL is DuckDB's: whoever answers a metric hands it to the engine untouched.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, StrictUndefined


def _seconds(first: str, last: str) -> str:
    return f"date_diff('second', cast({first} as timestamp), cast({last} as timestamp))"


_FUNCTIONS = {
    "days_between": lambda first, last: f"date_diff('day', {first}, {last})",
    "hours_between": lambda first, last: f"({_seconds(first, last)} / 3600.0)",
    "minutes_between": lambda first, last: f"({_seconds(first, last)} / 60.0)",
}


@cache
def _environment() -> Environment:
    return Environment(undefined=StrictUndefined, autoescape=False)


def plain(sql: str) -> str:
    """`sql` with our macros written out."""
    return _environment().from_string(sql).render(_FUNCTIONS) if "{{" in sql else sql
