"""Amounts in several currencies, in staging: each becomes one in the project's, or NULL and is told."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.sql import (
    as_of,
    ctes,
    generated_yaml,
    landed,
    literal,
    quoted,
    ref,
    select,
)
from dagster_project.kpi.model import SQL_TYPES, Definitions, Rates, Source
from dagster_project.kpi.resolve.rates import currency_columns

ORIGINAL = "__original"  # the amount as it was landed, beside the converted one


def ranked(source: Source) -> str:
    """The landed rows of a by_key source, numbered from the newest of each key."""
    key = ", ".join(source.key)
    return (
        "select\n    *,\n"
        f"    row_number() over (\n        partition by {key}\n"
        "        order by version desc nulls last, _file desc, _line desc\n    ) as newest\n"
        f"from {landed(source.name)}"
    )


def converted(source: Source, columns: Sequence[str]) -> str:
    """The rest of a staging model whose money is converted. Without rate or currency: no amount.

    `columns`: those that the model has. The rate is the newest up to the row's day; an empty day takes the
    newest that the night knows.
    """
    kinds = list(dict.fromkeys(column.rates for column in source.columns if column.rates))
    dated = [f"{_day(kind)} as rate_day_{number}" for number, kind in enumerate(kinds, start=1)]
    parts = [("rows_as_landed", select(["*", *dated], landed(source.name)))]
    if source.load == "by_key":
        newest = select(["*", *dated], "ranked", "where newest = 1")
        parts = [("ranked", ranked(source)), ("rows_as_landed", newest)]
    parts += [(f"rates_{number}", _rates(kind)) for number, kind in enumerate(kinds, start=1)]
    joins = [line for number, kind in enumerate(kinds, start=1) for line in _join(number, kind)]
    found = {column.name: column for column in source.columns}
    selected = []
    for name in columns:
        rates = found[name].rates if name in found else None
        if rates is None:
            selected.append(f"rows_as_landed.{name}")
            continue
        amount = f"rows_as_landed.{name}"
        own = f"rows_as_landed.{rates.currency_column} = {literal(rates.into)}"
        rate = f"rates_{kinds.index(rates) + 1}.rate"
        value = f"case when {own} then {amount} else {amount} * {rate} end"
        selected.append(f"cast({value} as {SQL_TYPES['money']}) as {name}")
        selected.append(f"{amount} as {name}{ORIGINAL}")
    return ctes(parts, select(selected, "rows_as_landed", *joins))


def _rates(rates: Rates) -> str:
    """Each rate with the day on which the next one of its currency takes its place."""
    day = f"cast({rates.day} as date)"
    columns = [
        f"{rates.code} as currency",
        f"{day} as first_day",
        f"lead({day}) over (partition by {rates.code} order by {day}) as next_day",
        f"cast({rates.rate} as decimal(18, 8)) as rate",
    ]
    condition = f"where {rates.rate} is not null and {day} <= {as_of()}"
    return select(columns, ref(f"stg_{rates.source}"), condition)


def _day(rates: Rates) -> str:
    return f"coalesce(cast({rates.rate_on} as date), {as_of()})"


def _join(number: int, rates: Rates) -> list[str]:
    name, day = f"rates_{number}", f"rows_as_landed.rate_day_{number}"
    return [
        f"left join {name}",
        f"    on {name}.currency = rows_as_landed.{rates.currency_column}",
        f"    and {name}.first_day <= {day}",
        f"    and ({name}.next_day is null or {name}.next_day > {day})",
    ]


def currencies_yaml(definitions: Definitions) -> str:
    """Tests of staging models: amounts without a rate are told; undeclared currencies stop the night."""
    lines: list[str] = []
    for source in definitions.sources:
        tests = []
        for column in source.columns:
            if column.rates is None:
                continue
            condition = f"{column.name}{ORIGINAL} is not null and {column.name} is null"
            says = f"have {column.name} in a currency without a rate: it counts nowhere"
            tests += [
                "      - rows_left_out:",
                f"          name: without_rate_{source.name}__{column.name}",
                "          arguments:",
                f"            condition: {quoted(condition)}",
                f"            says: {quoted(says)}",
                "          config: {severity: warn}",
            ]
        for name in currency_columns(source):
            tests += [
                "      - one_value:",
                f"          name: one_currency_{source.name}__{name}",
                f"          arguments: {{column: {name}}}",
            ]
        if tests:
            lines += [f"  - name: stg_{source.name}", "    data_tests:", *tests]
    if not lines:
        return ""
    return generated_yaml("kpi_definitions/sources") + "models:\n" + "\n".join(lines) + "\n"
