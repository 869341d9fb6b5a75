from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.publish import contract
from tests.publish.frames import rows, tables

RUN = "20261101T031500Z-3f2a9c"


def test_every_key_is_a_column_that_may_never_be_null() -> None:
    for table in contract.load().tables:
        columns = {column.name: column for column in table.columns}
        assert len(columns) == len(table.columns), table.name
        assert all(not columns[name].nullable for name in table.key), table.name


def test_every_table_and_column_says_what_it_holds() -> None:
    for table in contract.load().tables:
        assert table.description.endswith("."), table.name
        for column in table.columns:
            assert column.description.endswith("."), f"{table.name}.{column.name}"
            assert column.type in contract.ARROW_TYPES, f"{table.name}.{column.name}"


def test_the_contract_only_ever_grows() -> None:
    """The first version, by name and type; a column may be added below it, none may change or go."""
    frozen = json.loads(Path(__file__).with_name("contract_v1.json").read_text(encoding="utf-8"))
    for name, first in frozen.items():
        table = contract.load().table(name)
        assert list(table.key) == first["key"], name
        types = {column.name: column.type for column in table.columns}
        assert {column: types.get(column) for column in first["columns"]} == first["columns"], name


def test_a_right_table_has_no_finding() -> None:
    for name, table in tables(RUN).items():
        assert contract.check(name, table) == []


def test_a_missing_and_a_mistyped_column_are_named_with_what_was_meant() -> None:
    given = contract.empty("source_freshness").rename_columns(
        [n.replace("newest_record", "newest_recrd") for n in contract.empty("source_freshness").column_names]
    )
    assert contract.check("source_freshness", given) == [
        "source_freshness: column newest_record is missing",
        "source_freshness: column newest_recrd is not in the contract (did you mean 'newest_record'?)",
    ]


def test_a_null_in_a_key_and_a_key_twice_are_found() -> None:
    base = {"label_ja": "東", "label_en": "East", "sort": 1, "dimension": "team"}
    given = rows("kpi_segments", [base | {"segment": "East"}] * 2)
    assert contract.check("kpi_segments", given) == [
        "kpi_segments: 1 keys occur more than once, the first is dimension=team, segment=East"
    ]
    schema = pa.schema([f.with_nullable(True) for f in contract.empty("kpi_segments").schema])
    given = pa.Table.from_pylist([base | {"segment": None}], schema=schema)
    assert contract.check("kpi_segments", given) == [
        "kpi_segments: column segment is NULL in 1 of 1 rows, and may never be"
    ]


def test_text_where_a_number_must_be_is_refused_and_not_cast() -> None:
    given = tables(RUN)["kpi_daily"]
    spoiled = given.set_column(given.column_names.index("value"), "value", given["value"].cast(pa.string()))
    assert contract.check("kpi_daily", contract.conform("kpi_daily", spoiled)) == [
        "kpi_daily: column value is string, the contract says DOUBLE"
    ]


def test_frames_of_pandas_conform_without_loss() -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "p10": [float("nan"), 2.0],
            "target_cumulative": [1, 2],
            "p50": [None, None],
            "p90": [1.0, 2.0],
            "actual_cumulative": [1.0, None],
            "date": pd.to_datetime(["2026-10-30", "2026-10-31"]),
            "as_of": [date(2026, 10, 31)] * 2,
            "goal": ["g", "g"],
            "node": pd.Series(["n", "n"], dtype="category"),
            "issue": [1, 1],
        }
    )
    table = contract.conform("kgi_forecast_path", pa.Table.from_pandas(frame, preserve_index=False))
    assert contract.check("kgi_forecast_path", table) == []
    assert table.schema.names == list(contract.empty("kgi_forecast_path").schema.names)
    assert table["p10"].to_pylist() == [None, 2.0]
    assert table["date"].to_pylist() == [date(2026, 10, 30), date(2026, 10, 31)]


def test_a_zoned_time_is_stored_in_utc() -> None:
    from zoneinfo import ZoneInfo

    when = datetime(2026, 11, 1, 12, 15, tzinfo=ZoneInfo("Asia/Tokyo"))
    given = tables(RUN)["publication"]
    zoned = pa.array([when], type=pa.timestamp("us", "Asia/Tokyo"))
    given = given.set_column(given.column_names.index("published_at"), "published_at", zoned)
    stored = contract.conform("publication", given)["published_at"].to_pylist()
    assert stored == [when.astimezone(UTC).replace(tzinfo=None)]


def test_an_unknown_table_is_refused_with_a_suggestion() -> None:
    with pytest.raises(KeyError, match="did you mean 'kpi_daily'"):
        contract.empty("kpi_dayly")


def test_dbt_is_given_every_type_and_every_not_null() -> None:
    columns = contract.dbt_columns("kpi_segments")
    assert columns[0] == {"name": "dimension", "data_type": "varchar", "constraints": [{"type": "not_null"}]}
    assert {"name": "parent", "data_type": "varchar"} in columns
