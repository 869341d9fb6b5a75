"""Google Analytics 4's BigQuery export (nested events), read by DuckDB with a fixed schema, never sniffed.

INT64 comes as strings or numbers; `{}`, null and an absent member are the same.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from duckdb.sqltypes import DuckDBPyType

from dagster_project.landing.encodings import check_text
from dagster_project.landing.held import FileHeld
from dagster_project.landing.versions import GA4_NAME

_VALUE = "struct(string_value varchar, int_value bigint, float_value double, double_value double)"
COLUMNS: dict[str, str] = {
    "event_date": "varchar",
    "event_timestamp": "bigint",
    "event_name": "varchar",
    "user_pseudo_id": "varchar",
    "user_id": "varchar",
    "platform": "varchar",
    "event_params": f'struct("key" varchar, "value" {_VALUE})[]',
    "device": (
        "struct(category varchar, operating_system varchar, language varchar, "
        "web_info struct(browser varchar))"
    ),
    "geo": "struct(country varchar, region varchar, city varchar)",
    "traffic_source": 'struct(source varchar, medium varchar, "name" varchar)',
    "collected_traffic_source": (
        "struct(manual_source varchar, manual_medium varchar, manual_campaign_name varchar, gclid varchar)"
    ),
    "ecommerce": "struct(transaction_id varchar, purchase_revenue double, total_item_quantity bigint)",
    "items": (
        "struct(item_id varchar, item_name varchar, item_category varchar, price double, quantity bigint)[]"
    ),
}
KEPT_REASONS = 100_000
# The members that make a record something rather than nothing.
_MEMBERS = {
    "device": ("category", "operating_system", "language", "web_info.browser"),
    "geo": ("country", "region", "city"),
    "traffic_source": ("source", "medium", "name"),
    "collected_traffic_source": ("manual_source", "manual_medium", "manual_campaign_name", "gclid"),
    "ecommerce": ("transaction_id", "purchase_revenue", "total_item_quantity"),
}


def is_intraday(name: str) -> bool:
    found = GA4_NAME.search(name)
    return bool(found and found["intraday"])


class EventReader:
    """Reads GA4 exports through one sealed DuckDB connection: it reaches the landing folder and nothing else,
    and fetches no extension. Connecting costs as much as reading a small day, so a night connects once, and
    only if there is anything to read. Use as a context manager."""

    def __init__(self, landing_dir: Path) -> None:
        self._landing_dir = landing_dir
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> EventReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = duckdb.connect(
                config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "allow_community_extensions": "false",
                    # a day's file is little work: a second thread would wait, at the cost of the work
                    "threads": "1",
                }
            )
            allowed = _quoted(f"{self._landing_dir.resolve()}/")
            self._connection.execute(f"set allowed_directories = [{allowed}]")
            self._connection.execute("set enable_external_access = false")
            self._connection.execute("set lock_configuration = true")
        return self._connection

    def land(self, raw: Path, name: str, version: datetime | None, typed: Path) -> dict[str, Any]:
        """Write the events of one export file to `typed`.

        Returns rows, days (as written, YYYYMMDD), bad rows as (line, column, reason). Raises FileHeld.
        """
        if raw.suffix != ".parquet" and check_text(raw, "utf-8").characters == 0:
            raise FileHeld("is empty")
        try:
            return _land(self.connection, raw, name, version, typed)
        except duckdb.Error as error:
            raise FileHeld(_plain(error)) from error


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _something(column: str) -> str:
    if column in _MEMBERS:
        tests = " and ".join(f"{column}.{member} is null" for member in _MEMBERS[column])
        return f"case when {tests} then null else {column} end as {column}"
    if COLUMNS[column].endswith("[]"):
        return f"coalesce({column}, []) as {column}"
    return column


def _relation(connection: duckdb.DuckDBPyConnection, raw: Path) -> str:
    if raw.suffix == ".parquet":
        given = f"read_parquet({_quoted(str(raw))}, file_row_number = true)"
        relation = connection.sql(f"from {given}")
        present = dict(zip(relation.columns, relation.types, strict=True))
        missing = [name for name in ("event_date", "event_timestamp", "event_name") if name not in present]
        if missing:
            raise FileHeld(f"is no GA4 export: no column {', '.join(missing)}")
        columns = ", ".join(
            _from_parquet(name, kind, _casts(present[name], duckdb.sqltype(kind)))
            for name, kind in COLUMNS.items()
            if name in present
        )
        absent = "".join(f", null::{kind} as {name}" for name, kind in COLUMNS.items() if name not in present)
        return f"(select {columns}{absent}, file_row_number + 1 as _line from {given})"
    schema = ", ".join(f"{name}: {_quoted(kind)}" for name, kind in COLUMNS.items())
    compression = "gzip" if raw.suffix == ".gz" else "uncompressed"
    return (
        f"(select *, row_number() over () as _line from read_json({_quoted(str(raw))}, "
        f"format = 'newline_delimited', compression = '{compression}', columns = {{{schema}}}, "
        "maximum_object_size = 33554432))"
    )


def _casts(given: DuckDBPyType, wanted: DuckDBPyType) -> bool:
    """Whether a cast of the nested type comes to what JSON comes to: members of the same types under the same
    names, some of which may be absent, whatever else there is."""
    if wanted.id not in ("list", "struct") or given.id != wanted.id:
        return given.id == wanted.id
    ours, theirs = _members(wanted), _members(given)
    # to a cast, Medium is medium
    alike = {name.lower() for name in theirs.keys() - ours.keys()} & ours.keys()
    shared = ours.keys() & theirs.keys()
    return not alike and bool(shared) and all(_casts(theirs[name], ours[name]) for name in shared)


def _members(nested: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Of a list, what is in it under one name."""
    return {name: kind for name, kind in nested.children if isinstance(kind, DuckDBPyType)}


