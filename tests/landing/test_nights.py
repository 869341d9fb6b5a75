"""The same exports give the same rows whatever the order, number and time of their arrival."""

from __future__ import annotations

import itertools
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.kpi.model import CalendarRules, Covers, Format, Source, Version
from dagster_project.landing.expose import latest_data
from dagster_project.landing.files import find_files, matches, refusal
from dagster_project.landing.ledger import Entry, Ledger
from tests.landing.rooms import FIRST_NIGHT, RULES, Room, column, deals

HEADER = "id,stage,closed_on,amount\n"
BY_NAME = Version("filename", "deals_%Y%m%d")


def full(**more: object) -> Source:
    return deals(version=BY_NAME, **more)


def text(*amounts: int) -> str:
    return HEADER + "".join(f"A{n},won,2026-10-0{n + 1},{amount}\n" for n, amount in enumerate(amounts))


def daily(**more: object) -> Source:
    given: dict[str, object] = {
        "name": "ads", "files": "ads_*.csv", "load": "by_day", "key": (),
        "columns": (column("day", "date"), column("cost", "money")),
        "version": Version("filename", "ads_%Y%m%d"),
    }  # fmt: skip
    return deals(**{**given, **more})


def test_landing_twice_changes_nothing(room: Room) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3))
    room.land(full())
    before = {path: path.read_bytes() for path in room.landing.rglob("*") if path.is_file()}
    report = room.land(full())
    assert (report.landed, report.held, report.unchanged) == ([], [], 1)
    assert {path: path.read_bytes() for path in room.landing.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("load", ["full", "by_key", "append"])
def test_the_same_content_under_another_name_counts_once(room: Room, load: str) -> None:
    source = deals(load=load)
    room.write("deals_a.csv", text(1, 2, 3))
    room.land(source)
    room.write("deals_b.csv", text(1, 2, 3))
    assert room.land(source).unchanged == 2
    assert len(room.rows(source)) == 3


def test_an_unchanged_export_with_a_newer_name_extends_what_is_covered(room: Room) -> None:
    for day in (30, 31):
        room.write(f"deals_202610{day}.csv", text(1, 2, 3))
        room.land(full())
    assert latest_data(room.landing, [full()], RULES) == date(2026, 10, 30)
    assert len(room.rows(full())) == 3


def test_an_older_export_that_arrives_later_changes_nothing(room: Room) -> None:
    room.write("deals_20261031.csv", text(1, 2, 30))
    room.land(full())
    room.write("deals_20261030.csv", text(1, 2, 3, 4))
    room.land(full())
    assert [row[3] for row in room.rows(full())] == [1, 2, 30]


def test_a_growing_log_replaces_itself(room: Room) -> None:
    log = deals(load="append", key=())
    for content in (text(1, 2, 3), text(1, 2, 3) + "A9,won,2026-10-09,9\n"):
        room.write("deals.csv", content)
        room.land(log)
    assert [row[3] for row in room.rows(log)] == [1, 2, 3, 9]


def test_changes_by_key_at_one_path_are_all_in_force(room: Room) -> None:
    changes = deals(load="by_key", version=Version("column", column="closed_on"))
    for content in (text(1, 2, 3), HEADER + "A1,won,2026-10-09,20\n"):
        room.write("deals.csv", content)
        room.land(changes)
    assert sorted(row[3] for row in room.rows(changes)) == [1, 2, 3, 20]


def test_a_path_that_goes_back_to_earlier_content_is_followed(room: Room) -> None:
    for amounts in ((1, 2, 3), (1, 2, 4), (1, 2, 3)):
        room.write("deals.csv", text(*amounts))
        room.land(deals())
    assert [row[3] for row in room.rows(deals())] == [1, 2, 3]


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_overlapping_exports_give_the_same_rows_in_every_order_of_arrival(
    room: Room, order: tuple[int, ...]
) -> None:
    files = {
        "ads_20261003.csv": "day,cost\n2026-10-01,1\n2026-10-02,2\n2026-10-03,3\n",
        "ads_20261004.csv": "day,cost\n2026-10-02,22\n2026-10-03,33\n2026-10-04,4\n",
        "ads_20261005.csv": "day,cost\n2026-10-03,333\n2026-10-05,5\n",
    }
    names = list(files)
    for at in order:
        room.write(names[at], files[names[at]])
        room.land(daily())
    room.expose([daily()], date(2026, 10, 31))
    assert room.query("select strftime(day, '%d'), cost::int from landing.ads order by all") == [
        ("01", 1), ("02", 22), ("03", 333), ("04", 4), ("05", 5),
    ]  # fmt: skip


def test_a_corrected_day_replaces_that_day_alone(room: Room) -> None:
    for day in (1, 2, 3):
        room.write(f"ads_2026100{day}.csv", f"day,cost\n2026-10-0{day},{day}\n")
    room.land(daily())
    room.write("ads_20261002.csv", "day,cost\n2026-10-02,20\n2026-10-02,2\n")
    room.land(daily())
    room.expose([daily()], date(2026, 10, 31))
    assert room.query("select sum(cost)::int from landing.ads") == [(26,)]


def test_known_at_gives_what_had_arrived_by_then(room: Room) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3))
    room.land(full())
    room.write("deals_20261031.csv", text(1, 2, 99))
    room.land(full())
    room.expose([full()], date(2026, 10, 31), known_at=FIRST_NIGHT + timedelta(hours=1))
    assert room.query("select sum(amount)::int from landing.deals") == [(6,)]
    room.expose([full()], date(2026, 10, 31))
    assert room.query("select sum(amount)::int from landing.deals") == [(102,)]


