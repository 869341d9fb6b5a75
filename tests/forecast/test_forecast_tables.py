"""kgi_forecast and its path: what a night adds, and what it does not add twice."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast import log
from dagster_project.forecast.columns import KGI_FORECAST, KGI_FORECAST_PATH
from dagster_project.goals.frames import frame
from tests.forecast.conftest import AS_OF, START, days_through, goal

QUANTILES = ["p025", "p10", "p50", "p90", "p975"]


def test_a_night_forecasts_the_end_of_the_period_with_its_interval(night, make_series):
    row = night().kgi_forecast.iloc[0]
    series = make_series(7, days_through(AS_OF))
    assert row["actual"] == pytest.approx(series[days_through(date(2026, 4, 30)) :].sum())
    assert row["status"] == "ok"
    assert row["issue"] == 1
    assert row["history_from"] == START
    assert row["history_days"] == days_through(AS_OF)
    values = [row[name] for name in QUANTILES]
    assert values == sorted(values)
    assert row["actual"] < values[0]
    assert 0 < row["probability"] < 1
    assert row["required_run_rate"] == pytest.approx(max(3000 - row["actual"], 0) / 7)


def test_the_same_inputs_add_nothing_and_others_add_the_next_issue(night, make_series):
    first = night().kgi_forecast
    assert night(before=first, run_id="run-2").kgi_forecast.empty
    assert night(before=first, run_id="run-2").kgi_forecast_path.empty
    changed = make_series(7, days_through(AS_OF))
    changed[-40] += 1
    second = night(before=first, values=changed)
    assert second.kgi_forecast["issue"].tolist() == [2]
    assert set(second.kgi_forecast_path["issue"]) == {2}
    both = pd.concat([first, second.kgi_forecast])
    assert night(before=both, values=changed).kgi_forecast.empty


def test_another_target_is_another_issue(night):
    first = night().kgi_forecast
    assert night(goal(target=3001), before=first).kgi_forecast["issue"].tolist() == [2]


def test_another_night_starts_at_issue_one(night):
    first = night().kgi_forecast
    following = night(as_of=AS_OF + timedelta(days=1), before=first).kgi_forecast
    assert following["issue"].tolist() == [1]


def test_scenarios_share_the_issue_and_the_quantiles_but_not_the_probability(night):
    rows = night(goal(extra="scenarios: {stretch: 1.1, commit: 0.9}\n")).kgi_forecast
    assert rows["scenario"].tolist() == ["plan", "stretch", "commit"]
    assert set(rows["issue"]) == {1}
    assert rows["p50"].nunique() == 1
    plan, stretch, commit = rows["probability"]
    assert stretch <= plan <= commit


def test_a_lower_is_better_sum_is_attained_below_its_target(night):
    low = night(goal("costs", 2000), kpi="costs").kgi_forecast.iloc[0]
    high = night(goal("costs", 9000), kpi="costs").kgi_forecast.iloc[0]
    assert low["probability"] < 0.1
    assert high["probability"] > 0.9


@pytest.mark.parametrize(("kpi", "target", "probability"), [("revenue", 10, 1.0), ("costs", 10, 0.0)])
def test_a_sum_that_cannot_fall_is_decided_once_it_is_past_its_target(night, kpi, target, probability):
    row = night(goal(kpi, target), kpi=kpi).kgi_forecast.iloc[0]
    assert (row["status"], row["probability"]) == ("decided", probability)
    assert row["p025"] < row["p975"]


def test_a_sum_that_can_fall_is_not_decided_before_its_end(night, make_series):
    values = make_series(7, days_through(AS_OF))
    values[::30] = -200
    row = night(goal(target=10), values=values).kgi_forecast.iloc[0]
    assert row["status"] == "ok"
    assert 0.9 < row["probability"] <= 0.995


@pytest.mark.parametrize(("target", "probability"), [(1, 1.0), (10**9, 0.0)])
def test_a_period_that_is_over_and_known_is_decided(night, target, probability):
    row = night(goal(target=target), as_of=date(2026, 6, 3)).kgi_forecast.iloc[0]
    assert (row["status"], row["probability"]) == ("decided", probability)
    assert [row[name] for name in QUANTILES] == [row["actual"]] * 5


def test_a_period_that_is_over_but_not_known_is_still_forecast(night, make_series):
    values = make_series(7, days_through(date(2026, 6, 3)))
    values[-6:] = np.nan
    row = night(values=values, as_of=date(2026, 6, 3)).kgi_forecast.iloc[0]
    assert row["status"] == "ok"
    assert row["p10"] < row["p90"]


def test_old_data_are_called_stale_and_forecast_from_their_end(night, make_series):
    values = make_series(7, days_through(AS_OF))
    values[-5:] = np.nan
    row = night(values=values).kgi_forecast.iloc[0]
    assert row["status"] == "stale_data"
    path = night(values=values).kgi_forecast_path
    assert path["actual_cumulative"].notna().sum() == 15
    assert path["p50"].notna().sum() == 17


@pytest.mark.parametrize("values", [[], [None] * 505, [None] * 490 + [1.0] * 15, [3.0] * 505, [0.0] * 505])
def test_a_poor_history_yields_rows_and_never_an_error(night, values):
    tables = night(values=values)
    row = tables.kgi_forecast.iloc[0]
    assert row["status"] in ("stale_data", "short_history", "constant")
    assert len(tables.kgi_forecast_path) == 31
    if row["history_days"] == 0:
        assert pd.isna(row["p50"])
        assert pd.isna(row["probability"])


def test_a_history_that_begins_inside_the_period_puts_each_day_in_its_place(night):
    values = [np.nan] * days_through(date(2026, 5, 4)) + [10.0] * 16
    tables = night(values=values)
    path = tables.kgi_forecast_path.set_index("date")["actual_cumulative"]
    assert path[date(2026, 5, 4)] == 0
    assert path[date(2026, 5, 5)] == 10
    assert path[date(2026, 5, 20)] == 160
    assert tables.kgi_forecast["actual"].iloc[0] == 160


def test_the_segment_of_the_goal_is_what_is_forecast(night, make_series, make_daily):
    own = make_daily("revenue", make_series(9, days_through(AS_OF), level=10), START, ("channel", "b2b"))
    row = night(goal(extra="where: {channel: b2b}\n"), more=[own]).kgi_forecast.iloc[0]
    whole = night().kgi_forecast.iloc[0]
    assert row["p975"] < 0.5 * whole["p025"]


def test_the_settled_probability_leaves_out_days_that_may_still_change(night, make_series, make_daily):
    values = make_series(7, days_through(AS_OF))
    row = night(goal(target=2700), values=values).kgi_forecast.iloc[0]
    assert row["settled_through"] == AS_OF
    assert row["settled_probability"] == row["probability"]
    values[-3:] = 0.0  # hardly anything has come in yet
    daily = make_daily("revenue", values, START)
    daily.loc[daily.index[-3:], "data_status"] = "provisional"
    row = night(goal(target=2700), daily=daily).kgi_forecast.iloc[0]
    assert row["settled_through"] == AS_OF - timedelta(days=3)
    shorter = night(goal(target=2700), values=values[:-3]).kgi_forecast.iloc[0]
    assert row["settled_probability"] == shorter["probability"] > row["probability"]


def test_what_is_said_again_or_of_an_earlier_night_is_a_rerun(night, make_series):
    first = night().kgi_forecast
    changed = make_series(7, days_through(AS_OF))
    changed[-40] += 1
    assert first["origin"].tolist() == ["night"]
    assert night(before=first, values=changed).kgi_forecast["origin"].tolist() == ["rerun"]
    earlier = night(as_of=AS_OF - timedelta(days=1), before=first).kgi_forecast
    assert earlier["origin"].tolist() == ["rerun"]


def test_a_goal_not_begun_or_long_over_has_no_rows(night):
    assert night(as_of=date(2026, 4, 30)).kgi_forecast.empty
    assert night(as_of=date(2026, 7, 15)).kgi_forecast.empty


@pytest.fixture
def rate_night(night, make_daily):
    """A night over a rate: `tops` of `bottoms` a day."""

    def run(tops, bottoms, target=0.2, **options):
        daily = make_daily("rate", tops, START)
        daily["denominator"] = np.array(bottoms, dtype=float)
        daily["value"] = daily["numerator"] / daily["denominator"].where(daily["denominator"] > 0)
        return night(goal("rate", target), kpi="rate", daily=daily, **options)

    return run


def test_a_rate_is_forecast_as_what_both_its_sides_will_have_come_to(rate_night):
    random = np.random.default_rng(5)
    bottoms = random.poisson(40, days_through(AS_OF)).astype(float)
    tops = random.binomial(bottoms.astype(int), 0.25).astype(float)
    tables = rate_night(tops, bottoms)
    row, path = tables.kgi_forecast.iloc[0], tables.kgi_forecast_path.set_index("date")
    inside = slice(days_through(date(2026, 4, 30)), None)
    assert row["actual"] == pytest.approx(tops[inside].sum() / bottoms[inside].sum())
    assert row["p025"] < row["p10"] < 0.25 < row["p90"] < row["p975"]
    assert row["p90"] - row["p10"] < 0.06
    assert row["probability"] > 0.95
    assert path.loc[AS_OF, "p50"] == pytest.approx(row["actual"])
    last = path.loc[date(2026, 5, 31)]
    assert [last["p10"], last["p50"], last["p90"]] == pytest.approx([row["p10"], row["p50"], row["p90"]])
    assert rate_night(tops, bottoms, target=0.35).kgi_forecast["probability"].iloc[0] < 0.05


def test_a_rate_past_its_target_is_not_decided_before_the_end(rate_night):
    size = days_through(AS_OF)
    row = rate_night([4.0, 5.0] * (size // 2) + [4.0] * (size % 2), [10.0] * size).kgi_forecast.iloc[0]
    assert row["status"] == "ok"
    assert row["probability"] <= 0.995


def test_a_rate_whose_period_is_over_is_decided(rate_night):
    size = days_through(date(2026, 6, 2))
    row = rate_night([1.0] * size, [10.0] * size, as_of=date(2026, 6, 2)).kgi_forecast.iloc[0]
    assert (row["status"], row["probability"], row["p50"]) == ("decided", 0.0, 0.1)


def test_days_whose_conversions_are_still_to_come_are_forecast_and_not_stale(night, make_daily):
    size = days_through(AS_OF)
    bottoms = np.random.default_rng(5).poisson(40, size).astype(float)
    tops = np.random.default_rng(6).binomial(bottoms.astype(int), 0.25).astype(float)
    tops[-10:] = 0.0  # nobody has converted yet
    daily = make_daily("rate", tops, START)
    daily["denominator"] = bottoms
    daily.loc[daily.index[-10:], "data_status"] = "immature"
    tables = night(goal("rate", 0.2), kpi="rate", daily=daily)
    row = tables.kgi_forecast.iloc[0]
    assert row["status"] == "ok"
    assert row["p025"] < 0.25 < row["p975"]
    assert tables.kgi_forecast_path["actual_cumulative"].notna().sum() == 10


@pytest.mark.parametrize(
    ("tops", "bottoms"), [([], []), ([0.0] * 505, [0.0] * 505), ([None] * 505, [None] * 505)]
)
def test_a_rate_without_a_denominator_has_a_row_and_no_quantiles(rate_night, tops, bottoms):
    row = rate_night(tops, bottoms).kgi_forecast.iloc[0]
    assert pd.isna(row["p50"])
    assert pd.isna(row["probability"])


def test_the_path_joins_actual_and_fan_and_ends_on_the_quantiles(night):
    tables = night()
    row, path = tables.kgi_forecast.iloc[0], tables.kgi_forecast_path.set_index("date")
    assert len(path) == 31
    assert path["actual_cumulative"].dropna().index.max() == AS_OF
    joint = path.loc[AS_OF]
    assert joint["p10"] == joint["p90"] == joint["actual_cumulative"] == pytest.approx(row["actual"])
    last = path.loc[date(2026, 5, 31)]
    assert [last["p10"], last["p50"], last["p90"]] == pytest.approx([row["p10"], row["p50"], row["p90"]])
    assert last["target_cumulative"] == 3000
    assert (path["target_cumulative"].diff().dropna() > 0).all()


def test_columns_and_types_are_the_same_with_and_without_rows(night):
    tables = night()
    for name, columns in (("kgi_forecast", KGI_FORECAST), ("kgi_forecast_path", KGI_FORECAST_PATH)):
        assert list(getattr(tables, name).columns) == [column for column, _ in columns]
        assert getattr(tables, name).dtypes.equals(frame([], columns).dtypes)


def test_the_log_gives_back_what_was_added_night_by_night(night, tmp_path):
    first = night()
    log.append(tmp_path, first, "run-1")
    second = night(as_of=AS_OF + timedelta(days=1), before=log.read_forecasts(tmp_path), run_id="run-2")
    log.append(tmp_path, second, "run-2")
    found = log.read_forecasts(tmp_path)
    assert found["as_of"].tolist() == [AS_OF, AS_OF + timedelta(days=1)]
    assert found.iloc[[0]].equals(first.kgi_forecast)
    assert len(log.read_paths(tmp_path)) == 62
    assert len(log.read_paths(tmp_path, AS_OF)) == 31
    again = night(before=found, run_id="run-3")
    log.append(tmp_path, again, "run-3")
    assert sorted(path.name for path in (tmp_path / "kgi_forecast").iterdir()) == [
        "run-1.parquet",
        "run-2.parquet",
    ]


def test_a_night_killed_between_path_and_forecast_leaves_no_row_twice(night, tmp_path):
    first = night()
    log.append(tmp_path, first, "run-1")
    (tmp_path / "kgi_forecast" / "run-1.parquet").unlink()
    repeated = night(before=log.read_forecasts(tmp_path), run_id="run-2")
    log.append(tmp_path, repeated, "run-2")
    assert len(log.read_forecasts(tmp_path)) == 1
    assert len(log.read_paths(tmp_path)) == 31


def test_an_empty_log_has_its_columns(tmp_path):
    assert list(log.read_forecasts(tmp_path).columns) == [name for name, _ in KGI_FORECAST]
    assert list(log.read_paths(tmp_path).columns) == [name for name, _ in KGI_FORECAST_PATH]
