"""How many things came on which day, and on which day they were last there before: spans add these up.

A row a measure, dimension, segment, date and seen_before (NULL: never), with the number of such things.
Things without a date are in rows of their own, one for each stretch of days on none of which they are also
there with a date: after seen_before, before seen_after (NULL: unbounded).

Things and segments are long text, and most things are there only once: what comes again, and each measure in
a segment (a slice), get a number first, and only the things that come again are sorted.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.kpi.compile.in_parts import THIS_PART, is_in_parts
from dagster_project.kpi.compile.sql import ctes, literal, ref, select
from dagster_project.kpi.model import Entity

Parts = list[tuple[str, str]]
DAYS = ["date", "seen_before", "seen_after"]
NO_DAY = "cast(null as date)"


def arrivals(entity: Entity, time: str, measures: Sequence[str]) -> str:
    """The select over things_<entity>__<time>; `measures` are its columns of marks."""
    things = ref(f"things_{entity.name}__{time}")
    is_part = is_in_parts(entity, time)
    parts = [
        ("known_days", _known_days(entity, time)),
        *(_of_part(things) if is_part else [("looked_at", _known(things))]),
        *_numbered(entity, measures),
        *_slices(entity, measures),
        ("sliced", _sliced(entity)),
        *_seen(),
        ("gaps", _gaps()),
        ("found", _found()),
        ("counted", _counted(is_in_part=is_part)),
        ("named", _grouped(["slice", "measure", "dimension", "segment"], "slices")),
    ]
    columns = [f"named.{name}" for name in ("measure", "dimension", "segment")]
    columns += [f"counted.{name}" for name in (*DAYS, "things")]
    return ctes(parts, select(columns, "counted", "inner join named", "    on named.slice = counted.slice"))


def dimensions_of(entity: Entity) -> list[tuple[str, str]]:
    """(dimension, its column in things_<...>)"""
    return [(dimension.name, f"{dimension.name}__segment") for dimension in entity.dimensions]


def _known_days(entity: Entity, time: str) -> str:
    place = f"where entity = {literal(entity.name)} and time = {literal(time)} and is_known"
    return select(["date"], ref("entity_days"), place)


def _known(things: str, *conditions: str) -> str:
    known = "(date is null or date in (select date from known_days))"
    return select(["*"], things, f"where {' and '.join([*conditions, known])}")


def _of_part(things: str) -> Parts:
    """The rows of the part, and of days before it those of the same things: others have no say in it."""
    of_same = "thing in (select thing from written)"
    return [
        ("written", _known(things, THIS_PART)),
        ("earlier", _known(things, f"not {THIS_PART}", of_same)),
        ("looked_at", _union([select(["*"], "written"), select(["*"], "earlier")])),
    ]


def _numbered(entity: Entity, measures: Sequence[str]) -> Parts:
    """A row for each measure that counts the thing, with a number in place of the thing. Things that have no
    other row stand together, with NULL: nobody has to tell them apart."""
    kept = ["date", *(column for _, column in dimensions_of(entity))]
    again = ["thing", "{{ any_number() }} as thing_number"]
    numbered = select(
        [*(f"looked_at.{name}" for name in (*kept, *measures)), "again.thing_number as thing"],
        "looked_at",
        "left join again",
        "    on again.thing = looked_at.thing",
    )
    marked = [
        select([f"{number} as measure_number", *kept, "thing"], "numbered", f"where {name} = 1")
        for number, name in enumerate(measures, 1)
    ]
    names = ["measure_number", *kept, "thing"]
    alone = select(
        [*names, "count(*) as things"], "marked", "where thing is null", f"group by {', '.join(names)}"
    )
    several = select([*names, "1 as things"], "marked", "where thing is not null")
    return [
        ("again", select(again, "looked_at", "group by thing", "having count(*) > 1")),
        ("numbered", numbered),
        ("marked", _union(marked)),
        ("collected", _union([alone, several])),
    ]


def _slices(entity: Entity, measures: Sequence[str]) -> Parts:
    """Each measure in the total and in each segment that occurs; those over the limit are one slice."""
    named = [
        f"select\n    {number} as measure_number,\n    {literal(name)} as measure"
        for number, name in enumerate(measures, 1)
    ]
    occurring = ["select\n    'total' as dimension,\n    'total' as own_segment"]
    occurring += [
        select(
            [f"{literal(dimension)} as dimension", f"{column} as own_segment"],
            "looked_at",
            f"group by {column}",
        )
        for dimension, column in dimensions_of(entity)
    ]
    limited = select(
        [
            "occurring.dimension",
            "occurring.own_segment",
            "case when over_limit.segment is null then occurring.own_segment else '(other)' end as segment",
        ],
        "occurring",
        f"left join {ref('dimension_segments')} as over_limit",
        "    on over_limit.dimension = occurring.dimension",
        "    and over_limit.segment = occurring.own_segment",
        "    and over_limit.is_over",
    )
    number = "dense_rank() over (order by measure_number, dimension, segment) as slice"
    slices = select(["*", number], "measures", "cross join limited")
    return [
        ("measures", _union(named)),
        ("occurring", _union(occurring)),
        ("limited", limited),
        ("slices", slices),
    ]


def _sliced(entity: Entity) -> str:
    own_segments = [("total", "'total'")]
    own_segments += [(dimension, f"collected.{column}") for dimension, column in dimensions_of(entity)]
    return _union(
        [
            select(
                ["slices.slice", "collected.date", "collected.thing", "collected.things"],
                "collected",
                "inner join slices",
                "    on slices.measure_number = collected.measure_number",
                f"    and slices.dimension = {literal(dimension)}",
                f"    and slices.own_segment = {own_segment}",
            )
            for dimension, own_segment in own_segments
        ]
    )


def _seen() -> Parts:
    before = "lag(date) over (partition by slice, thing order by date) as seen_before"
    dated = "where thing is not null and date is not null"
    days = select(["slice", "thing", "date", before], "sliced", dated)
    # In two segments that are one slice, a thing is there twice on a day.
    first = select(["*"], "days", "where seen_before is null or seen_before < date")
    undated = _grouped(["slice", "thing"], "sliced", "where thing is not null and date is null")
    return [("days", days), ("seen", first), ("undated", undated)]


def _gaps() -> str:
    """Of things without a date the stretches between their days: before each, and after the last."""
    same = ["    on seen.slice = undated.slice", "    and seen.thing = undated.thing"]
    ends = ["seen.seen_before", "seen.date as seen_after"]
    before = select(["undated.slice", *ends], "undated", "inner join seen", *same)
    after = select(
        ["undated.slice", "max(seen.date) as seen_before", f"{NO_DAY} as seen_after"],
        "undated",
        "left join seen",
        *same,
        "group by undated.slice, undated.thing",
    )
    return _union([before, after])


def _found() -> str:
    never, none = f"{NO_DAY} as seen_before", f"{NO_DAY} as seen_after"
    return _union(
        [
            select(["slice", "date", "seen_before", none, "1 as things"], "seen"),
            select(["slice", "date", never, none, "things"], "sliced", "where thing is null"),
            select(["slice", f"{NO_DAY} as date", "seen_before", "seen_after", "1 as things"], "gaps"),
        ]
    )


def _counted(*, is_in_part: bool) -> str:
    written = [f"where {THIS_PART}"] if is_in_part else []
    keys = ["slice", *DAYS]
    things = "cast(sum(things) as bigint) as things"
    return select([*keys, things], "found", *written, f"group by {', '.join(keys)}")


def _grouped(columns: Sequence[str], source: str, *rest: str) -> str:
    return select(columns, source, *rest, f"group by {', '.join(columns)}")


def _union(selects: Sequence[str]) -> str:
    return "\nunion all\n".join(selects)
