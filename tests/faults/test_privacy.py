"""What a night leaves behind holds no personal value and no secret, and it reached for nobody."""

from __future__ import annotations

import ast
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from dagster_project.publish.engine import connect
from tests.faults.company import PERSONAL, Company
from tests.faults.conftest import SECRETS

# Personal columns are typed like any other, so that a mapping can be mended without the export: their values
# lie in the snapshots of the exports and in the typed files beside them, and nowhere else.
HOLDS_EXPORTS = ("landing/raw", "landing/typed", "data")


def contents(path: Path) -> Iterator[bytes]:
    """A file as it is, and what is compressed in it."""
    yield path.read_bytes()
    if path.suffix == ".parquet":
        yield str(pq.read_table(path).to_pylist()).encode()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            stored = "select database_name, schema_name, table_name from duckdb_tables() where not internal"
            for catalog, schema, table in database.execute(stored).fetchall():
                rows = database.execute(f'from "{catalog}"."{schema}"."{table}"').fetchall()
                yield str(rows).encode()
    elif path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())


def files_with(root: Path, words: tuple[str, ...], exempt: tuple[str, ...] = ()) -> set[str]:
    marks = [mark for word in words for mark in (word.encode(), word.encode("cp932"))]
    found = set()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        # outputs/current is a link to a folder that is looked at anyway
        if not path.is_file() or name.startswith((*exempt, "outputs/current")):
            continue
        if any(mark in content for content in contents(path) for mark in marks):
            found.add(name)
    return found


def test_the_search_finds_what_is_there(seen: Company) -> None:
    found = {name.rpartition("/")[0] for name in files_with(seen.root, PERSONAL)}
    assert found == {"data/crm", "landing/raw", "landing/typed/crm"}
    assert files_with(seen.root, ("売上",)) >= {".kpi/warehouse.duckdb", "kpi_definitions/kpis/all.yml"}


def test_personal_values_stay_in_the_landed_exports(seen: Company) -> None:
    assert seen.published("quarantine").query("source == 'crm'").column_name.tolist() == ["closed_on"]
    assert files_with(seen.root, PERSONAL, HOLDS_EXPORTS) == set()


def test_what_a_night_prints_and_says_holds_no_personal_value(company: Company) -> None:
    path = company.root / "data/crm/deals_20260411.csv"
    lines = path.read_text(encoding="cp932").splitlines()
    company.write_deals("20260412", "\n".join([lines[0], *(line + ",too much" for line in lines[1:])]))
    answer = company.kpi("run")
    assert "held" in answer.out or "保留" in answer.out
    inspected = company.kpi("source", "inspect", str(path))
    for text in (answer.out, answer.err, inspected.err):
        assert not any(word in text for word in PERSONAL)
    assert files_with(company.root, PERSONAL, HOLDS_EXPORTS) == set()


def test_secrets_of_the_environment_are_written_nowhere(seen: Company) -> None:
    assert files_with(seen.root, (*SECRETS.values(), "swordfish")) == set()


def test_a_night_reaches_for_no_other_machine(first_night: tuple[Company, Path, list[Any]]) -> None:
    assert first_night[2] == []


def test_what_is_published_names_no_address_to_load_from(seen: Company) -> None:
    report = (seen.project.current / "report.html").read_text(encoding="utf-8")
    # the payload of a segment may be shown as text; nothing may be an attribute or a style
    assert "https://" not in report
    assert report.count("http://") == report.count("http://www.w3.org/")


def test_files_for_readers_are_not_for_everybody(seen: Company) -> None:
    modes = {path.stat().st_mode & 0o777 for path in seen.project.current.resolve().iterdir()}
    assert modes == {0o640}


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('https://example.com/a.csv')",
        "attach '/tmp/other.duckdb'",
        "copy (select 1) to '/tmp/copied.csv'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set autoinstall_known_extensions = true",
    ],
)
def test_a_connection_of_publishing_reaches_its_folder_only(seen: Company, statement: str) -> None:
    with connect([seen.project.current.resolve()]) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement)


def test_every_connection_to_duckdb_says_that_it_loads_no_extension() -> None:
    package = Path(__file__).parents[2] / "dagster_project"
    bare = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "duckdb.connect"
        and not any(keyword.arg == "config" for keyword in node.keywords)
    ]
    assert bare == []
