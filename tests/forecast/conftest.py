"""Seeded daily series with the habits of real ones, and a company with one goal over such a series."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagster_project.forecast.columns import KGI_FORECAST
from dagster_project.forecast.tables import build_forecast
from dagster_project.goals.frames import frame
from dagster_project.goals.load import load_goals
from dagster_project.goals.model import Goal
from dagster_project.goals.tables import build_goal_tables
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

START = date(2025, 1, 1)
AS_OF = date(2026, 5, 20)
NO_LOG = frame([], KGI_FORECAST)
NO_PERIODS = pd.DataFrame(
    columns=["grain", "period_start", "kpi", "dimension", "segment", "elapsed_days", "value", "status_reason"]
)


def _kpi(
    name: str, agg: str, direction: str, denominator: Operand | None = None, stock: Stock | None = None
) -> Kpi:
    measure = Measure(name, "sales", "sold_on", agg, None, None, stock=stock)
    return Kpi(
        name=name,
        label=Label(name, name),
        description=Label("", ""),
        type="stock" if stock else "simple" if denominator is None else "ratio",
        department="sales",
        leaves=(Leaf(Operand(measure, True), denominator, 1.0),),
        formula=None,
        linear=False,
        places=(),
        dimensions=("channel",),
        grains=("day", "month", "all"),
        unit="count",
        direction=direction,
        within=None,
        level="kgi",
        funnel=None,
        owner=None,
        valid_from=None,
        retired_on=None,
        accumulates=False,
        definition=name,
        definition_hash=f"hash-{name}",
    )


@pytest.fixture(scope="session")
def definitions() -> Definitions:
    orders = _kpi("orders", "count", "up")
    kpis = (
        orders,
        _kpi("revenue", "sum", "up"),
        _kpi("costs", "sum", "down"),
        _kpi("rate", "count", "up", orders.numerator),
        _kpi("price", "sum", "up", orders.numerator),
        _kpi("customers", "count", "up", stock=Stock("last", "started_on", "left_on")),
        _kpi("usual_customers", "count", "up", stock=Stock("average", "started_on", "left_on")),
    )
    return Definitions(ProjectSettings(), CalendarRules(), (), (), kpis)


@pytest.fixture
def goals_of(tmp_path: Path, definitions: Definitions) -> Callable[[str], tuple[Goal, ...]]:
    def load(text: str) -> tuple[Goal, ...]:
        folder = tmp_path / "kpi_definitions" / "goals"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "goal.yml").write_text(text, encoding="utf-8")
        return load_goals(tmp_path, definitions)

    return load


@pytest.fixture
def make_series() -> Callable[..., np.ndarray]:
    """A level that wanders, a weekly profile, noise that hangs together from day to day."""

    def make(seed: int, days: int, *, drift: float = 0.004, level: float = 100.0) -> np.ndarray:
        random = np.random.default_rng(seed)
        walk = level * np.exp(np.cumsum(random.normal(0, drift, days)))
        week = np.array([1.2, 1.1, 1.0, 1.1, 1.3, 0.5, 0.4])[np.arange(days) % 7]
        noise = random.normal(0, 0.15, days)
        for day in range(1, days):
            noise[day] += 0.4 * noise[day - 1]
        return np.maximum(walk * week * (1 + noise), 0)

    return make


@pytest.fixture
def make_daily() -> Callable[..., pd.DataFrame]:
    """kpi_daily rows of one KPI, one a day from `start`; None or NaN is a missing day."""

    def make(
        kpi: str,
        values: list[float] | np.ndarray,
        start: date,
        segment: tuple[str, str] = ("total", "total"),
    ) -> pd.DataFrame:
        numbers = np.array(values, dtype=float)
        return pd.DataFrame(
            {
                "date": pd.to_datetime([start + timedelta(days=i) for i in range(len(numbers))]),
                "kpi": kpi,
                "dimension": segment[0],
                "segment": segment[1],
                "numerator": numbers,
                "denominator": np.nan,
                "value": np.nan,
                "data_status": np.where(np.isnan(numbers), "missing", "final"),
            }
        )

    return make


def goal(kpi="revenue", target=3000, extra=""):
    return f"goal: may\nperiod: {{month: 2026-05}}\nkgi: {{kpi: {kpi}, target: {target}}}\n{extra}"


def days_through(day):
    return (day - START).days + 1


@pytest.fixture
def night(goals_of, definitions, make_series, make_daily):
    """Runs goals and forecast as of a day over a series that ends on it, or over `values`."""

    def run(
        text=None, *, as_of=AS_OF, values=None, before=NO_LOG, kpi="revenue", more=(), run_id="run-1",
        daily=None, forecasters=(), books=None,
    ):  # fmt: skip
        goals = goals_of(text or goal())
        series = make_series(7, days_through(as_of)) if values is None else values
        if daily is None:
            daily = pd.concat([make_daily(kpi, series, START), *more])
        built = build_goal_tables(goals, definitions, daily, NO_PERIODS, as_of, run_id)
        return build_forecast(
            goals,
            definitions,
            daily,
            built.goal_targets,
            built.kgi_attainment,
            before,
            as_of,
            run_id,
            forecasters=forecasters,
            books=books,
        )

    return run