def test_a_changed_mapping_lands_the_snapshots_again_with_their_arrival(room: Room) -> None:
    path = room.write("deals_20261030.csv", text(1, 2, 3))
    room.land(full())
    path.unlink()
    mapped = full(
        columns=(deals().columns[0], column("stage", values=(("won", "受注"),)), *deals().columns[2:])
    )
    report = room.land(mapped)
    assert [entry.arrived_at for entry in report.landed] == [FIRST_NIGHT]
    assert {row[1] for row in room.rows(mapped)} == {"受注"}


def test_a_mass_deletion_is_held_until_it_is_declared_right(room: Room) -> None:
    room.write("deals_20261030.csv", text(*range(8)))
    room.land(full())
    room.write("deals_20261031.csv", text(*range(1, 8)))
    assert not room.land(full()).held
    room.write("deals_20261101.csv", text(77))
    assert "min_rows_share" in room.land(full()).held[0].reason
    exposed = room.expose([full()], date(2026, 10, 31))
    assert exposed.source_freshness["status"].to_pylist() == ["held"]
    assert len(room.rows(full())) == 7
    assert len(room.rows(full(min_rows_share=0))) == 1


def test_an_export_that_is_the_beginning_of_the_one_before_was_cut_unless_a_manifest_says_otherwise(
    room: Room,
) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3, 4))
    room.land(full())
    room.write("deals_20261031.csv", text(1, 2, 3))
    assert "byte for byte" in room.land(full()).held[0].reason
    assert len(room.rows(full())) == 4
    room.write("deals_20261031.csv.manifest.json", '{"rows": 3}')
    assert len(room.land(full()).landed) == 1
    assert len(room.rows(full())) == 3
    room.write("deals_20261101.csv", text(1, 2, 30))
    room.write("deals_20261101.csv.manifest.json", '{"rows": 4}')
    assert "manifest says 4" in room.land(full()).held[0].reason


def test_a_torn_last_line_of_the_ledger_is_dropped(room: Room) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3))
    room.land(full())
    ledger = room.landing / "ledger.jsonl"
    whole = ledger.read_bytes()
    room.write("deals_20261031.csv", text(1, 2, 4))
    room.land(full())
    after = ledger.read_bytes()
    for end in range(len(whole) + 1, len(after), 37):
        ledger.write_bytes(after[:end])
        assert len(Ledger(room.landing).entries()) == 1
        room.night = 1
        room.land(full())
        assert ledger.read_bytes() == after


def test_every_landed_file_is_listed_with_its_digest(room: Room) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3))
    room.land(full())
    inputs = room.expose([full()], date(2026, 10, 31)).inputs.to_pylist()
    assert [(row["file"], row["rows"], len(row["sha256"])) for row in inputs] == [
        ("deals_20261030.csv", 3, 64)
    ]


def test_a_file_that_is_still_written_waits(room: Room) -> None:
    path = room.write("deals.csv", text(1))
    stop = threading.Event()

    def writer() -> None:
        with path.open("ab") as stream:
            while not stop.is_set():
                stream.write(b"A9,won,2026-10-01,5\n")
                stream.flush()
                time.sleep(0.01)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        report = room.land(deals(), settle_seconds=0.3)
    finally:
        stop.set()
        thread.join()
    assert (report.waiting, report.landed) == (["deals.csv"], [])
    os.utime(path, (1, 1))
    assert len(room.land(deals(key=())).landed) == 1


