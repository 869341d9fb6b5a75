"""The resolved definitions: frozen, typed, every name looked up. Everything downstream sees only these.

Column types of the language and what they are in SQL:

    text VARCHAR · integer BIGINT · number DOUBLE · money DECIMAL(18,4) · percent DOUBLE (a fraction)
    date DATE · timestamp TIMESTAMP (local time of the calendar's zone) · boolean BOOLEAN
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

ColumnType = Literal["text", "integer", "number", "money", "percent", "date", "timestamp", "boolean"]
SQL_TYPES: Mapping[str, str] = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "money": "decimal(18, 4)",
    "percent": "double",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
}

Grain = Literal["day", "week", "month", "quarter", "half", "fiscal_year", "all"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "half", "fiscal_year", "all")


@dataclass(frozen=True)
class Where:
    """The place in the YAML that a definition was written at; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1


@dataclass(frozen=True)
class Label:
    """A name for people, in Japanese and English; each falls back to the other, then to the identifier."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        return self.ja if language == "ja" else self.en


# --- sources --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Format:
    """How a file is written. `encoding`: utf-8, utf-8-sig, cp932 or utf-16, decoded strictly."""

    type: Literal["csv", "xlsx", "ndjson", "parquet"]
    encoding: str = "utf-8"
    delimiter: str = ","
    skip_rows: int = 0
    comment: str | None = None
    stop_at: str | None = None
    total_without: str | None = None  # the header of a column that the one total row leaves empty
    sheet: str | None = None
    final_newline: bool = (
        True  # False: the exporter writes none, so a file cut inside its last cell can't be told
    )


@dataclass(frozen=True)
class SourceColumn:
    """A declared column. `headers`: accepted header names, preferred first (never empty)."""

    name: str
    headers: tuple[str, ...]
    type: ColumnType
    required: bool = True
    values: tuple[tuple[str, str], ...] = ()  # the value map: (as written, stored)
    otherwise: Literal["keep", "null", "quarantine"] = "keep"  # a text value that the map lacks
    formats: tuple[str, ...] = ()  # strptime formats, or `japanese_era`; () = the usual ones
    timezone: str | None = None  # of a timestamp without offset; None = the calendar's
    currency: str | None = None
    tax: Literal["included", "excluded"] | None = None
    unit: Decimal = Decimal(1)  # what 1 in the file stands for, e.g. 1000 for 千円
    null_values: tuple[str, ...] = ()  # besides the empty string
    pii: bool = False  # never selectable, never printed


@dataclass(frozen=True)
class Version:
    """What "newest export" means. `pattern` is a strptime pattern searched in the file's stem."""

    origin: Literal["filename", "column", "manifest", "mtime"]
    pattern: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class Covers:
    """The days an export knows. `through_version_days` counts from the version's day; -1: the one before."""

    start: date | None = None
    through: date | None = None
    through_version_days: int | None = None


@dataclass(frozen=True)
class Source:
    """One kind of export. `files` is a glob below the project's data folder."""

    name: str
    files: str
    format: Format
    load: Literal["full", "by_day", "by_key", "append"]
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...] = ()
    version: Version | None = None
    covers: Covers | None = None
    no_file: Literal["missing", "zero_when_closed", "zero"] = "missing"
    expected_lag_days: int = 1
    provisional_days: int = 0
    preset: Literal["ga4_events"] | None = None  # nested exports whose columns are fixed; `columns` is ()
    quarantine_limit: float = 0.05  # a larger share of bad rows holds the file
    min_rows_share: float = 0.5  # `full`: fewer rows than this share of the newest good file holds the file
    where: Where = field(default=Where("", 0), compare=False)
    mapping_hash: str = ""  # changes when anything that shapes the landed rows changes


# --- entities -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lookup:
    """A left join on the other side's full key. `match`: (their column, ours); `take`: (our name, theirs)."""

    relation: str  # entity or source
    is_entity: bool
    match: tuple[tuple[str, str], ...]
    take: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EntityColumn:
    """A column of an entity. `kind` says which fields count.

    given: comes from the source, a lookup or the hand-written model.
    expression: `sql` over the columns before it.
    nth: rank of the row's `of` (a time) among the rows of the same `by` that pass `filter`; ties by key.
    first: the least `of` among the rows of the same `by` that pass `filter`, on every row of that `by`.
    """

    name: str
    type: ColumnType
    kind: Literal["given", "expression", "nth", "first"] = "given"
    sql: str | None = None
    of: str | None = None
    by: tuple[str, ...] = ()
    filter: str | None = None
    reads: frozenset[str] = frozenset()  # the columns of this entity that it is computed from
    currency: str | None = None
    tax: str | None = None
    pii: bool = False


@dataclass(frozen=True)
class Time:
    """A date of record of an entity; `start`: where its coverage begins, if not where the sources' does."""

    name: str
    type: Literal["date", "timestamp"]
    start: date | None = None


