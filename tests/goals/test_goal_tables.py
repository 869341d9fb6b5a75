"""goal_tree, goal_targets and kgi_attainment over frames of daily values."""

from datetime import date, timedelta

import pandas as pd
import pytest

from dagster_project.goals import columns
from dagster_project.goals.tables import build_goal_tables

PERIOD_COLUMNS = [
    "grain", "period_start", "kpi", "dimension", "segment", "elapsed_days", "value", "status_reason",
]  # fmt: skip
NO_PERIODS = pd.DataFrame({name: pd.Series(dtype="object") for name in PERIOD_COLUMNS})

MAY = """
goal: may
period: {month: 2026-05}
kgi: {kpi: KPI, target: TARGET}
"""


def daily(
    kpi, values, *, start=date(2026, 5, 1), segment=("total", "total"), statuses=None, denominators=None
):
    """kpi_daily rows, one a day from `start`."""
    return pd.DataFrame(
        {
            "date": pd.to_datetime([start + timedelta(days=i) for i in range(len(values))]),
            "kpi": kpi,
            "dimension": segment[0],
            "segment": segment[1],
            "numerator": [None if v is None else float(v) for v in values],
            "denominator": denominators or [None] * len(values),
            "value": [None] * len(values),
            "data_status": statuses or ["missing" if v is None else "final" for v in values],
        }
    )


def attainment(goals, definitions, frame, as_of, periods=NO_PERIODS):
    built = build_goal_tables(goals, definitions, frame, periods, as_of, "run")
    return built.kgi_attainment


def row(goals_of, definitions, kpi, target, frame, as_of=date(2026, 5, 10), extra="", periods=NO_PERIODS):
    goals = goals_of(MAY.replace("KPI", kpi).replace("TARGET", str(target)) + extra)
    return attainment(goals, definitions, frame, as_of, periods).iloc[0]


def test_every_target_of_every_scenario_ends_on_the_target_of_the_period(sales_goal, definitions):
    frame = daily("revenue", [])
    built = build_goal_tables([sales_goal], definitions, frame, NO_PERIODS, date(2026, 5, 1), "run")
    rows = built.goal_targets
    assert len(rows) == 365 * 10 * 3
    last = rows[rows["date"] == date(2027, 3, 31)]
    assert (last["target_cumulative"] == last["target_period"]).all()
    leads = rows[(rows["node"] == "leads") & (rows["scenario"] == "stretch")]
    assert leads["target_period"].tolist()[0] == 1400.0
    assert leads["target_daily"].sum() == pytest.approx(1400, rel=1e-12)
    rates = rows[rows["node"] == "lead_to_deal_rate"]
    assert set(rates["target_daily"]) == set(rates["target_cumulative"]) == {0.1}


def test_columns_and_types_are_the_same_with_and_without_rows(sales_goal, definitions):
    args = (definitions, daily("revenue", []), NO_PERIODS, date(2026, 5, 1), "run")
    full, empty = build_goal_tables([sales_goal], *args), build_goal_tables([], *args)
    for name, expected in (
        ("goal_tree", columns.GOAL_TREE),
        ("goal_targets", columns.GOAL_TARGETS),
        ("kgi_attainment", columns.KGI_ATTAINMENT),
    ):
        assert list(getattr(full, name).columns) == [column for column, _ in expected]
        assert getattr(full, name).dtypes.equals(getattr(empty, name).dtypes)
        assert len(getattr(empty, name)) == 0


def test_no_key_holds_a_null_and_no_key_twice(sales_goal, definitions):
    built = build_goal_tables(
        [sales_goal], definitions, daily("revenue", [1]), NO_PERIODS, date(2026, 5, 1), "run"
    )
    for rows, key in (
        (built.goal_tree, ["goal", "node", "revision"]),
        (built.goal_targets, ["goal", "node", "scenario", "dimension", "segment", "date", "revision"]),
        (built.kgi_attainment, ["as_of", "goal", "node", "scenario", "dimension", "segment"]),
    ):
        assert not rows[key].isna().any().any()
        assert not rows.duplicated(key).any()