def test_unfinished_and_hidden_files_are_no_exports(room: Room) -> None:
    for name in ("deals.csv.tmp", "deals.part", ".deals.csv", "~$deals.xlsx", "deals.csv.crdownload"):
        room.write(name, text(1))
    assert room.land(deals(files="*")).landed == []


@pytest.mark.parametrize(
    "pattern",
    [
        "/etc/passwd", "../secret.csv", "a/../../b.csv", "..", "http://example.com/a.csv",
        "https://example.com/*.csv", "s3://bucket/a.csv", "file:///etc/passwd", "C:\\data\\a.csv",
        "\\\\host\\a",
        "~/a.csv", "", "a\\..\\..\\b", "gs://b/c", "x/../../*.csv",
    ],
)  # fmt: skip
def test_a_source_reads_below_the_data_folder_only(room: Room, pattern: str) -> None:
    (room.data.parent / "secret.csv").write_text(text(1))
    assert refusal(pattern)
    report = room.land(deals(files=pattern))
    assert (report.landed, len(report.notes)) == ([], 1)


@pytest.mark.parametrize(
    "pattern", ["*.csv", "**/*.csv", "a/*.csv", "a/**/deals_?.csv", "[ab]/*", "[!a]/d*", "**/x*"]
)
def test_a_name_matches_a_glob_as_the_folder_does(room: Room, pattern: str) -> None:
    names = ["deals_1.csv", "a/deals_2.csv", "a/b/deals_3.csv", "b/deals_4.csv", "b/x.csv", "x+y.csv"]
    for name in names:
        room.write(name, "x")
    found = {file.name for file in find_files(room.data, pattern)[0]}
    assert found == {name for name in names if matches(name, pattern)}
    assert found


def test_a_narrower_glob_leaves_out_what_a_wider_one_landed(room: Room) -> None:
    room.write("deals_old.csv", text(1, 2, 3))
    room.land(deals())
    assert len(room.rows(deals())) == 3
    assert room.rows(deals(files="deals_new*.csv")) == []


def test_a_link_out_of_the_data_folder_is_not_followed(room: Room) -> None:
    outside = room.data.parent / "outside"
    outside.mkdir()
    (outside / "deals.csv").write_text(text(1))
    (room.data / "deals_link.csv").symlink_to(outside / "deals.csv")
    (room.data / "folder").symlink_to(outside)
    report = room.land(deals(files="**/deals*.csv"))
    assert report.landed == []
    assert any("leads out" in note for note in report.notes)


def test_names_written_by_a_mac_are_found_and_composed(room: Room) -> None:
    room.write("データ.csv", text(1))  # か + dakuten, as a Mac stores it
    report = room.land(deals(files="データ*.csv"))
    assert [entry.path for entry in report.landed] == ["データ.csv"]


def days(
    room: Room, source: Source, as_of: date, rules: CalendarRules = RULES
) -> dict[str, tuple[str, bool]]:
    room.expose([source], as_of)
    found = room.query(
        "select strftime(date, '%m-%d'), status, is_known from night.source_days order by date"
    )
    return {day: (status, known) for day, status, known in found}


def test_what_an_export_covers_is_known_and_the_rest_is_missing(room: Room) -> None:
    covers = Covers(start=date(2026, 10, 28), through_version_days=-1)
    source = full(covers=covers, provisional_days=2)
    room.write("deals_20261031.csv", text(1, 2, 3))
    room.land(source)
    assert days(room, source, date(2026, 11, 1)) == {
        "10-28": ("final", True), "10-29": ("final", True), "10-30": ("final", True),
        "10-31": ("missing", False), "11-01": ("missing", False),
    }  # fmt: skip
    assert days(room, source, date(2026, 10, 30))["10-29"] == ("provisional", True)
    assert list(days(room, source, date(2026, 10, 30))) == ["10-28", "10-29", "10-30"]


def test_rows_without_a_date_are_known_on_the_days_of_their_exports(room: Room) -> None:
    source = Source(
        "members",
        "members*.csv",
        Format("csv"),
        "append",
        (column("id"),),
        version=Version("manifest"),
        covers=Covers(through_version_days=0),
    )
    for name, moment in (("a", "2026-10-29T23:30:00+09:00"), ("b", "2026-10-30T16:00:00Z")):
        room.write(f"members_{name}.csv", f"id\n{name}\n")
        room.write(f"members_{name}.csv.manifest.json", f'{{"exported_at": "{moment}"}}')
    room.write("members_c.csv", "id\nc\n")
    report = room.land(source)
    assert [(file.path, "manifest.json" in file.reason) for file in report.held] == [("members_c.csv", True)]
    found = days(room, source, date(2026, 11, 1))  # 16:00 UTC is the next day in Tokyo
    assert {day: known for day, (_, known) in found.items()} == {
        "10-29": True, "10-30": True, "10-31": True, "11-01": False,
    }  # fmt: skip


