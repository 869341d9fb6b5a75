"""A target or assumption, resolved: a figure, or a multiple of an actual that only the data know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Literal

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.calendar.fiscal import MONTHS, Period, add_months, natural_period
from dagster_project.goals.spec.forms import OfSpec, TargetSpec
from dagster_project.kpi.issues import suggest
from dagster_project.kpi.model import CalendarRules, Kpi, Label
from dagster_project.kpi.resolve.values import parse_span
from dagster_project.kpi.text import Quantity

Slice = tuple[str, str]  # dimension, segment
Form = Literal["figure", "growth", "per_business_day"]


@dataclass(frozen=True)
class Base:
    """The actual of an earlier period that a growth target is measured from."""

    kpi: str
    dimension: str
    segment: str
    period: Period

    def __str__(self) -> str:
        where = f" ({self.dimension}: {self.segment})" if self.dimension != "total" else ""
        return f"{self.kpi}{where} {self.period.start}..{self.period.end}"


@dataclass(frozen=True)
class Given:
    """A target or assumption. Its value is `times` * the base's actual + `plus`; without a base, `plus`.

    `text`: as written, for people. `scaled`: a scenario's factor applies to it.
    """

    text: Label
    form: Form
    assumed: bool
    scaled: bool
    plus: Fraction
    times: Fraction = Fraction(0)
    base: Base | None = None
    in_pieces: bool = False  # a target of a count, given in whole ones

    @property
    def content(self) -> tuple[object, ...]:
        """All of it that shapes a figure."""
        return self.form, self.assumed, self.scaled, self.plus, self.times, self.base

    def at(self, bases: Mapping[Base, Fraction]) -> Fraction | None:
        """The figure, or None where the base's actual is not known."""
        if self.base is None:
            return self.plus
        return self.times * bases[self.base] + self.plus if self.base in bases else None


