"""The series of the committed backtest: real ones from a folder, and a seeded family of made-up ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.forecast.arrays import Floats
from dagster_project.forecast.backtest import Series
from dagster_project.forecast.days import days_of
from dagster_project.kpi.model import CalendarRules

# Exports of less than a year: (folder, KPIs whose daily values stand in its answers.csv, country).
SHORT = (
    ("online_retail", ("gross_sales", "orders", "units"), "GB"),
    ("maven_crm", ("won", "revenue_zero_filled"), "US"),
)
SYNTHETIC_DAYS = 1280
SYNTHETIC_START = date(2021, 4, 1)
COPIES = 3


def half(name: str) -> str:
    """'choose' or 'report': fixed by the series' name alone."""
    return "report" if hashlib.sha256(name.encode()).digest()[0] % 2 else "choose"


def daily_series(data: Path) -> Iterator[Series]:
    """The real series of daily_series/series.parquet, grouped by data set; a day without a row is unknown."""
    rows = pd.read_parquet(data / "daily_series" / "series.parquet")
    calendars: dict[str, BusinessCalendar] = {}
    for name, own in rows.groupby("series", sort=True):
        country = str(own["country"].iloc[0])
        calendar = calendars.setdefault(country, BusinessCalendar(CalendarRules(holidays=country)))
        values = pd.Series(own["y"].to_numpy(), index=pd.to_datetime(own["ds"])).asfreq("D")
        yield _series(str(name).split("/")[0], str(name), values, calendar)


def short_series(data: Path) -> Iterator[Series]:
    """Series of less than a year; a day without a row inside them is a closed one: 0."""
    for folder, kpis, country in SHORT:
        path = data / folder / "answers.csv"
        if not path.is_file():
            continue
        rows = pd.read_csv(path, dtype={"dim": "string"}, keep_default_na=True)
        calendar = BusinessCalendar(CalendarRules(holidays=country))
        for kpi in kpis:
            own = rows[(rows["kpi"] == kpi) & (rows["grain"] == "day") & rows["dim"].isna()]
            values = pd.Series(own["value"].to_numpy(), index=pd.to_datetime(own["period"])).asfreq("D")
            yield _series(folder, f"{folder}/{kpi}", values.fillna(0.0), calendar)


def synthetic_series() -> Iterator[Series]:
    """Three of each kind, always the same."""
    calendar = BusinessCalendar(CalendarRules())
    dates = [SYNTHETIC_START + timedelta(days=i) for i in range(SYNTHETIC_DAYS)]
    is_open = np.array([calendar.is_business_day(day) for day in dates])
    for kind, add in KINDS.items():
        for copy in range(COPIES):
            random = np.random.default_rng(abs(hash_of(f"{kind}/{copy}")))
            values = _ordinary(random) * add(random, dates, is_open)
            if kind == "counts":
                values = random.poisson(np.maximum(values / 25, 0)).astype(float)
            frame = pd.Series(np.round(np.maximum(values, 0), 2), index=pd.to_datetime(dates))
            yield _series(f"synthetic {kind}", f"synthetic/{kind}/{copy}", frame, calendar)


def hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def _series(group: str, name: str, values: pd.Series, calendar: BusinessCalendar) -> Series:
    start, end = values.index[0].date(), values.index[-1].date()
    return Series(group, name, start, values.to_numpy(dtype=float), days_of(calendar, start, end))


def _ordinary(random: np.random.Generator) -> Floats:
    """A level that wanders a little, a week, noise that hangs together from day to day."""
    level = 100 * np.exp(np.cumsum(random.normal(0, 0.003, SYNTHETIC_DAYS)))
    week = np.array([1.1, 1.0, 1.0, 1.05, 1.2, 0.9, 0.8])[np.arange(SYNTHETIC_DAYS) % 7]
    noise = random.normal(0, 0.12, SYNTHETIC_DAYS)
    for day in range(1, SYNTHETIC_DAYS):
        noise[day] += 0.4 * noise[day - 1]
    return np.asarray(level * week * np.exp(noise))


def _even(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    return np.ones(len(dates))


def _trend(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    return np.asarray(np.exp(random.uniform(-0.0008, 0.0015) * np.arange(len(dates))))


def _holidays(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    """A company that works on business days and is paid at the end of the month."""
    ends = np.array([(day + timedelta(days=3)).month != day.month for day in dates])
    return np.where(is_open, 1.3, 0.02) * np.where(ends, 1.6, 1.0)


def _year(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    turn = np.array([day.timetuple().tm_yday for day in dates]) / 365.25
    december = np.array([day.month == 12 for day in dates])
    return 1 + 0.25 * np.sin(2 * np.pi * (turn + random.uniform())) + 0.6 * december


def _shifts(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    factor = np.ones(len(dates))
    for at in random.choice(np.arange(150, len(dates)), 4, replace=False):
        factor[at:] *= random.choice([0.6, 0.75, 1.35, 1.6])
    return factor


def _promotions(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    factor = np.ones(len(dates))
    for at in random.choice(len(dates) - 10, 18, replace=False):
        factor[at : at + int(random.integers(3, 10))] *= random.uniform(1.4, 2.5)
    return factor


def _outliers(random: np.random.Generator, dates: list[date], is_open: np.ndarray) -> Floats:
    factor = np.ones(len(dates))
    factor[random.choice(len(dates), 12, replace=False)] *= random.uniform(4, 12, 12)
    factor[random.choice(len(dates), 8, replace=False)] = 0
    return factor


KINDS: dict[str, Callable[[np.random.Generator, list[date], np.ndarray], Floats]] = {
    "even": _even,
    "trend": _trend,
    "holidays": _holidays,
    "year": _year,
    "level shifts": _shifts,
    "promotions": _promotions,
    "outliers": _outliers,
    "counts": _even,
}
