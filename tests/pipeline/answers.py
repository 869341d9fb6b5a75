"""True values of the real data sets, and what a run published, as one kind of key → value."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

GRAINS = {"total": "all", "fy_jp": "fiscal_year"}
Key = tuple[str, str, str, str, str]  # kpi, grain, first day, dimension, segment


@dataclass
class Published:
    root: Path
    daily: pd.DataFrame
    period: pd.DataFrame

    @classmethod
    def of(cls, root: Path) -> Published:
        current = root / "outputs" / "current"
        tables = (pd.read_parquet(current / f"{name}.parquet") for name in ("kpi_daily", "kpi_period"))
        return cls(root, *tables)

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.root / "outputs" / "current" / f"{name}.parquet")

    def values(self) -> dict[Key, float]:
        days = self.daily.assign(grain="day", start=self.daily.date.astype(str))
        periods = self.period.assign(start=self.period.period_start.astype(str))
        columns = ["kpi", "grain", "start", "dimension", "segment", "value"]
        rows = pd.concat([days[columns], periods[columns]])
        return {tuple(row[:5]): row[5] for row in rows.itertuples(index=False)}


def answers(
    folder: Path,
    kpis: Mapping[str, str],
    dimensions: Mapping[str, str],
    segment_as_stored: Callable[[str, str], str] = lambda dimension, segment: segment,
) -> Iterator[tuple[Key, float]]:
    """The rows of answers.csv under our names; a KPI or dimension that a mapping lacks keeps its name."""
    with (folder / "answers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            dimension, segment = "total", "total"
            if row["dim"]:
                name, _, segment = row["dim"].partition("=")
                dimension = dimensions.get(name, name)
                segment = segment_as_stored(dimension, segment)
            grain = GRAINS.get(row["grain"], row["grain"])
            period = row["period"] or "0001-01-01"
            yield (
                (kpis.get(row["kpi"], row["kpi"]), grain, period, dimension, segment),
                float(row["value"]),
            )


def wrong_values(
    ours: Mapping[Key, float], theirs: Iterable[tuple[Key, float]]
) -> list[tuple[Key, float | None, float]]:
    """(key, ours, theirs) where ours is absent or differs by more than the six decimals of the answers."""
    found = []
    for key, answer in theirs:
        value = ours.get(key)
        if value is None or not abs(value - answer) <= 5.1e-7 + 1e-12 * abs(answer):
            found.append((key, value, answer))
    return found
