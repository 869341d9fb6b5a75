"""What is added up by day from a table that is written in parts, is itself written in parts: a day is added
up again only where rows of it were written again."""

from __future__ import annotations

from dagster_project.kpi.compile.sql import literal
from dagster_project.kpi.model import Entity

# dbt model that an entity may be → the table behind it, and the columns that ga4_dates knows its days by
IN_PARTS = {
    "ga4_events": ("ga4_flat", ("event_at",)),
    "ga4_sessions": ("ga4_sessions", ("started_at", "ended_at")),
}
TESTED_KEYS = {"ga4_events": ("event_id",), "ga4_sessions": ("session_id",)}  # by tests of those tables
DAYS = "ga4_dates"
THIS_PART = "{{ this_part() }}"


def is_in_parts(entity: Entity, time: str) -> bool:
    """Are the rows of a day those of the table alone? Not where other entities are looked up, or earlier rows
    of the entity itself: these may change what a day's rows say."""
    _, times = IN_PARTS.get(entity.model or "", ("", ()))
    is_plain = all(column.kind == "given" for column in entity.columns)
    return time in times and is_plain and not entity.lookups and not entity.group_by


def by_day_config(entity: Entity, time: str, *, remembers: bool = False) -> str:
    """The head of a model with a row a `date` and more, in place of materialized='table'. remembers: others
    have to know which dates were written again."""
    table, _ = IN_PARTS[str(entity.model)]
    kept = "    remembers={'date': 'date'},\n" if remembers else ""
    return (
        "{{ config(\n    materialized='in_parts',\n    part_column='date',\n"
        f"    reads_by='{time}',\n"
        f'    parts="main.{DAYS} where model = {literal(table)} and time = {literal(time)}",\n{kept}'
        ") }}\n{{ parts_come_from('" + DAYS + "') }}\n\n"
    )


def since_config(entity: Entity, time: str) -> str:
    """The head of arrivals_<...>, whose rows hang on all days before theirs."""
    dimensions = ", ".join(literal(dimension.name) for dimension in entity.dimensions)
    return (
        "{{ config(\n    materialized='in_parts',\n    part_column='date',\n    reads_by='date',\n"
        f"    parts=arrival_parts({literal(entity.name)}, {literal(time)}, [{dimensions}]),\n"
        ") }}\n\n"
    )
