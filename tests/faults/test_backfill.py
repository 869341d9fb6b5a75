"""A range of days as one run: one publication, as of its last day, and no night made up."""

from __future__ import annotations

import json
from datetime import date, timedelta

import dagster as dg
import pandas as pd

from dagster_project.defs.instance import dagster_home
from tests.faults.company import AS_OF, Company, store


def test_a_range_is_one_run_that_lands_what_is_new_and_publishes_once(company: Company) -> None:
    before = {path.name for path in (company.root / "outputs" / "versions").iterdir()}
    company.write("store/store_20260407.csv", store(date(2026, 4, 7), 70, 7))
    answer = company.kpi("backfill", "--from", "2026-04-06", "--to", "2026-04-09", "--json")
    assert answer.code == 0, answer.out + answer.err
    said = json.loads(answer.out)
    assert (said["published"], said["as_of"]) == (True, "2026-04-09")
    after = {path.name for path in (company.root / "outputs" / "versions").iterdir()}
    assert after - before == {said["run_id"]}
    assert company.published("publication").as_of[0] == date(2026, 4, 9)
    assert company.days("visits")[7] == 70.0
    assert max(company.published("kpi_daily").date) == date(2026, 4, 9)

    with dg.DagsterInstance.from_config(str(dagster_home(company.project))) as instance:
        run = instance.get_runs(limit=1)[0]
        done = {
            table: instance.get_materialized_partitions(dg.AssetKey(table))
            for table in ("publication", "kpi_daily", "kgi_attainment")
        }
    assert run.tags["dagster/asset_partition_range_start"] == "2026-04-06"
    assert run.tags["dagster/asset_partition_range_end"] == "2026-04-09"
    days = {(AS_OF - timedelta(days=back)).isoformat() for back in range(5)}
    assert {table: keys & days for table, keys in done.items()} == dict.fromkeys(done, days)

    # the first night was of the 10th: what is said now of the 9th was not said then, and nothing of the 6th
    forecasts = company.published("kgi_forecast").drop_duplicates(["as_of", "issue"])
    assert list(zip(forecasts.as_of, forecasts.origin, strict=True)) == [
        (date(2026, 4, 9), "rerun"),
        (date(2026, 4, 10), "night"),
    ]
    assert set(company.published("kgi_attainment").as_of) == {date(2026, 4, 9)}


def test_a_range_that_can_not_be_is_refused_with_what_to_do(company: Company) -> None:
    before = company.project.current.resolve()
    tomorrow = (pd.Timestamp.now("Asia/Tokyo") + timedelta(days=1)).date()
    refused = {
        ("2026-04-10", "2026-04-06"): "--from 2026-04-10 is after --to 2026-04-06",
        ("2025-01-01", "2026-04-10"): "465 days, and a backfill takes at most 400; "
        "all days are computed anew by kpi run --as-of 2026-04-10 --full-refresh",
        (str(tomorrow), str(tomorrow)): f"--to {tomorrow} has not come yet: the data reach 2026-04-10",
    }
    for (first, last), why in refused.items():
        answer = company.kpi("backfill", "--from", first, "--to", last)
        assert (answer.code, answer.out) == (2, "")
        assert why in answer.err
    assert company.kpi("backfill", "--from", "2026-04-06").code == 2
    assert company.project.current.resolve() == before
