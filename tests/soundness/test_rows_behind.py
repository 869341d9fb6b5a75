"""The rows told behind a number are those that it counts: their figures come to what was published."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from dagster_project.kpi.load import load_definitions
from dagster_project.trace.rows import Asked, Part, parts
from tests.conftest import kpi as command

PERIODS = {
    "day": [date(2026, 12, 7), date(2027, 1, 29)],
    "week": [date(2026, 12, 28)],
    "month": [date(2026, 11, 1), date(2027, 2, 1)],
    "quarter": [date(2026, 10, 1)],
    "fiscal_year": [date(2025, 4, 1), date(2026, 4, 1)],
    "all": [date(1, 1, 1)],
}
SEGMENTS = 3  # of each KPI and period, besides the total


@pytest.fixture(scope="module")
def definitions(night):
    return load_definitions(night.root)


def published(night, kpi: str) -> Iterator[tuple[Asked, float, float | None]]:
    """Values of the KPI as published: what to ask for, its numerator and denominator."""
    daily = night.daily.rename(columns={"date": "period_start"}).assign(grain="day")
    every = pd.concat([daily, night.period])
    every = every[(every.kpi == kpi) & every.numerator.notna()]
    for grain, starts in PERIODS.items():
        for start in starts:
            found = every[(every.grain == grain) & (every.period_start == start)]
            split = found[found.dimension != "total"].sort_values(["dimension", "segment"])
            for row in [*found[found.dimension == "total"].itertuples(), *split.head(SEGMENTS).itertuples()]:
                yield (grain, start, row.dimension, row.segment), row.numerator, row.denominator


def figure(part: Part) -> float:
    """What the rows come to, an entity's row counting once however many lines made it."""
    width = len(part.columns) - 2
    once = {row[:width] for row in part.rows}
    counts = [float(row[-1]) if part.measure.agg == "sum" else row[-1] for row in once]
    if part.measure.agg == "count":
        return len(counts)
    return len(set(counts)) if part.measure.agg == "count_distinct" else sum(counts)


def is_told_in_full(part: Part) -> bool:
    return part.note is None and part.measure.agg in ("count", "sum", "count_distinct")


def test_the_rows_of_every_kpi_come_to_its_numerator_and_denominator(night, in_memory, definitions) -> None:
    compared: dict[str, int] = {}
    for kpi in definitions.kpis:
        if not kpi.shows_sides:
            continue
        for key, numerator, denominator in published(night, kpi.name):
            for part in parts(in_memory, definitions, Asked(kpi, *key)):
                wanted = numerator if part.side == "numerator" else denominator
                if not is_told_in_full(part):
                    continue
                assert figure(part) == pytest.approx(wanted, rel=1e-9, abs=1e-9), (kpi.name, key, part.side)
                compared[kpi.name] = compared.get(kpi.name, 0) + 1
    assert len(compared) >= 15
    assert sum(compared.values()) > 200


def test_every_row_is_told_with_its_file_and_line(night, in_memory, definitions) -> None:
    lines = {
        name: (night.root / "data" / name).read_text(encoding="utf-8").splitlines()
        for name in ("deals.csv", "lines.csv")
    }
    kpi = next(kpi for kpi in definitions.kpis if kpi.name == "deals_opened")
    (part,) = parts(in_memory, definitions, Asked(kpi, "month", date(2026, 11, 1)))
    assert part.rows
    for row in part.rows:
        file, line = row[-2:]
        cells = next(csv.reader(io.StringIO(lines[file][line - 1])))
        assert row[0] in cells


def test_the_command_prints_the_published_value_with_the_rows_behind_it(night) -> None:
    answer = command(
        "--project", night.root, "rows", "deals_opened", "--date", "2026-11-15", "--grain", "month"
    )
    value = night.period[
        (night.period.kpi == "deals_opened")
        & (night.period.grain == "month")
        & (night.period.period_start == date(2026, 11, 1))
        & (night.period.dimension == "total")
    ].value.item()
    assert answer.returncode == 0, answer.stderr
    assert f"deals_opened, month of 2026-11-01: {value:,.10g} count" in answer.stdout
    assert f"2026-11-01 to 2026-11-30: {value:,.0f} rows" in answer.stdout


def test_a_wrong_question_is_refused_with_what_there_is(night) -> None:
    for arguments, said in {
        ("deals_opend", "--date", "2026-11-15"): "did you mean 'deals_opened'?",
        ("deals_opened", "--date", "2026-11-15", "--where", "team"): "write --where DIMENSION=SEGMENT",
        ("deals_opened", "--date", "2026-11-15", "--where", "tem=east"): "has no dimension 'tem'",
        (
            "deals_opened",
            "--date",
            "2026-11-15",
            "--where",
            "team=nowhere",
        ): "has no segment 'nowhere'; it has: ",
    }.items():
        answer = command("--project", night.root, "rows", *arguments)
        assert answer.returncode == 2
        assert said in answer.stderr