def test_actual_and_target_are_both_cut_at_the_last_known_day(goals_of, definitions):
    found = row(goals_of, definitions, "revenue", 310, daily("revenue", [10] * 6 + [None] * 4))
    assert found["data_through"] == date(2026, 5, 6)
    assert found["actual"] == 60
    assert found["target_to_date"] == pytest.approx(60)
    assert found["attainment"] == pytest.approx(1)
    assert found["status"] == "on_track"
    assert found["pace"] == pytest.approx(310)
    assert found["remaining_business_days"] == 17
    assert found["required_per_business_day"] == pytest.approx(250 / 17)


def test_a_hole_in_the_days_is_marked_and_not_taken_for_nothing(goals_of, definitions):
    found = row(goals_of, definitions, "revenue", 310, daily("revenue", [10, None, 10, 10]))
    assert found["actual"] == 30
    assert found["data_status"] == "missing"


def test_a_day_held_at_its_last_good_value_counts_and_marks(goals_of, definitions):
    frame = daily("revenue", [10, 10], statuses=["final", "held"])
    found = row(goals_of, definitions, "revenue", 310, frame)
    assert (found["actual"], found["data_status"]) == (20, "held")
    assert found["data_through"] == date(2026, 5, 2)


def test_a_segment_reads_its_own_rows_and_is_nothing_where_it_had_none(goals_of, definitions):
    total = daily("revenue", [10] * 5)
    b2b = daily("revenue", [4, 4], segment=("channel", "b2b"))
    frame = pd.concat([total, b2b])
    own = row(goals_of, definitions, "revenue", 310, frame, extra="where: {channel: b2b}\n")
    assert (own["actual"], own["data_through"]) == (8, date(2026, 5, 5))
    none = row(goals_of, definitions, "revenue", 310, total, extra="where: {channel: b2b}\n")
    assert none["actual"] == 0


def test_a_ratio_to_date_is_sum_over_sum(goals_of, definitions):
    frame = daily("deal_to_order_rate", [1, 0, 8], denominators=[1.0, 0.0, 39.0])
    found = row(goals_of, definitions, "deal_to_order_rate", "20%", frame)
    assert found["actual"] == pytest.approx(9 / 40)
    assert found["target_to_date"] == found["target"] == 0.2
    assert found["pace"] == found["actual"]
    assert pd.isna(found["required_per_business_day"])


def test_zero_over_zero_is_no_value_with_its_reason(goals_of, definitions):
    frame = daily("deal_to_order_rate", [0, 0], denominators=[0.0, 0.0])
    found = row(goals_of, definitions, "deal_to_order_rate", "20%", frame)
    assert pd.isna(found["actual"])
    assert pd.isna(found["attainment"])
    assert (found["status"], found["status_reason"]) == ("no_data", "zero_denominator")


def test_the_row_of_the_period_is_used_where_it_is_cut_at_the_same_day(goals_of, definitions):
    frame = daily("buyers", [5] * 10)
    period = {
        "grain": "month", "period_start": pd.Timestamp(2026, 5, 1), "kpi": "buyers", "dimension": "total",
        "segment": "total", "elapsed_days": 10, "value": 7.0, "status_reason": None,
    }  # fmt: skip
    found = row(goals_of, definitions, "buyers", 31, frame, periods=pd.DataFrame([period]))
    assert found["actual"] == 7
    stale = row(
        goals_of, definitions, "buyers", 31, frame, periods=pd.DataFrame([{**period, "elapsed_days": 9}])
    )
    assert pd.isna(stale["actual"])


def test_distinct_counts_are_never_added_over_days(goals_of, definitions):
    text = MAY.replace("{month: 2026-05}", "{from: 2026-05-01, through: 2026-05-30}")
    goals = goals_of(text.replace("KPI", "buyers").replace("TARGET", "30"))
    found = attainment(goals, definitions, daily("buyers", [5] * 10), date(2026, 5, 10)).iloc[0]
    assert pd.isna(found["actual"])
    assert found["status_reason"] == "not_additive"


def test_a_rate_that_accumulates_is_measured_against_the_share_that_is_due(goals_of, definitions):
    goals = goals_of(
        """
        goal: churn
        period: {fiscal_year: 2026}
        kgi: {kpi: churn_rate, target: 5%}
        """
    )
    days = 214
    frame = daily(
        "churn_rate", [0.032] + [0] * (days - 1), start=date(2026, 4, 1), denominators=[1.0] + [0.0] * 213
    )
    found = attainment(goals, definitions, frame, date(2026, 10, 31)).iloc[0]
    assert found["target_to_date"] == pytest.approx(0.0292, abs=2e-4)
    assert found["attainment"] == pytest.approx(0.91, abs=0.01)
    assert found["status"] == "at_risk"