@dataclass(frozen=True)
class Dimension:
    """A way to split an entity. `values`: (segment, label).

    `roster`: the source or entity all of whose rows get segments, read from its `roster_column`.
    """

    name: str
    label: Label
    column: str
    values: tuple[tuple[str, Label], ...] = ()
    name_column: str | None = None
    parent: str | None = None
    roster: str | None = None
    roster_column: str | None = None
    max: int = 1000


@dataclass(frozen=True)
class EntityInput:
    """What an entity is read from. `columns`: (name here, SQL over the input); () = all columns by name."""

    relation: str
    is_entity: bool
    filter: str | None = None
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entity:
    """A mart table that KPIs are measured on. Several inputs are a union by name."""

    name: str
    columns: tuple[EntityColumn, ...]
    key: tuple[str, ...]
    times: tuple[Time, ...]
    dimensions: tuple[Dimension, ...]
    sources: tuple[str, ...]  # the sources whose coverage is the entity's, through every union
    inputs: tuple[EntityInput, ...] = ()  # () where `model` is set
    model: str | None = None  # a hand-written dbt model
    given: tuple[str, ...] = ()  # columns that come with the inputs, before grouping and lookups
    group_by: tuple[str, ...] = ()
    group_columns: tuple[tuple[str, str], ...] = ()  # (column, aggregate SQL)
    lookups: tuple[Lookup, ...] = ()
    default_time: str | None = None
    snapshot: bool = False  # nightly changes are kept in state/
    lineage: bool = False  # carries _file and _line of the landed row
    label: Label = Label("", "")
    where: Where = field(default=Where("", 0), compare=False)

    def column(self, name: str) -> EntityColumn:
        return next(column for column in self.columns if column.name == name)


# --- KPIs -----------------------------------------------------------------------------------------------

Aggregation = Literal[
    "count", "sum", "average", "count_distinct", "min", "max", "median", "percentile", "only"
]
PeriodAgg = Literal["last", "opening", "average", "midpoint", "any"]


@dataclass(frozen=True)
class Spread:
    """An amount over the days `start`..`through` (columns, both in), over calendar or business days."""

    start: str
    through: str
    over: Literal["calendar_days", "business_days"]


@dataclass(frozen=True)
class Stock:
    """Rows that are open between two dates, or levels that were counted.

    Open: from the column `start` to the column `end`; `end_is_in` says whether that day is in (`through`) or
    the first one out (`until`). Level: the newest row of each `series` by the measure's time, carried at most
    `carry_days`.
    """

    period_agg: PeriodAgg
    start: str | None = None
    end: str | None = None
    end_is_in: bool = False
    series: tuple[str, ...] = ()
    carry_days: int | None = None


@dataclass(frozen=True)
class Conversion:
    """A row of the base counts as converted when a row of `entity` at `time` passes `filter`, shares `match`
    (None: it is the row itself) and lies `before` days before to `window` days after it (None: ever)."""

    entity: str
    time: str
    filter: str | None
    match: str | None
    window: int | None
    before: int


@dataclass(frozen=True)
class Measure:
    """One aggregate over one entity at one date of record; its name is unique in the company.

    `time` of an open stock is its first day in. `reads_period`: filter or expression name period_start,
    period_end or grain, so it is computed anew for each span of days.
    """

    name: str
    entity: str
    time: str
    agg: Aggregation
    sql: str | None  # None: count of rows
    filter: str | None
    percentile: float | None = None
    having: str | None = None
    also_in: Literal["next_period", "previous_period"] | None = None
    reads_period: bool = False
    spread: Spread | None = None
    stock: Stock | None = None
    converts: Conversion | None = None

    @property
    def is_anew(self) -> bool:
        """Whether it can't be put together from days and is computed over each span."""
        return self.stock is None and (
            self.agg in ("count_distinct", "median", "percentile", "only") or self.reads_period
        )

    @property
    def adds_over_days(self) -> bool:
        return self.agg in ("count", "sum") and self.stock is None and not self.reads_period


@dataclass(frozen=True)
class Operand:
    """A side of a KPI: which measure, and whether an empty slice inside coverage is 0 or nothing."""

    measure: Measure
    zero_when_empty: bool


@dataclass(frozen=True)
class Shape:
    """Over which days a KPI is taken for a period: its own days, to date from a longer grain's first day, or
    the last `size` days or months that end with it."""

    unit: Literal["own", "to_date", "days", "months"] = "own"
    size: int = 0
    grain: Literal["month", "quarter", "half", "fiscal_year"] | None = None

    @property
    def name(self) -> str:
        if self.unit == "own":
            return "own"
        return f"{self.grain}_to_date" if self.unit == "to_date" else f"last_{self.size}_{self.unit}"


OWN = Shape()


@dataclass(frozen=True)
class Leaf:
    """What a KPI is computed from: operands, taken over a shape, so many days or months before."""

    numerator: Operand
    denominator: Operand | None
    scale: float
    shape: Shape = OWN
    offset: int = 0
    offset_unit: Literal["days", "months"] = "months"


