from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from dagster_project.errors import UsageError
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Source
from dagster_project.landing.land import land
from dagster_project.landing.typed import read_raw, read_typed
from dagster_project.sample.days import days_of
from dagster_project.sample.write import MARKER, ROOMS, is_sample, write_sample

FIRST, LAST = date(2026, 7, 1), date(2026, 8, 31)
# Of the exports of the two months, unpacked. It changes only with the generator: take the new one from the
# failing test, after reading what changed.
FINGERPRINT = "dbea56d56c0f4ec6f4499d1584d144f009d4df933c4bb21ccad87d2d9fb075dc"


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("kpi_definitions/"):
            yield name, path.read_bytes()


def events(folder: Path) -> Iterator[tuple[date, dict]]:
    for path in sorted((folder / "ga4").iterdir()):
        day = datetime.strptime(path.name, "events_%Y%m%d.ndjson.gz").date()
        for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
            yield day, json.loads(line)


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    span = (date(2026, 8, 10), date(2026, 8, 20))
    write_sample(tmp_path / "one", *span)
    write_sample(tmp_path / "two", *span)
    assert list(contents(tmp_path / "one")) == list(contents(tmp_path / "two"))


def unpacked(name: str, data: bytes) -> bytes:
    """The content of a file whose packed form belongs to the machine's libraries."""
    if name.endswith(".gz"):
        return gzip.decompress(data)
    if name.endswith(".parquet"):
        return repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
    if name.endswith(".xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        return repr([(sheet.title, *row) for row in sheet.iter_rows(values_only=True)]).encode()
    return data


def test_every_machine_writes_the_same_exports(summer: Path) -> None:
    digest = hashlib.sha256()
    for name, data in contents(summer):
        digest.update(name.encode() + unpacked(name, data))
    assert digest.hexdigest() == FINGERPRINT


def test_a_longer_span_does_not_change_the_leads_of_the_shorter(tmp_path: Path) -> None:
    write_sample(tmp_path / "short", FIRST, date(2026, 7, 10))
    write_sample(tmp_path / "long", FIRST, date(2026, 7, 20))

    def created(folder: Path) -> list[tuple[str, ...]]:
        text = next((folder / "sfa").glob("見込客_*.csv")).read_bytes().decode("cp932")
        rows = list(csv.reader(io.StringIO(text)))[1:]
        return [tuple(row[:5]) for row in rows if "2026/07/01" <= row[1] <= "2026/07/10"]

    assert created(tmp_path / "short") == created(tmp_path / "long") != []


def test_the_sfa_writes_cp932_with_characters_that_shift_jis_lacks(summer: Path) -> None:
    for path in (summer / "sfa").iterdir():
        raw = path.read_bytes()
        raw.decode("cp932")
        with pytest.raises(UnicodeDecodeError):
            raw.decode("utf-8")
    names = next((summer / "sfa").glob("取引先_*.csv")).read_bytes()
    assert all(character in names.decode("cp932") for character in "㈱髙①～")
    with pytest.raises(UnicodeDecodeError):
        names.decode("shift_jis")


def test_shop_and_google_write_a_byte_order_mark(summer: Path) -> None:
    for path in [*(summer / "shop").iterdir(), *(summer / "ads").glob("google_*.csv")]:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name


def test_csv_lines_end_in_crlf(summer: Path) -> None:
    for path in summer.rglob("*.csv"):
        raw = path.read_bytes()
        assert raw.endswith(b"\r\n")
        assert raw.count(b"\n") == raw.count(b"\r\n"), path.name


def sources_of(project: Path) -> tuple[Source, ...]:
    return load_definitions(project).sources


def test_every_declared_source_has_a_file_and_every_file_one_source(summer: Path) -> None:
    claimed: dict[Path, list[str]] = {}
    for source in sources_of(summer):
        found = list(summer.glob(source.files))
        assert found, source.name
        for path in found:
            claimed.setdefault(path, []).append(source.name)
    written = [path for room in ROOMS for path in (summer / room).iterdir()]
    assert sorted(claimed) == sorted(written)
    assert all(len(names) == 1 for names in claimed.values())


def test_files_hold_exactly_the_declared_headers(summer: Path) -> None:
    for source in sources_of(summer):
        if source.preset:
            continue
        declared = [column.headers[0] for column in source.columns]
        for path in summer.glob(source.files):
            # a nested record is there as a whole, too, beside its members
            header = [
                name
                for name in read_raw(path, source).header
                if not any(other.startswith(f"{name}.") for other in declared)
            ]
            assert sorted(declared) == sorted(header), path.name


def test_landing_the_sample_holds_no_file_and_sets_no_row_aside(summer: Path, tmp_path: Path) -> None:
    definitions = load_definitions(summer)
    now = datetime(2026, 9, 1, tzinfo=UTC)
    report = land(summer, tmp_path, definitions.sources, definitions.calendar, now)
    assert [(entry.path, entry.reason) for entry in report.held] == []
    assert report.quarantined == 0
    assert {entry.source for entry in report.landed} == {source.name for source in definitions.sources}


def test_total_rows_and_notes_below_a_table_are_no_rows(summer: Path) -> None:
    stopped = [source for source in sources_of(summer) if source.format.stop_at]
    assert len(stopped) >= 6
    for source in stopped:
        for path in summer.glob(source.files):
            whole = replace(source, format=replace(source.format, stop_at=None), quarantine_limit=1.0)
            rows, more = read_typed(path, source, "Asia/Tokyo"), read_typed(path, whole, "Asia/Tokyo")
            assert more.seen == rows.seen + 1, path.name


def test_the_offices_write_cp932(summer: Path) -> None:
    for pattern in ("hr/*.csv", "billing/*.csv", "accounting/*.csv", "support/*.csv", "factory/*"):
        for path in summer.glob(pattern):
            raw = path.read_bytes()
            raw.decode("cp932")
            with pytest.raises(UnicodeDecodeError):
                raw.decode("utf-8")


def test_the_web_has_a_file_for_every_day(summer: Path) -> None:
    expected = [f"events_{day:%Y%m%d}.ndjson.gz" for day in days_of(FIRST, LAST)]
    assert sorted(path.name for path in (summer / "ga4").iterdir()) == expected


def test_an_event_lies_in_the_file_of_its_day_in_tokyo(summer: Path) -> None:
    for day, event in events(summer):
        moment = datetime.fromtimestamp(int(event["event_timestamp"]) / 1e6, UTC) + timedelta(hours=9)
        assert moment.date() == day
        assert event["event_date"] == f"{day:%Y%m%d}"


def test_events_are_nested_and_whole_numbers_are_text(summer: Path) -> None:
    names = set()
    for _, event in events(summer):
        names.add(event["event_name"])
        params = {param["key"]: param["value"] for param in event["event_params"]}
        assert len(params) == len(event["event_params"]), "a key twice"
        assert isinstance(params["ga_session_id"]["int_value"], str)
        assert params["session_engaged"]["string_value"] in ("0", "1")
        assert params["page_location"]["string_value"].split("/")[2].endswith(".example")
    assert names == {
        *("first_visit", "session_start", "page_view", "scroll", "user_engagement", "view_item"),
        *("add_to_cart", "begin_checkout", "purchase", "form_start", "form_submit", "file_download"),
    }


def test_some_sessions_cross_midnight(summer: Path) -> None:
    days: dict[tuple[str, str], set[date]] = {}
    for day, event in events(summer):
        session = next(p["value"]["int_value"] for p in event["event_params"] if p["key"] == "ga_session_id")
        days.setdefault((event["user_pseudo_id"], session), set()).add(day)
    crossing = [found for found in days.values() if len(found) == 2]
    assert 5 < len(crossing) < len(days) / 20


def test_a_first_visit_is_the_first_session_of_its_visitor(summer: Path) -> None:
    numbers: dict[str, list[int]] = {}
    for _, event in events(summer):
        if event["event_name"] != "session_start":
            continue
        number = next(
            p["value"]["int_value"] for p in event["event_params"] if p["key"] == "ga_session_number"
        )
        numbers.setdefault(event["user_pseudo_id"], []).append(int(number))
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())
    assert any(len(found) > 1 for found in numbers.values())


