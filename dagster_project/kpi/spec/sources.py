"""sources/*.yml: how an export is written, and what its columns mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from dagster_project.kpi.model import ColumnType
from dagster_project.kpi.spec.base import (
    Bool,
    Day,
    Days,
    Identifier,
    Identifiers,
    Number,
    Or,
    Spec,
    Text,
    Texts,
)


class FormatSpec(Spec):
    """How the file is written; it is decoded strictly as declared, never guessed."""

    type: Literal["csv", "xlsx", "ndjson", "parquet"] = Field(
        "csv", description="kind of file; csv and ndjson also as .gz"
    )
    encoding: Literal["utf-8", "utf-8-sig", "cp932", "utf-16"] = Field(
        "utf-8", description="cp932 is what Japanese systems call Shift_JIS; utf-16 is Excel's 'Unicode text'"
    )
    delimiter: Text = Field(",", description='one character; "\\t" for TSV')
    skip_rows: Annotated[int, WithJsonSchema({"type": "integer"})] = Field(
        0, ge=0, description="title rows above the header"
    )
    comment: Text | None = Field(None, description="lines that start with this are skipped")
    stop_at: Text | None = Field(
        None, description="a row that starts with this, such as 合計, ends the table"
    )
    total_without: Text | None = Field(
        None, description="the header of a column that the total row, and only it, leaves empty, such as 日付"
    )
    sheet: Text | None = Field(None, description="of an xlsx file; the first sheet if not given")
    final_newline: Bool = Field(
        True, description="false: the exporter ends files without one, so a cut last cell can't be told"
    )


class VersionSpec(Spec):
    """What 'newest' means: the export's own time, not its arrival."""

    from_: Literal["filename", "column", "manifest", "mtime"] = Field(
        alias="from",
        description=(
            "where the export says when it was written: its file's name, a column, a manifest beside it, "
            "the file's own time"
        ),
    )
    pattern: Text | None = Field(None, description="strptime pattern in the file name, e.g. deals_%Y%m%d")
    column: Identifier | None = Field(None, description="with from: column, the column that holds it")


class CoversSpec(Spec):
    """The days the export knows: outside them a value is missing, inside them a day without rows is 0."""

    from_: Day | None = Field(None, alias="from", description="the first day that the export knows")
    through: Text | None = Field(None, description="a date, `version` or `version - 1 day`")


def _headers(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class SourceColumnSpec(Spec):
    """One column of the export."""

    from_: Texts = Field(
        default_factory=list, alias="from", description="its header, or several accepted ones"
    )
    type: ColumnType = Field(
        "text",
        description="what its cells are: text, integer, number, money, percent, date, timestamp or boolean",
    )
    required: Bool = Field(True, description="false: the file may lack it")
    map: dict[Text, Text] = Field(default_factory=dict, description="values as written: values as stored")
    else_: Literal["quarantine", "keep", "null"] = Field(
        "keep",
        alias="else",
        description="a value that `map` lacks: keep it, make it null, or put the row in quarantine",
    )
    currency: Text | None = Field(None, description="of money: ISO currency, default the project's")
    currency_column: Identifier | None = Field(
        None, description="of money in several currencies: the column with each row's ISO currency"
    )
    rates: Identifier | None = Field(
        None, description="the source of the rates, what 1 of a currency is in the project's, by day"
    )
    rate_on: Identifier | None = Field(
        None, description="the date whose rate counts, the newest up to it; where it is empty, the newest"
    )
    tax: Literal["included", "excluded"] | None = Field(
        None, description="of money: whether tax is in it; amounts with and without never meet"
    )
    unit: Annotated[Decimal, WithJsonSchema({"type": "number"})] = Field(
        Decimal(1), gt=0, description="what 1 in the file stands for: 1000 for 千円"
    )
    timezone: Text | None = Field(None, description="of timestamps without an offset; else the calendar's")
    formats: Texts = Field(default_factory=list, description='strptime formats, or "japanese_era"')
    null_values: Texts = Field(
        default_factory=list, description='what means nothing, besides the empty cell: "-", N/A'
    )
    pii: Bool = Field(False, description="personal data: never selectable, never printed")


class SourceSpec(Spec):
    """One kind of export."""

    source: Identifier = Field(description="its name")
    files: Text = Field(description="a glob below the project's data folder")
    format: FormatSpec = Field(FormatSpec(), description="how its files are written; default CSV in UTF-8")
    preset: Literal["ga4_events"] | None = Field(
        None, description="a nested export whose columns are known: GA4's BigQuery export"
    )
    load: Literal["full", "by_day", "by_key", "append"] = Field(
        description=(
            "full: the newest file is the table; by_day: the newest file of each day; by_key: the newest "
            "row of each key; append: all files"
        )
    )
    version: VersionSpec | None = Field(None, description="what says which of two exports is newer")
    covers: CoversSpec | None = Field(
        None,
        description="days that the export knows: outside them a value is missing, inside them no row means 0",
    )
    no_file: Literal["missing", "zero_when_closed", "zero"] = Field(
        "missing", description="by_day: what a day without a file means"
    )
    expected_lag: Days = Field(1, description="a source older than this is stale")
    provisional_for: Days = Field(0, description="the newest days that may still change")
    key: Identifiers = Field(default_factory=list, description="[] is an event log: equal rows are kept")
    quarantine_limit: Number = Field(0.05, description="a larger share of bad rows holds the file")
    min_rows_share: Number = Field(
        0.5, description="full: fewer rows than this share of before holds the file"
    )
    columns: dict[Identifier, Annotated[SourceColumnSpec, BeforeValidator(_headers), Or("string")]] = Field(
        default_factory=dict, description="name: {from: header, type: ...}; what is not declared is not read"
    )