def test_a_value_within_its_bounds_needs_no_target(goals_of, definitions):
    frame = daily("utilisation", [95], denominators=[100.0])
    goals = goals_of("goal: g\nperiod: {month: 2026-05}\nkgi: {kpi: utilisation}\n")
    found = attainment(goals, definitions, frame, date(2026, 5, 1)).iloc[0]
    assert found["attainment"] == pytest.approx(90 / 95)
    assert found["status"] == "at_risk"


@pytest.mark.parametrize(("total", "status"), [(31, "attained"), (30, "missed")])
def test_a_period_that_is_over_and_known_is_decided(goals_of, definitions, total, status):
    frame = daily("revenue", [total] + [0] * 40)
    found = row(goals_of, definitions, "revenue", 31, frame, as_of=date(2026, 6, 8))
    assert found["status"] == status
    assert found["data_through"] == date(2026, 5, 31)
    assert pd.isna(found["required_per_business_day"])
    assert found["remaining_business_days"] == 0


def test_a_period_not_begun_has_no_value_and_the_whole_target(goals_of, definitions):
    found = row(goals_of, definitions, "revenue", 31, daily("revenue", []), as_of=date(2026, 4, 30))
    assert (found["status"], found["status_reason"]) == ("no_data", "not_started")
    assert found["target"] == 31
    assert found["remaining_business_days"] == 18


def test_before_the_first_business_day_nothing_is_due(goals_of, definitions):
    goals = goals_of(
        """
        goal: g
        period: {from: 2026-05-02, through: 2026-05-10}
        kgi: {kpi: revenue, target: 20}
        phasing: business_days
        """
    )
    frame = daily("revenue", [0], start=date(2026, 5, 2))
    found = attainment(goals, definitions, frame, date(2026, 5, 2)).iloc[0]
    assert pd.isna(found["attainment"])
    assert (found["status"], found["status_reason"]) == ("on_track", "nothing_due")


def test_each_scenario_is_measured_against_its_own_target(goals_of, definitions):
    goals = goals_of(
        "goal: okr\nperiod: {month: 2026-05}\nkgi: {kpi: leads, target: 1000}\nscenarios: {stretch: 2}\n"
    )
    rows = attainment(goals, definitions, daily("leads", [1400] + [0] * 30), date(2026, 5, 31))
    assert rows["attainment"].tolist() == [pytest.approx(1.4), pytest.approx(0.7)]
    assert rows["scenario"].tolist() == ["plan", "stretch"]
    assert rows["status"].tolist() == ["attained", "attained"]  # 70 % of a stretch target is a success
    assert rows["status_rule"].tolist() == ["at_end", "at_end"]
    all_of_it = (
        "goal: okr\nperiod: {month: 2026-05}\nkgi: {kpi: leads, target: 1000}\nscenarios: {commit: 2}\n"
    )
    rows = attainment(goals_of(all_of_it), definitions, daily("leads", [1400] + [0] * 30), date(2026, 5, 31))
    assert rows["status"].tolist() == ["attained", "missed"]


@pytest.mark.parametrize("opening", [", opening: 60_000", ""], ids=["as written", "from the day before"])
def test_a_stock_is_due_on_its_way_from_the_opening_level(goals_of, definitions, opening):
    text = f"goal: users\nperiod: {{fiscal_year: 2026}}\nkgi: {{kpi: users, target: 100_000{opening}}}\n"
    frame = daily("users", [60_000] + [76_000] * 183, start=date(2026, 3, 31))
    period = {
        "grain": "fiscal_year", "period_start": pd.Timestamp(2026, 4, 1), "kpi": "users",
        "dimension": "total", "segment": "total", "elapsed_days": 183,
        "value": 76_000.0, "status_reason": None,
    }  # fmt: skip
    found = attainment(goals_of(text), definitions, frame, date(2026, 9, 30), pd.DataFrame([period])).iloc[0]
    assert (found["actual"], found["target_to_date"], found["target"]) == (76_000, 80_000, 100_000)
    assert found["attainment"] == pytest.approx(0.95)


