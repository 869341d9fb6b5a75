"""`kpi source inspect` proposes a mapping that the language loads and that lands its file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from dagster_project.cli.source import source as group
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Source
from dagster_project.landing.expose import in_force
from tests.landing.rooms import RULES, Room

SFA = (
    "商談一覧,,,,,,\n# exported by SFA\n"
    "商談ID,会社コード,メール,フェーズ,完了日,金額,確度\n"
    + "".join(f'D{n},{n:04},a{n}@example.jp,受注,令和8年4月{n}日,"{n},000円",{n}.5%\n' for n in range(1, 21))
    + "合計,,,,,210000円,\n"
)


def inspect(path: Path, *more: str) -> str:
    result = CliRunner().invoke(group, ["inspect", str(path), *more], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def loaded(tmp_path: Path, yaml: str) -> Source:
    definitions = tmp_path / "project" / "kpi_definitions"
    (definitions / "sources").mkdir(parents=True, exist_ok=True)
    (definitions / "sources" / "proposed.yml").write_text(yaml, "utf-8")
    return load_definitions(definitions.parent).sources[0]


def lands(room: Room, tmp_path: Path, yaml: str, settled_rows: int) -> Source:
    source = loaded(tmp_path, yaml)
    report = room.land(source)
    assert not report.held, report.held[0].reason
    entry = in_force(room.landing, [source], RULES)[0].uses[0].entry
    assert (entry.rows, entry.quarantined) == (settled_rows, 0)
    return source


def test_a_japanese_sales_export_is_understood(room: Room, tmp_path: Path) -> None:
    path = room.write("sfa/商談一覧_20261031.csv", SFA, "cp932")
    (tmp_path / "project" / "kpi_definitions").mkdir(parents=True)
    (tmp_path / "project" / "kpi_definitions" / "project.yml").write_text(f"data: {room.data}\n", "utf-8")
    yaml = inspect(path, "--project", str(tmp_path / "project"))
    source = lands(room, tmp_path, yaml, 20)
    assert (source.name, source.files) == ("deals", "sfa/商談一覧_*.csv")
    form = source.format
    assert (form.encoding, form.skip_rows, form.comment, form.stop_at) == ("cp932", 2, "#", "合計")
    assert {column.name: column.type for column in source.columns} == {
        "deal_id": "text", "col_2": "text", "email": "text", "stage": "text", "closed_on": "date",
        "amount": "money", "col_7": "percent",
    }  # fmt: skip
    assert [column.name for column in source.columns if column.pii] == ["email"]
    assert source.key == ("deal_id",)
    assert source.version is not None
    assert source.version.pattern == "商談一覧_%Y%m%d"
    assert "example.jp" not in yaml


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_encoding_and_delimiter_are_found(room: Room, tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "注文番号,注文日,数量\n" + "".join(f"A{n},2026/10/{n},{n}\n" for n in range(1, 9))
    path = room.write("shop.tsv", text.replace(",", delimiter), encoding)
    source = lands(room, tmp_path, inspect(path), 8)
    assert (source.format.encoding, source.format.delimiter) == (encoding, delimiter)
    assert [column.type for column in source.columns] == ["text", "date", "integer"]


def test_american_dates_are_told_from_european_ones_only_where_the_data_tells(
    room: Room, tmp_path: Path
) -> None:
    path = room.write("a.csv", "id,us,unclear\n1,3/31/2017,3/4/2017\n2,4/1/2017,5/6/2017\n")
    yaml = inspect(path)
    source = lands(room, tmp_path, yaml, 2)
    assert [(c.type, c.formats) for c in source.columns[1:]] == [("date", ("%m/%d/%Y",)), ("text", ())]
    assert "%m/%d/%Y or %d/%m/%Y" in yaml


def test_a_dated_file_of_one_day_is_loaded_by_day(room: Room, tmp_path: Path) -> None:
    path = room.write(
        "ads_20261001.csv.gz", gzip.compress("日付,費用\n2026-10-01,5\n2026-10-01,5\n".encode())
    )
    source = lands(room, tmp_path, inspect(path), 2)
    assert (source.load, source.files, source.key) == ("by_day", "ads_*.csv.gz", ())


def test_workbooks_and_ndjson_are_understood(room: Room, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["一覧"], ["id", "amount"], ["x", 1.5], ["y", 2], ["合計", 3.5]):
        sheet.append(row)
    workbook.save(room.data / "book.xlsx")
    source = lands(room, tmp_path, inspect(room.data / "book.xlsx"), 2)
    assert [column.type for column in source.columns] == ["text", "money"]
    path = room.write("flat.ndjson", '{"id": "x", "n": 1}\n{"id": "y", "n": 2, "deep": {"a": "q"}}\n')
    source = lands(room, tmp_path, inspect(path), 2)
    assert [column.headers[0] for column in source.columns] == ["id", "n", "deep.a"]


def test_every_real_export_gets_a_mapping_that_lands_it(
    room: Room, tmp_path: Path, real: Callable[[str], Path]
) -> None:
    for folder in ("maven_crm", "maven_crm_us", "maven_crm_jp"):
        for path in sorted(real(folder).iterdir()):
            if path.name in ("answers.sql", "data_dictionary.csv"):
                continue  # no table; two tables side by side
            room.write(path.name, path.read_bytes())
            source = loaded(tmp_path, inspect(room.data / path.name))
            report = Room(room.data, room.landing / folder / path.name).land(source)
            assert [entry.reason for entry in report.held] == [], path.name
            assert [entry.quarantined for entry in report.landed] == [0], path.name


def test_nested_ga4_events_get_the_preset(room: Room, tmp_path: Path, real: Callable[[str], Path]) -> None:
    raw = (real("ga4_small") / "nested_events.ndjson").read_bytes()
    source = loaded(tmp_path, inspect(room.write("nested_events.ndjson", raw)))
    assert (source.preset, source.load, source.provisional_days) == ("ga4_events", "by_day", 4)
    assert room.land(source).landed[0].rows == 2


def test_a_header_that_is_there_twice_is_named(room: Room) -> None:
    assert "there twice: amount" in inspect(room.write("a.csv", "id,amount,amount\n1,2,3\n"))


def test_a_file_that_can_not_be_read_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"id\n\xff\xfe\x80\n")
    for name, words in (("none.csv", "no such file"), ("x.csv", "none of")):
        result = CliRunner().invoke(group, ["inspect", str(tmp_path / name)])
        assert words in str(result.exception)
