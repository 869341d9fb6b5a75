"""A company with the KPIs of a sales tree, and its goals written to a folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from dagster_project.goals.load import load_goals
from dagster_project.goals.model import Goal
from dagster_project.kpi.model import (
    CalendarRules,
    Definitions,
    Kpi,
    Label,
    Leaf,
    Measure,
    Operand,
    ProjectSettings,
    Stock,
)

GRAINS = ("day", "week", "month", "quarter", "half", "fiscal_year", "all")


def make_kpi(
    name: str, agg: str = "sum", *, denominator: bool = False, stock: Stock | None = None, **changes: object
) -> Kpi:
    measure = Measure(name, "deals", "closed_on", agg, None, None, stock=stock)
    top = Operand(measure, agg in ("sum", "count") and stock is None)
    bottom = Operand(Measure(f"{name}__den", "deals", "closed_on", "count", None, None), False)
    kpi = Kpi(
        name=name,
        label=Label(f"{name} 日本語", name),
        description=Label("", ""),
        type="ratio" if denominator else "simple",
        department="sales",
        leaves=(Leaf(top, bottom if denominator else None, 1.0),),
        formula=None,
        linear=False,
        places=(),
        dimensions=("channel", "customer_type"),
        grains=GRAINS,
        unit="percent" if denominator else "count",
        direction="up",
        within=None,
        level="kpi",
        funnel=None,
        owner=None,
        valid_from=None,
        retired_on=None,
        accumulates=False,
        definition=name,
        definition_hash=f"hash-{name}",
    )
    return replace(kpi, **changes)


KPIS = (
    make_kpi("revenue", unit="JPY", level="kgi"),
    make_kpi("repeat_revenue", unit="JPY"),
    make_kpi("new_revenue", unit="JPY", level="ksf"),
    make_kpi("average_order_value", denominator=True, unit="JPY"),
    make_kpi("orders_won", "count"),
    make_kpi("deals", "count"),
    make_kpi("leads", "count"),
    make_kpi("buyers", "count_distinct"),
    make_kpi("deal_to_order_rate", "count", denominator=True),
    make_kpi("lead_to_deal_rate", "count", denominator=True),
    make_kpi("call_appointment_rate", "count", denominator=True),
    make_kpi("churn_rate", "count", denominator=True, direction="down", accumulates=True),
    make_kpi("accidents", "count", direction="down"),
    make_kpi("utilisation", denominator=True, direction="within", within=(0.8, 0.9)),
    make_kpi("operating_profit", unit="JPY"),
    make_kpi("users", "count", stock=Stock("last", start="joined_on")),
)

SALES_TREE = """
goal: revenue_100m
label: {ja: 売上1億円, en: Revenue of 100 million yen}
period: {fiscal_year: 2026}
kgi: {kpi: revenue, where: {channel: b2b}, target: 100_000_000}
tree:
  - revenue = repeat_revenue + new_revenue
  - new_revenue = new_orders * average_order_value
  - new_orders = new_deals * deal_to_order_rate
  - new_deals = leads * lead_to_deal_rate
nodes:
  repeat_revenue: {target: 60_000_000, level: ksf, where: {channel: b2b}}
  new_revenue: {where: {channel: b2b}}
  new_orders: {kpi: orders_won, where: {customer_type: new}}
  average_order_value: {assume: 2_000_000, where: {customer_type: new}}
  new_deals: {kpi: deals, where: {customer_type: new}}
  deal_to_order_rate: {assume: 20%, where: {customer_type: new}}
  lead_to_deal_rate: {assume: 10%}
  call_appointment_rate: {assume: 1%}
ksf: [{name: differentiation, label: {ja: 競合との差別化}, holds: [deal_to_order_rate]}]
drivers: [churn_rate]
phasing: business_days
scenarios: {commit: 0.95, stretch: 1.4}
"""


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    return Definitions(ProjectSettings(), CalendarRules(), (), (), KPIS)


@pytest.fixture
def goals_of(tmp_path: Path, definitions: Definitions) -> Callable[..., tuple[Goal, ...]]:
    """Writes each text to a file goals/<n>.yml of a project and loads them."""

    def load(*texts: str) -> tuple[Goal, ...]:
        folder = tmp_path / "kpi_definitions" / "goals"
        folder.mkdir(parents=True, exist_ok=True)
        for index, text in enumerate(texts):
            (folder / f"goal_{index}.yml").write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return load_goals(tmp_path, definitions)

    return load


@pytest.fixture
def sales_goal(goals_of: Callable[..., tuple[Goal, ...]]) -> Goal:
    return goals_of(SALES_TREE)[0]


@pytest.fixture
def sales_tree() -> str:
    return SALES_TREE
