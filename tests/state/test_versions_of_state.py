"""state/ outlives versions of the contract: older rows are migrated, newer ones refused, none is lost."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dagster_project import appended, migrations, state_version
from dagster_project.errors import EXIT_NOTHING_PUBLISHED, UnknownState
from dagster_project.forecast.log import read_alerts, read_forecasts
from dagster_project.goals.review.log import record
from dagster_project.migrations import Migration, added, renamed
from tests.faults.company import Company, write_company

# alerts as a first version might have written them: `subject` was to become `node`, `kpi` to come later
OLD = pa.table(
    {
        "alert": ["a1", "a2"],
        "opened_on": pa.array([date(2026, 4, 1), date(2026, 4, 2)]),
        "subject": ["revenue", "leads"],
        "severity": ["high", "low"],
    }
)
CHANGES = (
    Migration(2, "alerts", renamed("subject", "node")),
    Migration(3, "kgi_forecast", added("kpi", pa.string(), "another table")),
    Migration(3, "alerts", added("kpi", pa.string(), "unknown")),
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """state/ of the first version: no version in its file, nor beside it."""
    (tmp_path / "state" / "alerts").mkdir(parents=True)
    pq.write_table(OLD, tmp_path / "state" / "alerts" / "night1.parquet")
    return tmp_path / "state"


@pytest.fixture
def third_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "VERSION", 3)
    monkeypatch.setattr(migrations, "MIGRATIONS", CHANGES)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("third_version")
def test_rows_of_an_older_version_are_read_as_todays_and_their_file_stays(state: Path) -> None:
    before = content(state)
    state_version.claim(state)
    rows = read_alerts(state)
    assert list(rows.alert) == ["a1", "a2"]
    assert list(rows.node) == ["revenue", "leads"]
    assert list(rows.kpi) == ["unknown", "unknown"]
    assert rows.first_cause.isna().all()
    assert content(state) == before | {"contract_version": b"3\n"}


@pytest.mark.usefixtures("third_version")
def test_only_what_came_after_a_file_is_done_to_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", 2)
        appended.write(state / "alerts", "night2", pa.table({"alert": ["b1"], "node": ["orders"]}))
    today = pa.table({"alert": ["c1"], "node": ["visits"], "kpi": ["store_visits"]})
    appended.write(state / "alerts", "night3", today)
    rows = read_alerts(state).set_index("alert")
    assert rows.kpi.to_dict() == {"a1": "unknown", "a2": "unknown", "b1": "unknown", "c1": "store_visits"}
    assert rows.node.to_dict() == {"a1": "revenue", "a2": "leads", "b1": "orders", "c1": "visits"}


def test_a_forecast_log_from_before_a_column_was_added_is_read_with_nothing_in_it(tmp_path: Path) -> None:
    old = pa.table(
        {
            "as_of": [date(2026, 4, 1)], "goal": ["g"], "node": ["revenue"], "scenario": ["plan"],
            "issue": [1], "p50": [10.0], "probability": [0.5],
        }
    )  # fmt: skip
    (tmp_path / "kgi_forecast").mkdir()
    pq.write_table(old, tmp_path / "kgi_forecast" / "night1.parquet")
    (row,) = read_forecasts(tmp_path).to_dict("records")
    assert (row["p50"], row["probability"]) == (10.0, 0.5)
    assert row["settled_probability"] is None or row["settled_probability"] != row["settled_probability"]


@pytest.mark.usefixtures("third_version")
@pytest.mark.parametrize("killed_at", ["the draft", "the rename", "the version", "the next rows"])
def test_a_kill_while_a_newer_version_takes_over_loses_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    def take_over() -> None:
        state_version.claim(state)
        if killed_at == "the version":
            raise KeyboardInterrupt
        today = pa.table({"alert": ["c1"], "node": ["visits"], "kpi": ["store_visits"]})
        appended.write(state / "alerts", "night3", today)

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    replace = Path.replace

    def killed_for(path: Path, target: Path) -> Path:
        if killed_at == "the rename" or target.suffix == ".parquet":
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as broken:
        if killed_at == "the draft":
            broken.setattr(os, "fsync", killed)
        elif killed_at in ("the rename", "the next rows"):
            broken.setattr(Path, "replace", killed_for)
        with pytest.raises(KeyboardInterrupt):
            take_over()
    assert list(read_alerts(state).alert) == ["a1", "a2"]
    killed_at = "nowhere"
    take_over()
    assert read_alerts(state).set_index("alert").kpi.to_dict() == {
        "a1": "unknown",
        "a2": "unknown",
        "c1": "store_visits",
    }


def test_rows_of_a_later_version_are_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = migrations.VERSION + 1
    with monkeypatch.context() as then:
        then.setattr(migrations, "VERSION", later)
        appended.write(state / "alerts", "night2", pa.table({"alert": ["b1"]}))
    with pytest.raises(
        UnknownState, match=rf"night2\.parquet: written by a later version of Shirube .contract {later}"
    ):
        read_alerts(state)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("999\n", "written by a later version of Shirube (contract 999, this one knows"),
        ("", "holds '', which is no version of the contract"),
    ],
    ids=["later", "emptied"],
)
def test_a_night_and_a_review_of_a_state_that_is_not_known_change_nothing(
    tmp_path: Path, written: str, why: str
) -> None:
    company: Company = write_company(tmp_path / "company")
    state = company.project.state
    state.mkdir()
    (state / "contract_version").write_text(written)
    answer = company.kpi("run")
    assert answer.code == UnknownState.exit_code == EXIT_NOTHING_PUBLISHED
    assert why in answer.err
    assert "Traceback" not in answer.err
    assert content(state) == {"contract_version": written.encode()}
    assert not company.project.current.exists()
    assert not company.project.landing.exists()
    with pytest.raises(UnknownState):
        record(state, {"review": "r1", "goal": "revenue_q1"})
    assert content(state) == {"contract_version": written.encode()}


def test_what_is_claimed_once_is_not_written_again(tmp_path: Path) -> None:
    state_version.claim(tmp_path / "state")
    written = tmp_path / "state" / "contract_version"
    assert written.read_text() == f"{migrations.VERSION}\n"
    before = written.stat().st_mtime_ns
    state_version.claim(tmp_path / "state")
    assert written.stat().st_mtime_ns == before
