"""Batches of state's files save their opening, and change nothing of what is read."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dagster_project import appended, gathered, migrations
from dagster_project.errors import UnknownState
from dagster_project.forecast import log
from dagster_project.migrations import Migration
from dagster_project.publish import restatements
from dagster_project.publish.contract import load

SCHEMA = pa.schema({"night": pa.date32(), "node": pa.string(), "value": pa.float64(), "count": pa.int64()})
FIRST = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "BATCH", 4)


def _rows(number: int, values: list[float | None]) -> pa.Table:
    """Of every third night as a program wrote them that knew no `count`, with another order of columns."""
    night = pa.array([FIRST + timedelta(number)] * len(values), pa.date32())
    columns = {"value": pa.array(values, pa.float64()), "node": ["a"] * len(values), "night": night}
    if number % 3:
        columns["count"] = pa.array(range(len(values)), pa.int64())
    return pa.table(columns)


def _fill(folder: Path, nights: int) -> None:
    for number in range(nights):
        appended.write(folder, f"{number:03}", _rows(number, [float(number), None]))


def _identical(folder: Path, batches: Path, where: pc.Expression | None = None) -> pa.Table:
    """What is read with batches, after it was shown to be what is read without."""
    found = appended.read(folder, SCHEMA, batches, where)
    assert found.equals(appended.read(folder, SCHEMA, None, where))
    assert found.schema.equals(SCHEMA, check_metadata=True)
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files of state/ that were opened, since it was last cleared."""
    names: list[str] = []
    read = appended._of_today

    def noted(path: Path, table: str) -> pa.Table:
        names.append(path.stem)
        return read(path, table)

    monkeypatch.setattr(appended, "_of_today", noted)
    return names


def test_only_files_that_are_in_no_batch_are_opened(tmp_path: Path, opened: list[str]) -> None:
    _fill(tmp_path / "alerts", 10)
    appended.read(tmp_path / "alerts", SCHEMA, tmp_path / "batches")
    assert len(opened) == 10
    opened.clear()
    rows = appended.read(tmp_path / "alerts", SCHEMA, tmp_path / "batches")
    assert opened == ["008", "009"]
    assert rows["value"].to_pylist()[::2] == list(range(10))


def test_a_changed_file_costs_the_opening_of_its_batch_alone(tmp_path: Path, opened: list[str]) -> None:
    _fill(tmp_path / "alerts", 12)
    appended.read(tmp_path / "alerts", SCHEMA, tmp_path / "batches")
    appended.write(tmp_path / "alerts", "005", _rows(5, [99.0]))
    opened.clear()
    rows = appended.read(tmp_path / "alerts", SCHEMA, tmp_path / "batches")
    assert opened == ["004", "005", "006", "007"]
    assert 99.0 in rows["value"].to_pylist()


