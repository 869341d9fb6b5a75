"""What earlier forecasts were worth, by days to go; in words where too little is over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.forecast.horizons import FEWEST_PERIODS, HORIZONS
from dagster_project.publish.checks import parquet
from dagster_project.report.format import format_share
from dagster_project.report.rows import rows


@dataclass(frozen=True)
class Record:
    """Of the nights with first_day..last_day days to go; None where it can't be told.

    periods: of goals and nodes; nights of one period hang together, so many nights of few periods prove
    little. error_to_run_rate: mean |error| over run-rate's, each as a share of what came. skill: 1 - Brier
    score / climatology's, which says each time the share that was attained among these very nights; None
    where all or none were. is_judged: whether enough periods are over.
    """

    first_day: int
    last_day: int
    nights: int
    periods: int
    inside_80: float
    inside_95: float
    error_to_run_rate: float | None
    brier: float | None
    skill: float | None
    is_judged: bool


def read_record(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[Record, ...]:
    """From forecast_accuracy, HORIZONS in order; those without a night are left out."""
    bands = ", ".join(f"({first}, {last})" for first, last in HORIZONS)
    found = rows(
        connection,
        f"""
        select
            first_day, last_day, count(*) as nights,
            count(distinct (goal, node, period_end)) as periods,
            avg(inside_80::double) as inside_80, avg(inside_95::double) as inside_95,
            avg(case when run_rate_error is not null then abs(error / nullif(actual, 0)) end)
                / nullif(avg(abs(run_rate_error / nullif(actual, 0))), 0) as error_to_run_rate,
            avg(brier) as brier,
            1 - avg(brier) / nullif(var_pop(case when brier is not null then attained::int end), 0) as skill
        from {parquet(folder, "forecast_accuracy")}
        join (values {bands}) as bands (first_day, last_day)
            on horizon between first_day and last_day
        group by all
        order by first_day
        """,
    )
    return tuple(Record(**row, is_judged=row["periods"] >= FEWEST_PERIODS) for row in found)


def days_to_go(record: Record, language: str) -> str:
    """残り8〜30日, or 8-30 days to go."""
    if record.last_day >= HORIZONS[-1][1]:
        return (
            f"残り{record.first_day}日以上" if language == "ja" else f"{record.first_day} or more days to go"
        )
    if language == "ja":
        return f"残り{record.first_day}〜{record.last_day}日"
    return f"{record.first_day}-{record.last_day} days to go"


def record_sentences(records: tuple[Record, ...], language: str) -> tuple[str, ...]:
    """The record in words: one sentence a band, or one that says that too little is over."""
    ja = language == "ja"
    if not records:
        return (
            "予測の実績: 予測した期間がまだ終わっていません。過去データでの成績は kpi backtest で見られます。"
            if ja
            else "Forecast record: no period that was forecast is over yet. kpi backtest replays the past.",
        )
    return tuple(_sentence(record, ja, days_to_go(record, language)) for record in records)


def _sentence(record: Record, ja: bool, band: str) -> str:
    counted = (
        f"{record.periods}期間・{record.nights:,}晩"
        if ja
        else f"{_counted(record.nights, 'night')} of {_counted(record.periods, 'period')}"
    )
    if not record.is_judged:
        return (
            f"予測の実績（{band}）: 判定するにはまだ少なすぎます（{counted}）。"
            if ja
            else f"Forecast record, {band}: too little to judge yet ({counted})."
        )
    inside, wide = format_share(record.inside_80), format_share(record.inside_95)
    parts = [f"80%の幅に{inside}、95%の幅に{wide}" if ja else f"80 % range held {inside}, 95 % range {wide}"]
    if record.brier is not None:
        parts.append(f"ブライアスコア {record.brier:.3f}" if ja else f"Brier score {record.brier:.3f}")
    if record.skill is not None:
        parts.append(
            f"達成確率の技能 {record.skill:+.2f}（平均的な達成率との比較）"
            if ja
            else f"skill {record.skill:+.2f} against climatology"
        )
    if record.error_to_run_rate is not None:
        parts.append(
            f"誤差は現在ペースの{record.error_to_run_rate:.2f}倍"
            if ja
            else f"error {record.error_to_run_rate:.2f} of run-rate's"
        )
    text = "、".join(parts) if ja else ", ".join(parts)
    return (
        f"予測の実績（{band}、{counted}）: {text}。"
        if ja
        else f"Forecast record, {band} ({counted}): {text}."
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