class Unfit(ValueError):
    """A figure that its KPI can't take; `hint` says what to write."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class FigureReader:
    """Reads target specs for one period."""

    period: Period
    rules: CalendarRules
    kpis: Mapping[str, Kpi]
    calendar: BusinessCalendar

    def read(
        self, name: str, kpi: Kpi, place: Slice, spec: TargetSpec, *, assumed: bool, is_kgi: bool
    ) -> Given:
        """The figure of node `name`, which is `kpi` at `place`. Raises Unfit. Not for bounds (`within`)."""
        scaled = is_kgi or (not assumed and kpi.grows)
        if spec.per_business_day is not None:
            if kpi.unit == "percent":
                message = f"'{name}' is a percentage, which does not grow with the business days"
                raise Unfit(message, "write the figure itself")
            each: Fraction = spec.per_business_day.value
            shown = _shown(spec.per_business_day)
            text = Label(f"1営業日あたり {shown}", f"{shown} per business day")
            open_days = self.calendar.business_days(self.period.start, self.period.end)
            return Given(text, "per_business_day", assumed, scaled, each * open_days)
        if spec.of is not None and spec.times is not None:
            base, before = self._base(spec.of, kpi, place)
            shown, times = _shown(spec.times), spec.times.value
            text = Label(f"{before.ja} × {shown}", f"{before.en} × {shown}")
            return Given(text, "growth", assumed, scaled, Fraction(0), times, base)
        quantity: Any = spec.figure
        if quantity.relative:
            base = Base(kpi.name, *place, earlier(self.period, 12, "months", self.rules))
            text = Label(f"前年 {_shown(quantity)}", f"{_shown(quantity)} on the year before")
            if quantity.form == "percent":
                return Given(text, "growth", assumed, scaled, Fraction(0), 1 + quantity.value, base)
            if kpi.unit != "percent":
                raise Unfit(f"points for '{name}', which is in {kpi.unit}", "write +10%")
            return Given(text, "growth", assumed, scaled, quantity.value, Fraction(1), base)
        check_unit(name, kpi, quantity)
        in_pieces = not assumed and not is_kgi and kpi.unit == "count" and quantity.value.denominator == 1
        return Given(plain(quantity), "figure", assumed, scaled, quantity.value, in_pieces=in_pieces)

    def _base(self, of: OfSpec, own: Kpi, place: Slice) -> tuple[Base, Label]:
        if of.kpi not in self.kpis:
            raise Unfit(f"unknown KPI '{of.kpi}'", suggest(of.kpi, self.kpis))
        kpi = self.kpis[of.kpi]
        if kpi.unit != own.unit:
            raise Unfit(f"a multiple of '{of.kpi}', which is in {kpi.unit}, is no target in {own.unit}")
        dimension, segment = next(iter(of.where.items())) if of.where else place
        if dimension != "total" and dimension not in kpi.dimensions:
            raise Unfit(f"'{of.kpi}' has no dimension '{dimension}'", suggest(dimension, kpi.dimensions))
        try:
            number, unit = parse_span(of.offset_window)
        except ValueError as error:
            raise Unfit(str(error)) from error
        period = earlier(self.period, number, unit, self.rules)
        return Base(kpi.name, dimension, segment, period), _before(kpi, of.offset_window)


def check_unit(name: str, kpi: Kpi, quantity: Quantity) -> None:
    """A percentage for what is none, or the other way round, is a slip. Raises Unfit."""
    if quantity.form == "percent" and kpi.unit not in ("percent", "rate"):
        hint = "write the figure without %"
        if quantity.value < 0:
            factor = float(1 + quantity.value)
            hint = f"a decline is {{times: {factor:g}, of: {{kpi: {kpi.name}, offset_window: 1 year}}}}"
        raise Unfit(f"a percentage for '{name}', which is in {kpi.unit}", hint)
    if quantity.form == "number" and kpi.unit == "percent" and abs(quantity.value) > 1:
        shown = f"{float(quantity.value):g}"
        raise Unfit(f"'{name}' is a percentage: {shown} would be {shown}00 %", f"write {shown}%")


def earlier(period: Period, number: int, unit: str, rules: CalendarRules) -> Period:
    """The period so many days or months before; a year before, the one with the same key."""
    if (number, unit) == (12, "months") and period.previous_year is not None:
        return period.previous_year
    if unit == "days":
        move = timedelta(days=number)
        return natural_period(period.start - move, period.end - move, rules)
    after = period.end + timedelta(days=1)
    if period.grain in MONTHS or after.day == 1:
        end = add_months(after, -number) - timedelta(days=1)
    else:
        end = _months_before(period.end, number)
    return natural_period(_months_before(period.start, number), end, rules)


def _months_before(day: date, months: int) -> date:
    """The same day of the month so many months before, or that month's last day."""
    first = add_months(day.replace(day=1), -months)
    last = add_months(first, 1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def plain(quantity: Quantity) -> Label:
    """A figure as it is written, the same in both languages."""
    return Label(_shown(quantity), _shown(quantity))


_SPANS = {
    "year": "年", "fiscal_year": "年度", "half": "半期", "quarter": "四半期", "month": "か月", "week": "週間",
    "day": "日",
}  # fmt: skip


def _before(kpi: Kpi, span: str) -> Label:
    number, _, unit = span.strip().partition(" ")
    spoken = _SPANS.get(unit.strip().removesuffix("s"), unit)
    return Label(f"{number}{spoken}前の{kpi.label.ja}", f"{kpi.label.en} {span} before")


def _shown(quantity: Quantity) -> str:
    sign = "+" if quantity.relative and quantity.value >= 0 else ""
    if quantity.form == "number":
        return (
            f"{sign}{float(quantity.value):,.12g}"
            if quantity.value.denominator > 1
            else f"{quantity.value.numerator:,}"
        )
    return f"{sign}{float(quantity.value * 100):,.12g}{'%' if quantity.form == 'percent' else 'pt'}"
