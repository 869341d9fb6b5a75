"""Amounts in several currencies: which rates turn them into the project's, and that none is mixed unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Rates, Source, SourceColumn
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.spec.sources import SourceSpec

_KEYS = ("currency_column", "rates", "rate_on")
_SHAPE = "key: [day, currency] and one number, what 1 of the currency is in the project's"


def with_rates(
    written: Mapping[str, Written[SourceSpec]], sources: Mapping[str, Source], currency: str
) -> tuple[dict[str, Source], list[Issue]]:
    """The sources, their converted columns bound to the source of rates; and every finding."""
    issues: list[Issue] = []
    bound = {
        name: replace(
            source,
            columns=tuple(
                _column(written[name], column, sources, currency, issues) for column in source.columns
            ),
        )
        for name, source in sources.items()
    }
    for name, source in bound.items():
        issues += _undeclared(written[name], source)
    return bound, issues


def _column(
    item: Written[SourceSpec],
    column: SourceColumn,
    sources: Mapping[str, Source],
    currency: str,
    issues: list[Issue],
) -> SourceColumn:
    spec = item.spec.columns[column.name]
    given = [key for key in _KEYS if getattr(spec, key) is not None]
    if not given:
        return column
    place = ("columns", column.name)
    found: list[Issue] = []
    if column.type != "money":
        found.append(item.issue((*place, given[0]), f"'{given[0]}' belongs to money, not {column.type}"))
    if spec.currency is not None:
        message = "a column is in one currency, or in that of currency_column"
        found.append(item.issue((*place, "currency"), message, "remove one of them"))
    for key in _KEYS:
        if key not in given:
            hint = "currency_column: currency, rates: fx_rates, rate_on: closed_on"
            found.append(item.issue(place, f"'{key}' is missing: currencies would be mixed", hint))
    columns = item.spec.columns
    if spec.currency_column is not None and _type_of(columns, spec.currency_column) != "text":
        hint = suggest(spec.currency_column, [name for name in columns if _type_of(columns, name) == "text"])
        message = f"'{spec.currency_column}' is no text column of this source"
        found.append(item.issue((*place, "currency_column"), message, hint))
    dated = ("date", "timestamp")
    if spec.rate_on is not None and _type_of(columns, spec.rate_on) not in dated:
        hint = suggest(spec.rate_on, [name for name in columns if _type_of(columns, name) in dated])
        message = f"'{spec.rate_on}' is no date of this source"
        found.append(item.issue((*place, "rate_on"), message, hint))
    shape = _shape_of(sources.get(spec.rates or ""))
    if spec.rates is not None and spec.rates not in sources:
        hint = suggest(spec.rates, sources)
        found.append(item.issue((*place, "rates"), f"unknown source '{spec.rates}'", hint))
    elif spec.rates is not None and shape is None:
        found.append(item.issue((*place, "rates"), f"'{spec.rates}' does not look like rates", _SHAPE))
    issues += found
    if found or shape is None:
        return column
    assert spec.currency_column
    assert spec.rates
    assert spec.rate_on
    day, code, rate = shape
    rates = Rates(spec.rates, spec.currency_column, spec.rate_on, currency, day, code, rate)
    return replace(column, currency=None, rates=rates)


def _type_of(columns: Mapping[str, object], name: str) -> str | None:
    return getattr(columns.get(name), "type", None)


def _shape_of(source: Source | None) -> tuple[str, str, str] | None:
    """(day, currency, rate) of a source of rates: its key's date and text, and its only number."""
    if source is None or len(source.key) != 2:
        return None
    types = {column.name: column.type for column in source.columns}
    days = [name for name in source.key if types.get(name) == "date"]
    codes = [name for name in source.key if types.get(name) == "text"]
    rates = [name for name, kind in types.items() if kind in ("number", "money", "integer")]
    return (days[0], codes[0], rates[0]) if len(days) == len(codes) == len(rates) == 1 else None


def currency_columns(source: Source) -> tuple[str, ...]:
    """Text columns that are called a currency, where the amounts beside them are not converted by one."""
    mixed = [column for column in source.columns if column.type == "money" and column.rates is None]
    if not mixed:
        return ()
    return tuple(
        column.name
        for column in source.columns
        if column.type == "text"
        and not column.pii
        and (column.name in ("currency", "currency_code") or column.name.endswith("_currency"))
    )


def _undeclared(item: Written[SourceSpec], source: Source) -> list[Issue]:
    found = []
    for name in currency_columns(source):
        message = f"'{name}' may hold several currencies: then nothing is published"
        hint = f"of its amounts: currency_column: {name}, rates: fx_rates, rate_on: ..."
        found.append(item.issue(("columns", name), message, hint, "warning"))
    return found
