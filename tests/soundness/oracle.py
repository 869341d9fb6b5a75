"""The same KPIs in pandas, written from their meaning and not from our SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests.soundness.company import AS_OF, COVERED_FROM, ORDERS_FROM

Frame = pd.DataFrame

AGGREGATES: dict[str, Callable[[np.ndarray], float | None]] = {
    "count": lambda values: float(len(values)),
    "sum": lambda values: float(values.sum()),
    "mean": lambda values: float(values.mean()) if len(values) else None,
    "min": lambda values: float(values.min()) if len(values) else None,
    "max": lambda values: float(values.max()) if len(values) else None,
    "distinct": lambda values: float(len(set(values))),
}


class Side:
    """An operand: rows, their date of record, and what is aggregated of them. Rows without a value count only
    where rows are counted."""

    def __init__(self, rows: Frame, date_column: str, aggregate: str, column: str | None = None) -> None:
        self._like = (date_column, aggregate, column)
        self.rows = rows if column is None else rows[rows[column].notna()]
        self.date_column = date_column
        self.aggregate = AGGREGATES[aggregate]
        self.column = column
        self._parts: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}

    def over(self, rows: Frame) -> Side:
        """The same of other rows."""
        return Side(rows, *self._like)

    def value(self, first: date, last: date, dimension: str, segment: str, undated: bool) -> float | None:
        days, values = self._part(dimension, segment)
        start, end = np.searchsorted(days, [first.toordinal(), last.toordinal() + 1])
        chosen = values[start:end]
        if undated:  # they stand first, under day 0
            chosen = np.concatenate([values[: np.searchsorted(days, 1)], chosen])
        return self.aggregate(chosen)

    def _part(self, dimension: str, segment: str) -> tuple[np.ndarray, np.ndarray]:
        if (dimension, segment) not in self._parts:
            rows = self.rows
            if dimension != "total":
                rows = rows[rows[dimension].fillna("(none)") == segment]
            days = np.array([0 if pd.isna(day) else day.toordinal() for day in rows[self.date_column]], int)
            values = np.ones(len(rows)) if self.column is None else rows[self.column].to_numpy()
            order = np.argsort(days, kind="stable")
            self._parts[dimension, segment] = days[order], values[order]
        return self._parts[dimension, segment]


class Figure:
    """A KPI: one side, or two of which the first is divided by the second and scaled."""

    def __init__(self, start: date, *sides: Side, scale: float = 1.0) -> None:
        self.start = start
        self.sides = sides
        self.scale = scale

    def value(
        self, first: date, last: date, dimension: str, segment: str, *, undated: bool = False
    ) -> float | None:
        """The value over the days first..last, both in, from the first covered day on."""
        first = max(first, self.start)
        results = [side.value(first, last, dimension, segment, undated) for side in self.sides]
        if len(results) == 1:
            return results[0]
        above, below = results
        return None if above is None or not below else self.scale * above / below


def figures(folder: Path) -> dict[str, Figure]:
    """KPI name → its figure, from the exports alone."""
    deals = _deals(folder)
    lines, orders = _shop(folder)
    won = deals[deals.stage == "won"]
    ended = deals[deals.stage.isin(["won", "lost"])]
    sales = pd.concat(
        [
            won.assign(sold_on=won.closed_on, value=won.amount, channel="b2b"),
            orders.assign(sold_on=orders.ordered_on, channel="shop"),
        ]
    )
    not_first = deals[deals.won_number.notna() & (deals.won_number != 1)]
    return {
        "won_amount": Figure(COVERED_FROM, Side(won, "closed_on", "sum", "amount")),
        "deals_opened": Figure(COVERED_FROM, Side(deals, "opened_on", "count")),
        "closed": Figure(COVERED_FROM, Side(deals, "closed_on", "count")),
        "win_rate": Figure(COVERED_FROM, Side(won, "closed_on", "count"), Side(ended, "closed_on", "count")),
        "aov": Figure(COVERED_FROM, Side(won, "closed_on", "mean", "amount")),
        "cycle": Figure(COVERED_FROM, Side(deals, "closed_on", "mean", "cycle")),
        "buyers": Figure(COVERED_FROM, Side(won, "closed_on", "distinct", "customer")),
        "largest": Figure(COVERED_FROM, Side(won, "closed_on", "max", "amount")),
        "highest": Figure(COVERED_FROM, Side(deals, "closed_on", "max", "amount")),
        "smallest": Figure(COVERED_FROM, Side(won, "closed_on", "min", "amount")),
        "not_first": Figure(COVERED_FROM, Side(not_first, "closed_on", "count")),
        "orders_per_deal": Figure(
            ORDERS_FROM, Side(orders, "ordered_on", "count"), Side(deals, "opened_on", "count"), scale=100.0
        ),
        "line_value": Figure(ORDERS_FROM, Side(lines, "ordered_on", "sum", "value")),
        "repeat_orders": Figure(ORDERS_FROM, Side(orders[orders.order_number > 1], "ordered_on", "count")),
        "sales_value": Figure(ORDERS_FROM, Side(sales, "sold_on", "sum", "value")),
    }


def _deals(folder: Path) -> Frame:
    deals = pd.read_csv(folder / "deals.csv", dtype=str, keep_default_na=False).replace({"": None})
    for column in ("opened_on", "closed_on"):
        deals[column] = [
            date.fromisoformat(text) if isinstance(text, str) else None for text in deals[column]
        ]
    deals["amount"] = deals["amount"].astype(float)
    reps = pd.read_csv(folder / "reps.csv").set_index("owner").team.to_dict()
    deals["team"] = [reps.get(owner) for owner in deals["owner"]]
    deals["cycle"] = [
        (end - start).days if end is not None else None
        for start, end in zip(deals.opened_on, deals.closed_on, strict=True)
    ]
    first: dict[str, date] = {}
    number: dict[str, int] = {}
    ranked = deals[(deals.stage == "won") & deals.closed_on.notna() & deals.customer.notna()]
    deals["won_number"] = None
    for index, row in ranked.sort_values(["closed_on", "deal_id"]).iterrows():
        number[row.customer] = number.get(row.customer, 0) + 1
        deals.loc[index, "won_number"] = number[row.customer]
        first.setdefault(row.customer, row.closed_on)
    deals["customer_type"] = [
        None if customer is None else "repeat" if customer in first and first[customer] < opened else "new"
        for customer, opened in zip(deals.customer, deals.opened_on, strict=True)
    ]
    return deals


def _shop(folder: Path) -> tuple[Frame, Frame]:
    lines = pd.read_csv(folder / "lines.csv", dtype={"customer": str}, keep_default_na=False).replace(
        {"": None}
    )
    moments = pd.to_datetime(lines.ordered_at, utc=True).dt.tz_convert("Asia/Tokyo")
    lines["moment"] = moments
    lines["ordered_on"] = moments.dt.date
    lines["value"] = (lines.price.astype(float) * lines.quantity).round(4)
    orders = (
        lines.groupby("order_id")
        .agg(moment=("moment", "min"), customer=("customer", "min"), value=("value", "sum"))
        .reset_index()
    )
    orders["ordered_on"] = orders.moment.dt.date
    orders = orders.sort_values(["moment", "order_id"])
    orders["order_number"] = orders[orders.customer.notna()].groupby("customer").cumcount() + 1
    return lines, orders


def periods(grain: str) -> Iterator[tuple[date, date]]:
    """First and last day of each period of the grain that touches 2024-02-01 .. AS_OF, by counting days."""
    keyed: dict[date, list[date]] = {}
    day = date(2023, 4, 1)
    while day <= date(2028, 3, 31):
        keyed.setdefault(start_of(day, grain), []).append(day)
        day += timedelta(days=1)
    for start, days in sorted(keyed.items()):
        if days[-1] >= COVERED_FROM and start <= AS_OF:
            yield start, days[-1]


def start_of(day: date, grain: str) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    if grain == "month":
        return day.replace(day=1)
    year = day.year if day.month >= 4 else day.year - 1
    months = (day.year - year) * 12 + day.month - 4
    size = {"quarter": 3, "half": 6, "fiscal_year": 12}[grain]
    month = 3 + months // size * size
    return date(year + month // 12, month % 12 + 1, 1)


def year_before(start: date, grain: str) -> date | None:
    if grain == "week":
        year, week, _ = start.isocalendar()
        try:
            return date.fromisocalendar(year - 1, week, 1)
        except ValueError:
            return None
    return start.replace(year=start.year - 1)
