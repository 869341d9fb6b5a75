"""`kpi query` finds a renamed KPI under its old name."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.cli.query import _print_table
from dagster_project.cli.rows import _counting_once
from dagster_project.errors import UsageError
from dagster_project.publish.contract import load
from tests.publish.frames import rows

CATALOG = {
    "label_ja": "売上高",
    "label_en": "Revenue",
    "type": "simple",
    "unit": "JPY",
    "direction": "up",
    "level": "kgi",
    "department": "sales",
    "definition": "sum(amount) [deals.closed_on]",
    "definition_hash": "d1",
    "sort": 1,
}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    (tmp_path / "kpi_definitions").mkdir()
    folder = tmp_path / "outputs" / "current"
    folder.mkdir(parents=True)
    catalog = rows("kpi_catalog", [{**CATALOG, "kpi": "revenue", "formerly": "turnover, sales"}])
    pq.write_table(catalog, folder / "kpi_catalog.parquet")
    slices = {
        "dimension": "total",
        "segment": "total",
        "kpi": "revenue",
        "unit": "JPY",
        "data_status": "final",
    }
    month = {"grain": "month", "period_start": date(2026, 5, 1), "value": 120.0}
    schema = load().table("kpi_period").schema
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    period = pa.Table.from_pylist([dict.fromkeys(schema.names) | slices | month], schema=nullable)
    pq.write_table(period, folder / "kpi_period.parquet")
    return tmp_path


def query(project: Path, *names: str):
    arguments = ["--project", str(project), "query", *names, "--format", "csv"]
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def test_an_old_name_is_followed_and_said(published):
    old, new = query(published, "sales"), query(published, "revenue")
    assert old.stdout == new.stdout
    assert ",revenue,total,total,120.0,JPY," in old.stdout
    assert old.stderr == "'sales' is called 'revenue' now.\n"
    assert new.stderr == ""


def test_old_and_new_name_together_give_each_row_once(published):
    assert query(published, "turnover", "revenue").stdout == query(published, "revenue").stdout


def test_a_name_that_never_was_is_refused_with_the_nearest(published):
    error = query(published, "revenu").exception
    assert isinstance(error, UsageError)
    assert "did you mean 'revenue'?" in str(error)


def test_a_grain_that_the_kpi_has_not_is_refused_with_those_it_has(published):
    error = query(published, "revenue", "--grain", "fiscal_year").exception
    assert isinstance(error, UsageError)
    assert str(error) == "'revenue' has no values by fiscal_year; it has: day, month"


def test_the_table_shows_percentages_as_people_read_them(capsys):
    _print_table([(date(2026, 5, 1), "win_rate", "total", "total", 0.25, "percent", "final", None, None)])
    shown = capsys.readouterr().out
    assert "25 %" in shown
    assert "0.25" not in shown


def test_a_row_made_of_several_lines_counts_on_its_first_only():
    columns = ("id", "day", "counts", "_file", "_line")
    rows = [("a", 1, 5, "f", 1), ("a", 1, 5, "f", 2), ("b", 1, 5, "f", 3)]
    told = _counting_once(SimpleNamespace(columns=columns, rows=rows))
    assert [row[2] for row in told] == [5, None, 5]