def test_days_that_only_a_held_export_would_cover_are_held(room: Room) -> None:
    room.write("deals_20261030.csv", text(1, 2, 3))
    room.write("deals_20261031.csv", "id,stage,closed_on\n")
    room.land(full())
    assert days(room, full(), date(2026, 10, 31)) | {} == {
        **{f"10-{day:02}": ("final", True) for day in range(1, 30)},
        "10-30": ("held", False), "10-31": ("missing", False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("no_file", "friday", "saturday"),
    [
        ("missing", ("missing", False), ("missing", False)),
        ("zero", ("final", True), ("final", True)),
        ("zero_when_closed", ("missing", False), ("closed", True)),
    ],
)
def test_a_day_without_a_file_is_what_the_source_declares(
    room: Room, no_file: str, friday: tuple[str, bool], saturday: tuple[str, bool]
) -> None:
    source = daily(no_file=no_file)
    for day in (1, 4):  # 2026-10-02 is a Friday, 2026-10-03 a Saturday
        room.write(f"ads_2026100{day}.csv", f"day,cost\n2026-10-0{day},{day}\n")
    room.land(source)
    found = days(room, source, date(2026, 10, 4))
    assert (found["10-01"], found["10-02"], found["10-03"]) == (("final", True), friday, saturday)


def test_a_held_correction_leaves_the_good_day_in_force_and_marked(room: Room) -> None:
    room.write("ads_20261001.csv", "day,cost\n2026-10-01,5\n")
    room.land(daily())
    room.write("ads_20261001.csv", "day,cost\n2026-10-01,5,5\n")
    room.write("ads_20261002.csv", "")
    room.land(daily())
    assert days(room, daily(), date(2026, 10, 2)) == {"10-01": ("held", True), "10-02": ("held", False)}
    assert room.query("select cost::int from landing.ads") == [(5,)]
    room.write("ads_20261001.csv", "day,cost\n2026-10-01,6\n")
    room.land(daily())
    assert days(room, daily(), date(2026, 10, 1)) == {"10-01": ("final", True)}


def test_a_stopped_feed_is_stale_and_a_source_without_files_is_an_empty_relation(room: Room) -> None:
    room.write("ads_20261001.csv", "day,cost\n2026-10-01,5\n")
    none = deals(name="nothing", files="nothing*.csv")
    room.land(daily(), none)
    for as_of, late, status in ((date(2026, 10, 1), 0, "fresh"), (date(2026, 10, 3), 2, "stale")):
        found = room.expose([daily(), none], as_of).source_freshness.to_pylist()
        assert (found[0]["days_late"], found[0]["status"], found[1]["status"]) == (late, status, "no_file")
    assert room.query("select count(*) from landing.nothing") == [(0,)]
    described = room.query("describe landing.nothing")
    assert [row[1] for row in described] == [
        "VARCHAR", "VARCHAR", "DATE", "DECIMAL(18,4)", "VARCHAR", "BIGINT", "TIMESTAMP",
    ]  # fmt: skip


def test_planned_dates_do_not_make_the_future_known(room: Room) -> None:
    room.write("deals.csv", HEADER + "A1,won,2026-10-01,1\nA2,open,2027-03-31,1\n")
    room.land(deals())
    assert latest_data(room.landing, [deals()], RULES) == date(
        2026, 11, 1
    )  # the day before it arrived in Tokyo


def test_an_arrival_time_needs_a_zone(room: Room, tmp_path: Path) -> None:
    from dagster_project.landing.land import land

    with pytest.raises(ValueError, match="aware"):
        land(room.data, room.landing, [], RULES, datetime(2026, 1, 1))
    assert land(room.data, room.landing, [], RULES, datetime(2026, 1, 1, tzinfo=UTC)).landed == []


def test_a_night_compares_a_file_with_what_it_may_equal_and_not_with_every_arrival(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 60
    for at in range(count):
        room.write(f"deals_{at:03}.csv", f"id,stage,closed_on,amount\n{at},won,2026-10-01,1\n")
    source = deals(load="append")
    assert len(room.land(source).landed) == count
    compared = 0
    arrival = Entry.arrival.fget
    assert arrival is not None

    def counted(entry: Entry) -> object:
        nonlocal compared
        compared += 1
        return arrival(entry)

    monkeypatch.setattr(Entry, "arrival", property(counted))
    assert room.land(source).unchanged == count
    assert compared < 10 * count
