"""Sources, resolved: what landing needs to know about an export."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dagster_project.kpi.model.words import ColumnType, Where


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
class Rates:
    """How amounts in several currencies become amounts in `into`: by the rate of the row's `currency_column`
    in `source` (columns `day`, `code`, `rate`: what 1 of it is), the newest up to the row's `rate_on`."""

    source: str
    currency_column: str
    rate_on: str
    into: str
    day: str
    code: str
    rate: str


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
    rates: Rates | None = None  # of money in several currencies


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
