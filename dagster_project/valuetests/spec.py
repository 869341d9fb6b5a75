"""tests/*.yml as written: small worlds of rows, and what KPIs must be in them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.spec.base import Bool, Day, Identifier, Spec, Text
from dagster_project.kpi.text import parse_quantity


def _value(value: Any) -> Fraction:
    if not isinstance(value, str):
        raise ValueError("a figure is wanted here, such as 1_000_000, 20% or 2/3")
    parts = value.split("/")
    if len(parts) > 2:
        raise ValueError(f"'{value}' is not a figure; write 1_000_000, 20% or 2/3")
    numbers = [parse_quantity(part.strip()).value for part in parts]
    if len(numbers) == 2 and numbers[1] == 0:
        raise ValueError(f"'{value}' divides by zero; write no_value: zero_denominator")
    return numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"\d{1,4}", value):
        raise ValueError(f"'{value}' is not a whole number")
    return int(value)


def _month(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})-(\d{2})", value) if isinstance(value, str) else None
    if match is None or not 1 <= int(match[2]) <= 12:
        raise ValueError(f"'{value}' is not a month; write it as 2026-05")
    return int(match[1]), int(match[2])


def _one_dimension(value: Any) -> Any:
    if isinstance(value, dict) and len(value) != 1:
        raise ValueError("one dimension is wanted, such as {team: east}")
    return value


def _rows(value: Any) -> Any:
    return {"table": value} if isinstance(value, str) else {"rows": value}


Value = Annotated[Any, BeforeValidator(_value), WithJsonSchema({"type": ["number", "string"]})]
Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
Month = Annotated[
    Any, BeforeValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})
]


class GivenSpec(Spec):
    """The rows of a source: a list of {column: value}, or a table whose first line names the columns."""

    rows: list[dict[Text, Text | None]] | None = Field(None, description="one {column: value} a row")
    table: Text | None = Field(None, description="lines of values with commas between; the first names them")


class ExpectSpec(Spec):
    """What a KPI must be in one period: a value, no value for a reason, or no row."""

    kpi: Identifier = Field(description="the KPI")
    day: Day | None = Field(None, description="the day, as 2026-05-01")
    week: Day | None = Field(None, description="the first day of the week")
    month: Month | None = Field(None, description="the month, as 2026-05")
    fiscal_year: Whole | None = Field(None, description="the fiscal year, by its first calendar year")
    quarter: Whole | None = Field(None, description="1 to 4, of the fiscal_year")
    half: Whole | None = Field(None, description="1 or 2, of the fiscal_year")
    all: Bool | None = Field(None, description="true: over all days, rows without a date included")
    where: Annotated[dict[Identifier, Text], BeforeValidator(_one_dimension)] | None = Field(
        None, description="one segment: {team: east}; default: the total"
    )
    value: Value | None = Field(None, description="by hand: 1_000_000, 20% or a fraction such as 2/3")
    no_value: Text | None = Field(
        None, description="the row has no value, and says so: no_data, zero_denominator, not_mature, ..."
    )
    no_row: Bool | None = Field(None, description="true: there is no such row")
    status: Text | None = Field(None, description="data_status, where it matters: final, provisional, ...")
    because: Text | None = Field(None, description="how the figure comes about, for who reads a failure")


class ValueTestSpec(Spec):
    """A small world: rows of sources as exports hold them, and what KPIs must be in it."""

    test: Identifier = Field(description="its name")
    says: Text | None = Field(None, description="what it shows, for people")
    as_of: Day = Field(description="the last complete day that is known")
    known_from: Day | None = Field(
        None, description="the first day that sources know; default: the first of the fiscal year of as_of"
    )
    given: dict[
        Identifier,
        Annotated[
            GivenSpec,
            BeforeValidator(_rows),
            WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]}),
        ],
    ] = Field(description="rows by source, in the export's own values; a source that is not named has none")
    expect: list[ExpectSpec] = Field(min_length=1, description="what must come out")


class ValueTestFileSpec(Spec):
    """tests/*.yml"""

    tests: list[ValueTestSpec] = Field(description="small worlds, each with what must come out")
