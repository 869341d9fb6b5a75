"""Why a goal is missed, in sentences: the largest causes, and the bottleneck of the funnel."""

from __future__ import annotations

from dagster_project.report.format import format_date, format_fine, format_share, format_value
from dagster_project.report.why import RESIDUAL, Driver, Gap, Step, Why

CAUSES = 2  # that a sentence names


def signed(value: float, unit: str | None, language: str) -> str:
    """A difference in its unit, with its sign: +349万円, -1.2pt for shares of 1, +2.6件 of few."""
    if unit == "percent":
        shown = f"{value * 100:+,.1f}pt"
        return shown.replace("+0.0", "0.0").replace("-0.0", "0.0")
    text = format_fine(value, unit, language)
    return f"+{text}" if value > 0 and not text.startswith("0") else text


def why_sentences(why: Why, language: str) -> tuple[str, ...]:
    """The gap to the plan with its causes, and the bottleneck; () where nothing explains it."""
    gap = why.gaps.get("plan")
    told = [gap_sentence(why, gap, language)] if gap is not None and gap.is_explained else []
    if why.has_steps and (narrow := bottleneck_sentence(why, language)):
        told.append(narrow)
    return tuple(told)


def gap_sentence(why: Why, gap: Gap, language: str) -> str:
    """How far the KGI is from plan or last year, and the causes that weigh most in that direction.

    E.g. 売上は計画を1,033万円下回っています。主な要因は受注率（-1,046万円）、商談化率（-384万円）です。
    """
    ja, name = language == "ja", why.kgi_label
    versus = _versus(gap.versus, language)
    amount = signed(abs(gap.gap), gap.unit, language).lstrip("+")
    if amount == signed(0.0, gap.unit, language):
        return f"{name}は{versus}どおりです。" if ja else f"{name} is as {_as(gap.versus)}."
    is_short = gap.gap < 0
    if ja:
        first = f"{name}は{versus}を{amount}{'下回って' if is_short else '上回って'}います"
    else:
        first = f"{name} is {amount} {'below' if is_short else 'above'} {versus}"
    causes = _causes(gap, is_short)
    if not gap.is_explained or not causes:
        return f"{first}。" if ja else f"{first}."
    listed = [
        (f"{one.label}（{_of(one, gap, language)}）" if ja else f"{one.label} ({_of(one, gap, language)})")
        for one in causes
    ]
    if ja:
        return f"{first}。主な要因は{'、'.join(listed)}です。"
    return f"{first}. Main cause{'s' if len(listed) > 1 else ''}: {', '.join(listed)}."


def _causes(gap: Gap, is_short: bool) -> list[Driver]:
    drivers = [
        driver
        for driver in gap.drivers
        if driver.driver != RESIDUAL and (driver.contribution < 0) == is_short and driver.contribution
    ]
    return sorted(drivers, key=lambda driver: -abs(driver.contribution))[:CAUSES]


def _of(driver: Driver, gap: Gap, language: str) -> str:
    return signed(driver.contribution, gap.unit, language)


def bottleneck_sentence(why: Why, language: str) -> str:
    """The one step where the funnel is narrowest; an empty string where there is no funnel.

    E.g. ボトルネックは「商談 → 受注」です。移行率15.0%は計画の20.0%に届かず、売上への影響は-1,046万円です。
    """
    ja, narrow = language == "ja", why.bottleneck
    if narrow is None:
        known = [step for step in why.funnel if step.is_volume and step.actual is not None]
        compared = any(step.plan is not None or step.last_year is not None for step in known)
        if not compared:
            return ""
        return (
            "ファネルに計画を下回る段階はありません。"
            if ja
            else "No step of the funnel falls short of the plan."
        )
    versus = narrow.bottleneck_versus or "plan"
    before = why.step(narrow.previous_node)
    if before is None:
        actual = format_value(narrow.actual, narrow.unit, language)
        wanted = format_value(_wanted(narrow, versus), narrow.unit, language)
        where = f"入口の「{narrow.label}」" if ja else f"at the entrance, {narrow.label}"
        what = actual
    else:
        actual, wanted = format_rate(narrow.step_rate), format_rate(_wanted_rate(narrow, versus))
        where = f"「{before.label} → {narrow.label}」" if ja else f"{before.label} → {narrow.label}"
        what = f"移行率{actual}" if ja else f"{actual} go on"
    if ja:
        text = f"ボトルネックは{where}です。{what}は{_versus(versus, 'ja')}の{wanted}に"
    else:
        text = f"The bottleneck is {where}: {what} against {wanted} {_as(versus)}"
    gap = why.gaps.get("plan")
    if narrow.kgi_effect is None or gap is None or versus != "plan":
        return f"{text}届いていません。" if ja else f"{text}."
    effect = signed(narrow.kgi_effect, gap.unit, language)
    return (
        f"{text}届かず、{why.kgi_label}への影響は{effect}です。"
        if ja
        else f"{text}, an effect of {effect} on {why.kgi_label}."
    )


def through_note(gap: Gap, language: str) -> str:
    """At which day both sides of the gap are cut."""
    day = format_date(gap.through, language)
    return f"{day}までの累計" if language == "ja" else f"to date, through {day}"


def format_rate(rate: float | None) -> str:
    """A step rate: 15.0%, 0.42% where it is small, 1.3 times as 130.0%."""
    if rate is None:
        return format_share(None)
    return f"{rate * 100:.1f}%" if abs(rate) >= 0.01 or rate == 0 else f"{rate * 100:.2g}%"


def _wanted(step: Step, versus: str) -> float | None:
    return step.plan if versus == "plan" else step.last_year


def _wanted_rate(step: Step, versus: str) -> float | None:
    return step.step_rate_plan if versus == "plan" else step.step_rate_last_year


def _versus(versus: str, language: str) -> str:
    if language == "ja":
        return "計画" if versus == "plan" else "前年"
    return "plan" if versus == "plan" else "last year"


def _as(versus: str) -> str:
    return "planned" if versus == "plan" else "last year"