@dataclass(frozen=True)
class Place:
    """An entity and date of record whose days a KPI needs to know. `matures`: a day counts as known only so
    many days before the last known one; None: it need not ripen. `ripens`: what an unripe day is called."""

    entity: str
    time: str
    matures: int | None = None
    ripens: Literal["immature", "provisional"] | None = None


KpiType = Literal["simple", "ratio", "derived", "cumulative", "conversion", "stock"]


@dataclass(frozen=True)
class Kpi:
    """One KPI. With one leaf and no `formula` its value is scale * numerator / denominator, or the numerator;
    else `formula` is SQL over the leaves' values, named x1, x2, ... in order."""

    name: str
    label: Label
    description: Label
    type: KpiType
    department: str
    leaves: tuple[Leaf, ...]
    formula: str | None
    linear: bool  # the formula adds and subtracts whole leaves only
    places: tuple[Place, ...]
    dimensions: tuple[str, ...]
    grains: tuple[Grain, ...]
    unit: str
    direction: Literal["up", "down", "within"]
    within: tuple[float, float] | None
    level: Literal["kgi", "ksf", "kpi", "action"]
    funnel: str | None
    owner: str | None
    valid_from: date | None
    retired_on: date | None
    accumulates: bool
    definition: str  # one readable line of the formula
    definition_hash: str
    where: Where = field(default=Where("", 0), compare=False)

    @property
    def operands(self) -> tuple[Operand, ...]:
        return tuple(
            operand
            for leaf in self.leaves
            for operand in (leaf.numerator, leaf.denominator)
            if operand is not None
        )

    @property
    def shows_sides(self) -> bool:
        """Whether numerator and denominator are published: not for min, max, medians and formulas."""
        only = self.leaves[0]
        return self.formula is None and (
            only.denominator is not None
            or only.numerator.measure.agg in ("count", "sum", "count_distinct", "only")
        )

    @property
    def adds(self) -> bool:
        """Whether values of days add up to a longer period, and those of segments to the total."""
        return (self.formula is None or self.linear) and all(
            leaf.denominator is None
            and leaf.shape == OWN
            and leaf.offset == 0
            and leaf.numerator.measure.adds_over_days
            for leaf in self.leaves
        )

    @property
    def grows(self) -> bool:
        """Whether the value grows through its period: counts and sums do, distinct counts too."""
        return (self.formula is None or self.linear) and all(
            leaf.denominator is None
            and leaf.shape == OWN
            and leaf.offset == 0
            and leaf.numerator.measure.stock is None
            and leaf.numerator.measure.agg in ("count", "sum", "count_distinct")
            for leaf in self.leaves
        )

    @property
    def sums_of_sides(self) -> bool:
        """Whether a period's value follows from its days' numerators and denominators."""
        return self.adds or (
            self.formula is None
            and self.leaves[0].shape == OWN
            and all(operand.measure.adds_over_days for operand in self.operands)
        )

    @property
    def scale(self) -> float:
        return self.leaves[0].scale

    @property
    def numerator(self) -> Operand:
        return self.leaves[0].numerator

    @property
    def denominator(self) -> Operand | None:
        return self.leaves[0].denominator


@dataclass(frozen=True)
class CalendarRules:
    """calendar.yml: the zone of a day, the fiscal year, and which days are business days."""

    timezone: str = "Asia/Tokyo"
    fiscal_start_month: int = 4
    week_start: Literal["monday", "sunday"] = "monday"
    holidays: str | None = "JP"
    closed_weekdays: tuple[int, ...] = (5, 6)  # Monday is 0
    closed_yearly: tuple[tuple[str, str, str], ...] = ()  # ("12-29", "01-03", "年末年始"), both ends in
    closed_dates: tuple[tuple[date, str], ...] = ()
    open_dates: tuple[date, ...] = ()


@dataclass(frozen=True)
class ProjectSettings:
    """project.yml. Folders are relative to the project folder."""

    name: str = "shirube"
    label: Label = Label("", "")
    synthetic: bool = False
    currency: str = "JPY"
    language: Literal["ja", "en"] = "ja"
    data: str = "data"
    outputs: str = "outputs"
    as_of: Literal["yesterday", "latest_data"] = "yesterday"


@dataclass(frozen=True)
class Definitions:
    """Everything in kpi_definitions/ but the goals (see dagster_project.goals)."""

    settings: ProjectSettings
    calendar: CalendarRules
    sources: tuple[Source, ...]
    entities: tuple[Entity, ...]  # in an order in which each comes after what it is made from
    kpis: tuple[Kpi, ...]

    def kpi(self, name: str) -> Kpi:
        return next(kpi for kpi in self.kpis if kpi.name == name)

    def entity(self, name: str) -> Entity:
        return next(entity for entity in self.entities if entity.name == name)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)
