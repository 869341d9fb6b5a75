"""What figures say, as a sentence."""

from __future__ import annotations

from datetime import date

from dagster_project.report.format import format_date, format_probability, format_share
from dagster_project.report.marks import Mark
from dagster_project.report.summary import GoalSummary
from dagster_project.report.words import word


def headline(goal: GoalSummary, language: str) -> str:
    """The goal in one sentence, e.g. 売上高は年度目標に対し92%の着地見込み（達成確率 12%）."""
    kgi, landing = goal.kgi, goal.landing
    ja = language == "ja"
    span = period_word(goal.period_start, goal.period_end, language)
    if landing is not None and kgi.forecast is not None:
        share = format_share(landing)
        chance = format_probability(kgi.forecast.probability, language)
        if kgi.forecast.is_indicative:
            chance += ("、" if ja else "; ") + word(kgi.forecast.status, language)
        if ja:
            return f"{kgi.label}は{span}目標に対し{share}の着地見込み（達成確率 {chance}）"
        return f"{kgi.label} is forecast to land at {share} of the {span} target (probability {chance})"
    if kgi.attainment is not None:
        share = format_share(kgi.attainment)
        if ja:
            return f"{kgi.label}は現時点の{span}目標に対し{share}の達成率"
        return f"{kgi.label} stands at {share} of the {span} target to date"
    reason = word(kgi.status_reason or "no_data", language)
    return (
        f"{kgi.label}: {reason}" if not ja else f"{kgi.label}は{span}目標に対する値がありません（{reason}）"
    )


def period_word(start: date, end: date, language: str) -> str:
    """How a period of that length is called: 年度, 半期, 四半期, 月間; annual, ..., else 期間."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    named = {
        12: ("年度", "annual"),
        6: ("半期", "half-year"),
        3: ("四半期", "quarterly"),
        1: ("月間", "monthly"),
    }
    ja, en = named.get(months, ("期間", "period's")) if start.day == 1 else ("期間", "period's")
    return ja if language == "ja" else en


def mark_sentence(mark: Mark, language: str) -> str:
    """What a mark means for the reader of the numbers."""
    ja, en = _NO_FILE if mark.kind == "missing" and mark.count is None else _MARKS[mark.kind]
    since = format_date(mark.since, language) if mark.since else ""
    text = (ja if language == "ja" else en).format(source=mark.source, count=mark.count, since=since)
    return f"{text} {mark.reason}" if mark.reason else text


_NO_FILE = ("{source}: ファイルがまだ届いていません。", "{source}: no file has arrived yet.")
_MARKS = {
    "tree_check": (
        "{source}: 式が実データと合っていません。",
        "{source}: an equation does not hold in the data.",
    ),
    "held": (
        "{source}: ファイル{count}件を保留し、直前の正常なデータを使用しています。",
        "{source}: {count} file(s) held; the last good data are in use.",
    ),
    "stale": (
        "{source}: 更新が遅れています（{count}日遅れ、最新は{since}）。",
        "{source}: late by {count} day(s), newest {since}.",
    ),
    "missing": (
        "{source}: データのない日があります（{count}日）。",
        "{source}: days without data ({count}).",
    ),
    "provisional": (
        "{source}: 直近{count}日は速報値です。",
        "{source}: the last {count} day(s) are provisional.",
    ),
    "quarantined": (
        "{source}: {count:,}行を隔離し、集計に含めていません。",
        "{source}: {count:,} row(s) quarantined and not counted.",
    ),
}