def test_the_folder_says_that_it_is_synthetic(summer: Path) -> None:
    assert is_sample(summer)
    assert "架空" in (summer / MARKER).read_text(encoding="utf-8")
    assert load_definitions(summer).settings.synthetic


def test_the_definitions_beside_the_exports_read_them_there(summer: Path) -> None:
    assert load_definitions(summer).settings.data == "."


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "accounts.xlsx").write_text("theirs")
    with pytest.raises(UsageError, match="not empty"):
        write_sample(tmp_path, FIRST, FIRST)
    assert [path.name for path in tmp_path.iterdir()] == ["accounts.xlsx"]
    write_sample(tmp_path, FIRST, FIRST, force=True)
    assert (tmp_path / "accounts.xlsx").read_text() == "theirs"


def test_another_companys_definitions_are_never_overwritten(tmp_path: Path) -> None:
    theirs = tmp_path / "kpi_definitions" / "project.yml"
    theirs.parent.mkdir()
    theirs.write_text("name: theirs\n")
    with pytest.raises(UsageError, match="definitions of its own"):
        write_sample(tmp_path, FIRST, FIRST, definitions=True, force=True)
    assert theirs.read_text() == "name: theirs\n"


def test_writing_again_replaces_the_exports_and_keeps_edited_definitions(tmp_path: Path) -> None:
    write_sample(tmp_path, FIRST, date(2026, 7, 3), definitions=True)
    edited = tmp_path / "kpi_definitions" / "calendar.yml"
    edited.write_text("timezone: Asia/Tokyo\n")
    written = write_sample(tmp_path, FIRST, FIRST, definitions=True)
    assert written.definitions_kept
    assert edited.read_text() == "timezone: Asia/Tokyo\n"
    assert [path.name for path in (tmp_path / "ga4").iterdir()] == ["events_20260701.ndjson.gz"]
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["order_lines_20260702.csv"]
    assert not write_sample(tmp_path, FIRST, FIRST, definitions=True, force=True).definitions_kept
    assert edited.read_text() != "timezone: Asia/Tokyo\n"


def test_an_empty_span_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        write_sample(tmp_path / "none", LAST, FIRST)
