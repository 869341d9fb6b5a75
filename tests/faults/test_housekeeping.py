"""What may go, goes; what is needed stays; and what is disposable can be had again."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dagster_project import gathered
from dagster_project.kpi.load import load_definitions
from dagster_project.landing.ledger import Ledger
from dagster_project.landing.pruning import prune
from tests.faults.company import Company, assert_same, store, tables
from tests.faults.conftest import Second


def _state(company: Company) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (company.root / "state").rglob("*") if path.is_file()}


def _prune(company: Company, before: datetime) -> int:
    definitions = load_definitions(company.root)
    return prune(
        company.project.landing, definitions.sources, definitions.calendar, before, datetime.now(UTC)
    ).entries


def test_only_what_no_night_since_then_reads_is_pruned(corrected: Company, second_night: Second) -> None:
    now, then = tables(corrected.project.current), second_night.exports_came_after
    assert _prune(corrected, then) == 1, "the intraday export never counted: the daily one was there"
    everything = corrected.landed()
    assert second_night.landed_before & everything
    assert _prune(corrected, datetime.now(UTC)) == 2, "the old deals and the old day"
    gone = {path.parent.name for path in everything - corrected.landed()}
    assert gone == {"raw", "crm", "store"}
    assert _prune(corrected, datetime.now(UTC)) == 0
    state = _state(corrected)
    corrected.night("--full-refresh")
    assert_same(tables(corrected.project.current), now)
    assert _state(corrected) == state
    answer = corrected.kpi("run", "--known-at", then.isoformat())
    assert answer.code == 1
    assert "would count, and was pruned on" in answer.err


@pytest.mark.slow
def test_the_command_says_what_would_go_and_keeps_three_publications(company: Company) -> None:
    for _ in range(3):
        company.night()
    versions = company.project.outputs / "versions"
    old = (datetime.now() - timedelta(days=3)).timestamp()
    for version in versions.iterdir():
        os.utime(version, (old, old))
    before = sorted(path.name for path in versions.iterdir())
    answer = company.kpi("prune", "--keep", "30", "--dry-run")
    assert answer.code == 0
    assert (
        f"Would remove the files of 0 superseded exports (0.0 MB), {len(before) - 3} publications"
        in answer.out
    )
    assert sorted(path.name for path in versions.iterdir()) == before
    assert company.kpi("prune", "--keep", "30").out.startswith("Removed the files of 0")
    assert sorted(path.name for path in versions.iterdir()) == before[-3:]
    assert company.kpi("status").code == 0


def test_repair_makes_the_publication_again_from_what_landed(company: Company) -> None:
    said = next(company.project.state.glob("kgi_forecast/*.parquet"))
    for time in range(gathered.BATCH):  # so that there is a batch of them
        shutil.copy(said, said.with_stem(f"0_{time}"))
    before, state = tables(company.project.current), _state(company)
    ledger = Ledger(company.project.landing).entries()
    damaged = next(entry for entry in ledger if entry.path.startswith("crm/"))
    (company.project.landing / str(damaged.typed)).write_bytes(b"PAR1 not really")
    company.project.warehouse.write_bytes(b"broken")
    batch = company.project.state_batches / "kgi_forecast" / "00000.parquet"
    batch.parent.mkdir(parents=True)
    batch.write_bytes(b"doubtful")
    company.write("store/store_20260411.csv", store(date(2026, 4, 11), 1, 1))
    answer = company.kpi("repair")
    assert answer.code == 0, answer.err
    assert "1 typed anew.\n  crm: crm/deals_20260411.csv" in answer.out
    assert_same(tables(company.project.current), before)
    assert _state(company) == state
    assert (company.project.work / "broken" / "warehouse.duckdb").read_bytes() == b"broken"
    assert pq.read_table(batch).num_rows


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_snapshot_that_is_not_what_arrived_is_named_and_nothing_is_rebuilt(
    company: Company, damage: str
) -> None:
    entry = next(
        entry for entry in Ledger(company.project.landing).entries() if entry.path.startswith("crm/")
    )
    raw = company.project.landing / entry.raw
    raw.unlink() if damage == "gone" else raw.write_bytes(raw.read_bytes() + b"x")
    before = company.project.current.resolve()
    answer = company.kpi("repair")
    assert answer.code == 1
    assert f"crm: {entry.path}: its snapshot {entry.raw}" in answer.err
    assert company.project.current.resolve() == before
