"""kpi_scorecard: a row a node, put together from the night's tables."""

from datetime import date, timedelta

import pandas as pd
import pytest

from dagster_project.goals.frames import frame
from dagster_project.goals.gap.columns import GAP_DRIVERS
from dagster_project.goals.progress.scorecard import KPI_SCORECARD, build_scorecard
from dagster_project.goals.tables import build_goal_tables

AS_OF = date(2026, 6, 30)
GOAL = """
goal: half_year
label: {ja: 上期, en: First half}
period: {fiscal_year: 2026, half: 1}
kgi: {kpi: revenue, target: 183_000}
tree:
  - revenue = orders_won * average_order_value
  - orders_won = deals * deal_to_order_rate
nodes:
  average_order_value: {assume: 100}
  deal_to_order_rate: {assume: 10%, owner: sales}
scenarios: {stretch: 2}
"""
NO_PERIODS = frame(
    [],
    [
        ("grain", "VARCHAR"), ("period_start", "DATE"), ("kpi", "VARCHAR"), ("dimension", "VARCHAR"),
        ("segment", "VARCHAR"), ("elapsed_days", "BIGINT"), ("value", "DOUBLE"), ("status_reason", "VARCHAR"),
    ],
)  # fmt: skip


def daily(kpi, before, newest, denominators=(None, None), status="final"):
    """91 days up to the as-of date, the newest 28 of them with another value."""
    days = [AS_OF - timedelta(days=back) for back in reversed(range(91))]
    split = [index >= len(days) - 28 for index in range(len(days))]
    return pd.DataFrame(
        {
            "date": days,
            "kpi": kpi,
            "dimension": "total",
            "segment": "total",
            "numerator": [float(newest if new else before) for new in split],
            "denominator": [denominators[int(new)] for new in split],
            "value": None,
            "data_status": status,
        }
    )


def drivers(*rows):
    """(driver, contribution, parent) against the plan."""
    names = [name for name, _ in GAP_DRIVERS]
    rest = {"goal": "half_year", "versus": "plan", "dimension": "total", "segment": "total", "as_of": AS_OF}
    return frame(
        (
            tuple(
                {
                    **rest,
                    "driver": driver,
                    "label_ja": f"{driver} 日本語",
                    "label_en": driver,
                    "contribution": effect,
                    "parent": parent,
                }.get(name)  # fmt: skip
                for name in names
            )
            for driver, effect, parent in rows
        ),
        GAP_DRIVERS,
    )


def forecasts(*rows):
    names = ["as_of", "goal", "node", "scenario", "issue", "p50", "probability", "origin"]
    return pd.DataFrame(rows, columns=names)


FRAME = pd.concat(
    [
        daily("revenue", 900, 1_000),
        daily("orders_won", 10, 9),
        daily("average_order_value", 900, 1_000, (10.0, 10.0)),
        daily("deal_to_order_rate", 1, 1, (10.0, 10.0)),
        daily("deals", 10, 10),
    ]
)
CAUSES = drivers(
    ("average_order_value", 4_000, "revenue"),
    ("deals", -2_000, "orders_won"),
    ("deal_to_order_rate", -9_000, "orders_won"),
    ("_residual", -500, "revenue"),
)
FORECASTS = forecasts(
    (AS_OF, "half_year", "revenue", "plan", 1, 170_000, 0.4, "night"),
    (AS_OF, "half_year", "revenue", "plan", 2, 171_000, 0.35, "rerun"),
    (AS_OF, "half_year", "revenue", "stretch", 2, 171_000, 0.01, "rerun"),
    (date(2026, 6, 29), "half_year", "revenue", "plan", 3, 1, 0.0, "night"),
)


@pytest.fixture
def card(goals_of, definitions):
    def build(daily_frame=FRAME, causes=CAUSES, text=GOAL):
        goals = goals_of(text)
        tables = build_goal_tables(goals, definitions, daily_frame, NO_PERIODS, AS_OF, "run")
        built = build_scorecard(goals, daily_frame, tables.kgi_attainment, FORECASTS, causes, AS_OF, "run")
        assert list(built.columns) == [name for name, _ in KPI_SCORECARD]
        return built.set_index("node")

    return build


def test_every_node_has_one_row_with_the_figures_of_the_plan(card):
    rows = card()
    assert rows.index.tolist() == [
        "revenue",
        "orders_won",
        "deals",
        "deal_to_order_rate",
        "average_order_value",
    ]
    kgi = rows.loc["revenue"]
    assert (kgi["actual"], kgi["target_to_date"], kgi["target"]) == (63 * 900 + 28 * 1_000, 91_000, 183_000)
    assert kgi["attainment"] == pytest.approx(84_700 / 91_000)
    assert (kgi["status"], kgi["goal_label_ja"], kgi["as_of"]) == ("at_risk", "上期", AS_OF)
    assert rows.loc["deal_to_order_rate", "owner"] == "sales"


def test_the_newest_forecast_of_the_night_is_told_of_the_plan(card):
    rows = card()
    assert (rows.loc["revenue", "forecast"], rows.loc["revenue", "probability"]) == (171_000, 0.35)
    assert pd.isna(rows.loc["deals", "probability"])


def test_the_trend_compares_four_weeks_with_the_four_before(card):
    rows = card()
    assert rows["trend"].to_dict() == {
        "revenue": "rising",
        "orders_won": "falling",
        "deals": "flat",
        "deal_to_order_rate": "flat",
        "average_order_value": "rising",
    }
    assert rows["trend_change"].to_dict() == pytest.approx(
        {
            "revenue": 1 / 9,
            "orders_won": -0.1,
            "deals": 0,
            "deal_to_order_rate": 0,
            "average_order_value": 1 / 9,
        }
    )
    good = rows["trend_is_good"]
    assert (good["revenue"], good["orders_won"], pd.isna(good["deals"])) == (True, False, True)


def test_fewer_known_days_than_eight_weeks_have_no_trend(card):
    short = FRAME[(FRAME["kpi"] != "revenue") | (FRAME["date"] >= AS_OF - timedelta(days=54))]
    rows = card(short)
    assert pd.isna(rows.loc["revenue", "trend"])
    assert rows.loc["orders_won", "trend"] == "falling"


def test_the_first_cause_pulls_most_in_the_direction_of_the_gap(card):
    rows = card()
    assert rows["first_cause"].fillna("").to_dict() == {
        "revenue": "deal_to_order_rate",
        "orders_won": "deal_to_order_rate",
        "deals": "",
        "deal_to_order_rate": "",
        "average_order_value": "",
    }
    assert rows.loc["revenue", "first_cause_effect"] == -9_000
    assert rows.loc["revenue", "first_cause_ja"] == "deal_to_order_rate 日本語"


def test_above_the_plan_the_first_cause_is_what_helped_most(card):
    rows = card(causes=drivers(("average_order_value", 4_000, "revenue"), ("deals", -2_000, "orders_won")))
    assert rows.loc["revenue", "first_cause"] == "average_order_value"
    assert rows.loc["orders_won", "first_cause"] == "deals"


def test_a_goal_without_gap_or_forecast_has_its_row_all_the_same(card):
    rows = card(causes=drivers(), text=GOAL.replace("half_year", "other"))
    assert len(rows) == 5
    assert rows["first_cause"].isna().all()
    assert rows["probability"].isna().all()