def test_bounds_of_a_node_replace_the_direction_of_its_kpi(goals_of, definitions):
    text = MAY.replace("KPI", "deal_to_order_rate").replace("TARGET", "{within: [80%, 90%]}")
    frame = daily("deal_to_order_rate", [95], denominators=[100.0])
    found = attainment(goals_of(text), definitions, frame, date(2026, 5, 1)).iloc[0]
    assert found["attainment"] == pytest.approx(90 / 95)


USERS = """
goal: users
period: {fiscal_year: 2026}
kgi: {kpi: users, target: 100_000}
"""
OPENING = date(2026, 3, 31)


def test_the_path_of_a_stock_runs_from_its_opening_level(goals_of, definitions):
    # 60,000 users before 1 April, 100,000 wanted at the year's end: after half the year 80,000 are due.
    frame = daily("users", [60_000] * 183 + [78_000], start=OPENING)
    built = build_goal_tables(goals_of(USERS), definitions, frame, NO_PERIODS, date(2026, 9, 30), "run")
    found = built.kgi_attainment.iloc[0]
    assert (found["target_to_date"], found["target"], found["actual"]) == (80_000, 100_000, 78_000)
    assert found["attainment"] == pytest.approx(0.975)
    assert found["pace"] == pytest.approx(60_000 + 18_000 / 0.5)
    assert found["status"] == "at_risk"
    rows = built.goal_targets.set_index("date")["target_daily"]
    assert rows[date(2026, 4, 1)] == pytest.approx(60_000 + 40_000 / 12 / 30)
    assert rows[date(2027, 3, 31)] == 100_000


def test_a_written_opening_level_goes_before_the_one_counted(goals_of, definitions):
    frame = daily("users", [60_000] * 183 + [78_000], start=OPENING)
    goals = goals_of(USERS.replace("100_000", "100_000, opening: 50_000"))
    assert attainment(goals, definitions, frame, date(2026, 9, 30)).iloc[0]["target_to_date"] == 75_000


def test_a_stock_whose_opening_level_is_not_known_is_due_in_full(goals_of, definitions):
    frame = daily("users", [60_000] * 10, start=date(2026, 4, 1))
    found = attainment(goals_of(USERS), definitions, frame, date(2026, 4, 10)).iloc[0]
    assert found["target_to_date"] == 100_000


def test_an_accumulating_rate_is_due_by_months(goals_of, definitions):
    goals = goals_of("goal: churn\nperiod: {fiscal_year: 2026}\nkgi: {kpi: churn_rate, target: 5%}\n")
    frame = daily("churn_rate", [0.032] + [0] * 213, start=date(2026, 4, 1), denominators=[1.0] + [0.0] * 213)
    found = attainment(goals, definitions, frame, date(2026, 10, 31)).iloc[0]
    assert found["target_to_date"] == pytest.approx(0.05 * 7 / 12, rel=1e-12)  # 2.92 %
    assert found["attainment"] == pytest.approx(0.9115, abs=5e-5)  # 91 %
    assert found["status"] == "at_risk"


def test_growth_on_a_year_before_is_solved_once_that_year_is_known(goals_of, definitions):
    goals = goals_of(MAY.replace("KPI", "revenue").replace("TARGET", "+10%"))
    year_before = daily("revenue", [100] * 31, start=date(2025, 5, 1))
    now = daily("revenue", [100] * 10)
    found = attainment(goals, definitions, pd.concat([year_before, now]), date(2026, 5, 10)).iloc[0]
    assert found["target"] == pytest.approx(3410)
    assert found["target_to_date"] == pytest.approx(1100)
    for incomplete in (now, pd.concat([year_before.iloc[1:], now])):
        waits = attainment(goals, definitions, incomplete, date(2026, 5, 10)).iloc[0]
        assert pd.isna(waits["target"])
        assert (waits["status"], waits["status_reason"]) == ("no_target", "base_unknown")


def test_last_year_phases_by_the_days_that_came(goals_of, definitions):
    goals = goals_of(MAY.replace("KPI", "revenue").replace("TARGET", "3200") + "phasing: {like: last_year}\n")
    year_before = daily("revenue", [2] + [1] * 30, start=date(2025, 5, 1))
    frame = pd.concat([year_before, daily("revenue", [0])])
    built = build_goal_tables(goals, definitions, frame, NO_PERIODS, date(2026, 5, 1), "run")
    assert built.goal_targets["target_daily"].tolist()[:2] == [200, 100]
