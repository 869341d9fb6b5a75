"""Measures that need rows of their own before they add up by day: conversions and amounts over spans."""

from __future__ import annotations

from dagster_project.kpi.compile.shapes import by_day, dated, segments
from dagster_project.kpi.compile.sql import COUNTED, as_of, config, ctes, generated, not_null, ref, select
from dagster_project.kpi.model import Conversion, Entity, Measure


def conversion_model(entity: Entity, measure: Measure) -> str:
    """Base rows that came to the other end within the window, each counted once, by their own date."""
    converts = measure.converts
    assert converts is not None
    base_date = dated(entity, measure.time)
    condition = (
        f"({converts.filter}) and {converts.time} is not null"
        if converts.filter
        else f"{converts.time} is not null"
    )
    reached = f"cast({converts.time} as date)"
    until_as_of = f"{reached} <= {as_of()}"
    kept = f"where ({measure.filter})" if measure.filter else ""
    base_columns = [*entity.key, f"{base_date} as date", *segments(entity)]
    if converts.match is not None and converts.match not in entity.key:
        base_columns.append(converts.match)
    parts = [("base_rows", select(base_columns, ref(entity.name), *([kept] if kept else [])))]
    if converts.match is None:
        parts[0] = (
            "base_rows",
            select(
                [
                    *base_columns,
                    f"case when {condition} and {until_as_of} then {reached} end as reached_on",
                ],
                ref(entity.name),
                *([kept] if kept else []),
            ),
        )
        within = _within("base_rows.date", "base_rows.reached_on", converts)
        contributions = select(
            ["date", *(f"{d.name}__segment" for d in entity.dimensions), f"1 as {measure.name}"],
            "base_rows",
            f"where {within}",
        )
    else:
        parts.append(
            (
                "reached",
                select(
                    [converts.match, f"{reached} as reached_on"],
                    ref(converts.entity),
                    f"where {condition} and {until_as_of} and {converts.match} is not null",
                ),
            )
        )
        within = _within("base_rows.date", "reached.reached_on", converts)
        parts.append(
            (
                "converted",
                # Distinct: a base row that came there twice still counts once.
                f"select distinct base_rows.*\nfrom base_rows\ninner join reached\n"
                f"    on reached.{converts.match} = base_rows.{converts.match}\n    and {within}",
            )
        )
        contributions = select(
            ["date", *(f"{d.name}__segment" for d in entity.dimensions), f"1 as {measure.name}"], "converted"
        )
    parts.append(("contributions", contributions))
    totals = [f"cast(nullif(count({measure.name}), 0) as {COUNTED}) as {measure.name}"]
    return generated(entity.where.file) + config(materialized="table") + ctes(parts, by_day(entity, totals))


def _within(base: str, reached: str, converts: Conversion) -> str:
    conditions = [f"{reached} >= {{{{ add_days('{base}', {-converts.before}) }}}}"]
    if converts.window is not None:
        conditions.append(f"{reached} <= {{{{ add_days('{base}', {converts.window}) }}}}")
    return " and ".join(conditions)


def _share(weight: str) -> str:
    return f"cast(round(amount * {weight} / nullif(weight_in_all, 0), 4) as {COUNTED})"


def _all_days() -> list[str]:
    # Counted, not summed over the calendar's rows: a span may end after the calendar does.
    return [
        "{{ days_between('first_day', 'date') }} + 1 as weight_to_date",
        "{{ days_between('first_day', 'last_day') }} + 1 as weight_in_all",
    ]


def _weights() -> list[tuple[str, str]]:
    """Business days to date and in all; all days where a span has none of them, or outlasts the calendar."""
    counted = [
        "sum(weight) over (partition by span_number order by date) as business_to_date",
        "sum(weight) over (partition by span_number) as business_in_all",
        "count(*) over (partition by span_number) as days_in_calendar",
        "{{ days_between('first_day', 'last_day') }} + 1 as days_in_all",
    ]
    plain = "business_in_all = 0 or days_in_calendar < days_in_all"
    return [
        ("counted", select(["*", *counted], "weighted")),
        (
            "shared",
            select(
                [
                    "*",
                    f"case when {plain} then 1 else weight end as share_of_day",
                    f"case when {plain} then {{{{ days_between('first_day', 'date') }}}} + 1\n"
                    "        else business_to_date end as weight_to_date",
                    f"case when {plain} then days_in_all else business_in_all end as weight_in_all",
                ],
                "counted",
            ),
        ),
    ]


def spread_model(entity: Entity, measure: Measure) -> str:
    """An amount laid over its days, each the difference of two rounded cumulatives, so that days add up."""
    spread = measure.spread
    assert spread is not None
    assert measure.sql is not None
    kept = [
        f"{spread.start} is not null",
        f"{spread.through} >= {spread.start}",
        not_null(measure.sql),
    ]
    if measure.filter:
        kept.append(f"({measure.filter})")
    span = [
        *segments(entity),
        f"{dated(entity, spread.start)} as first_day",
        f"{dated(entity, spread.through)} as last_day",
        f"cast({measure.sql} as {COUNTED}) as amount",
        f"row_number() over (order by {', '.join(entity.key)}) as span_number",
    ]
    weight = "1" if spread.over == "calendar_days" else "case when dim_date.is_business_day then 1 else 0 end"
    of_day = "weight" if spread.over == "calendar_days" else "share_of_day"
    names = [f"{dimension.name}__segment" for dimension in entity.dimensions]
    weights = (
        _weights()
        if spread.over == "business_days"
        else [("shared", select(["*", *_all_days()], "weighted"))]
    )
    parts = [
        ("amounts", select(span, ref(entity.name), f"where {' and '.join(kept)}")),
        (
            "weighted",
            select(
                ["amounts.*", "dim_date.date", f"{weight} as weight"],
                "amounts",
                f"inner join {ref('dim_date')} as dim_date",
                "    on dim_date.date between amounts.first_day and amounts.last_day",
            ),
        ),
        *weights,
        (
            "laid_out",
            select(
                [
                    "date",
                    *names,
                    f"{_share('weight_to_date')}\n    - {_share(f'(weight_to_date - {of_day})')} as amount",
                ],
                "shared",
            ),
        ),
        ("contributions", select(["date", *names, "amount"], "laid_out", f"where date <= {as_of()}")),
    ]
    totals = [f"cast(sum(amount) as {COUNTED}) as {measure.name}"]
    return generated(entity.where.file) + config(materialized="table") + ctes(parts, by_day(entity, totals))