@pytest.mark.parametrize("seed", range(8))
def test_after_any_changes_batches_give_the_rows_that_the_files_give(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    folder, batches = tmp_path / "alerts", tmp_path / "batches"
    for _ in range(60):
        known = sorted(path.stem for path in folder.glob("*.parquet"))
        match dice.choice(["add", "add", "add", "insert", "replace", "same size and time", "remove", "lose"]):
            case "add":
                number = max(map(int, known), default=0) + dice.randint(1, 20)
                appended.write(folder, f"{number:05}", _rows(number, [dice.random()] * dice.randint(1, 5)))
            case "insert":
                number = dice.randint(0, 300)
                appended.write(folder, f"{number:05}", _rows(number, [dice.random()]))
            case "replace" if known:
                name = dice.choice(known)
                appended.write(folder, name, _rows(int(name), [dice.random()] * dice.randint(1, 5)))
            case "same size and time" if known:
                name = dice.choice(known)
                path = folder / f"{name}.parquet"
                before = path.stat()
                appended.write(folder, name, _rows(int(name), [dice.random()]))
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            case "remove" if known:
                (folder / f"{dice.choice(known)}.parquet").unlink()
            case "lose" if batches.is_dir() and (some := sorted(batches.iterdir())):
                dice.choice(some).unlink()
        if dice.random() < 0.7:
            _identical(folder, batches)
        if known and dice.random() < 0.3:
            _identical(folder, batches, pc.field("night") == FIRST + timedelta(int(dice.choice(known))))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _a_byte_of_its_rows_is_another(path: Path) -> None:
    """Amid the distinct values, where nothing but a checksum can tell."""
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(0).column(2)
    content = bytearray(path.read_bytes())
    content[column.data_page_offset - 12] ^= 0xFF
    path.write_bytes(content)


def _of_another_format(path: Path) -> None:
    rows = pq.read_table(path)
    stamp = rows.schema.metadata[gathered.STAMP].replace(b"[1, ", b"[0, ", 1)
    wrong = rows.set_column(2, "value", pa.array([7.0] * rows.num_rows))
    pq.write_table(wrong.replace_schema_metadata({gathered.STAMP: stamp}), path)


def _of_something_else(path: Path) -> None:
    pq.write_table(pa.table({"value": [7.0]}), path)


def _of_other_columns(path: Path) -> None:
    rows = pq.read_table(path)
    pq.write_table(rows.drop_columns(["count"]), path)


@pytest.mark.parametrize(
    "harm",
    [
        _cut, _emptied, _a_byte_of_its_rows_is_another, _of_another_format, _of_something_else,
        _of_other_columns,
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", [None, pc.field("night") == FIRST + timedelta(1)], ids=["all", "a night"])
def test_a_batch_that_is_not_what_it_should_be_is_made_anew(
    tmp_path: Path, opened: list[str], harm: object, where: pc.Expression | None
) -> None:
    assert callable(harm)
    folder, batches = tmp_path / "alerts", tmp_path / "batches"
    _fill(folder, 8)
    _identical(folder, batches)
    whole = (batches / "00000.parquet").read_bytes()
    harm(batches / "00000.parquet")
    _identical(folder, batches, where)
    assert (batches / "00000.parquet").read_bytes() == whole
    assert sorted(path.name for path in batches.iterdir()) == ["00000.parquet", "00001.parquet"]
    opened.clear()
    appended.read(folder, SCHEMA, batches)
    assert opened == []


def test_where_batches_cannot_be_written_every_file_is_read(tmp_path: Path) -> None:
    _fill(tmp_path / "alerts", 9)
    (tmp_path / "no_folder").write_text("a file is in its place")
    assert _identical(tmp_path / "alerts", tmp_path / "no_folder" / "alerts").num_rows == 18


def test_a_kill_while_a_batch_is_written_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(tmp_path / "alerts", 4)

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            appended.read(tmp_path / "alerts", SCHEMA, tmp_path / "batches")
    assert not list((tmp_path / "batches").glob("[!.]*"))
    assert _identical(tmp_path / "alerts", tmp_path / "batches").num_rows == 8


def _value_in_thousands(rows: pa.Table) -> pa.Table:
    at = rows.column_names.index("value")
    return rows.set_column(at, "value", pc.multiply(rows["value"], 1000.0))


def test_a_newer_program_migrates_rows_anew_and_an_older_one_refuses_them_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, batches = tmp_path / "alerts", tmp_path / "batches"
    _fill(folder, 4)
    assert max(_identical(folder, batches)["value"].drop_null().to_pylist()) == 3
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", migrations.VERSION + 1)
        then.setattr(
            migrations, "MIGRATIONS", (Migration(migrations.VERSION, "alerts", _value_in_thousands),)
        )
        assert max(_identical(folder, batches)["value"].drop_null().to_pylist()) == 3000
        appended.write(folder, "003", _rows(3, [5.0]))
        assert max(_identical(folder, batches)["value"].drop_null().to_pylist()) == 2000
    with pytest.raises(UnknownState):
        appended.read(folder, SCHEMA, batches)


def test_state_is_never_written_by_reading_it(tmp_path: Path) -> None:
    folder = tmp_path / "alerts"
    _fill(folder, 9)

    def content() -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}

    before = content()
    for _ in range(2):
        appended.read(folder, SCHEMA, tmp_path / "batches")
        shutil.rmtree(tmp_path / "batches")
    assert content() == before


def test_every_kept_table_is_read_from_its_batches(tmp_path: Path, opened: list[str]) -> None:
    state, batches = tmp_path / "state", tmp_path / "batches"
    reads = {
        "kgi_forecast": lambda: log.read_forecasts(state, batches),
        "kgi_forecast_path": lambda: log.read_paths(state, FIRST, batches),
        "alerts": lambda: log.read_alerts(state, batches),
        "restatements": lambda: restatements.kept(state, batches),
    }
    for table, read in reads.items():
        bare = pa.schema([pa.field(field.name, field.type) for field in load().table(table).schema])
        for number in range(4):
            one = {field.name: pa.nulls(1, field.type) for field in bare}
            if "as_of" in one:
                one["as_of"] = pa.array([FIRST + timedelta(number // 2)], pa.date32())
            appended.write(state / table, str(number), pa.table(one))
        first = read()
        assert len(opened) == 4, table
        opened.clear()
        assert read().equals(first)
        assert opened == [], table
        assert len(first), table