def _from_parquet(name: str, kind: str, casts: bool) -> str:
    if "(" not in kind or casts:
        return f"{name}::{kind} as {name}"
    # Members are matched by name, and numbers read from text; at three times the cost.
    return f"from_json(to_json({name}), {_quoted(_json_structure(kind))}) as {name}"


def _json_structure(kind: str) -> str:
    """The type in the notation of `from_json`."""
    names = re.sub(r'"?(\w+)"? (varchar|bigint|double)', lambda m: f'"{m[1]}": "{m[2].upper()}"', kind)
    nested = re.sub(r'"?(\w+)"? struct\(', r'"\1": struct(', names)
    body = nested.replace("struct(", "{").replace(")", "}")
    return f"[{body[:-2]}]" if body.endswith("[]") else body


def _copy(connection: duckdb.DuckDBPyConnection, relation: str, target: Path) -> None:
    connection.execute(f"copy {relation} to {_quoted(str(target))} (format parquet, compression zstd)")


def _land(
    connection: duckdb.DuckDBPyConnection, raw: Path, name: str, version: datetime | None, typed: Path
) -> dict[str, Any]:
    found = GA4_NAME.search(name)
    day = found["day"] if found else None
    wrong_day = f"event_date <> {_quoted(day)}" if day else "false"
    reasons = f"""case
        when event_date is null or try_strptime(event_date, '%Y%m%d') is null or len(event_date) <> 8
            then 'event_date: is no day written as YYYYMMDD'
        when event_timestamp is null then 'event_timestamp: is empty'
        when event_name is null then 'event_name: is empty'
        when {wrong_day} then 'event_date: is not the day in the file''s name'
    end"""
    columns = ", ".join(_something(column) for column in COLUMNS)
    given = f"timestamp '{version}'" if version else "null::timestamp"
    columns += f", _line, {_quoted(name)} as _file, {given} as version"
    _copy(connection, f"(select {columns}, {reasons} as _reason from {_relation(connection, raw)})", typed)
    events = f"read_parquet({_quoted(str(typed))})"
    total, wrong, days = connection.execute(
        "select count(*), count(_reason), list(distinct event_date order by event_date) "
        f"filter (_reason is null) from {events}"
    ).fetchall()[0]
    bad: list[tuple[int, str]] = []
    if wrong:
        bad = connection.execute(
            f"select _line, _reason from {events} where _reason is not null "
            f"order by _line limit {KEPT_REASONS}"
        ).fetchall()
        whole = typed.with_name(f"{typed.name}.whole.tmp")
        typed.replace(whole)
        _copy(connection, f"(select * from read_parquet({_quoted(str(whole))}) where _reason is null)", typed)
        whole.unlink()
    return {
        "rows": total - wrong,
        "seen": total,
        "bad": [(line, *reason.split(": ", 1)) for line, reason in bad],
        "days": days or [],
    }


def _plain(error: Exception) -> str:
    """DuckDB's messages quote the data, which may be somebody's: only the place is taken from them."""
    text = str(error)
    place = re.search(r"line (\d+)", text)
    where = f"line {place[1]}: " if place else ""
    if "Malformed" in text or "unexpected end" in text or "end of data" in text:
        return f"{where}no whole JSON record; the file is cut or damaged"
    return f"{where}an event is not of GA4's export schema ({type(error).__name__})"
