"""What a plan's sheet says, in Japanese and English, and its figures: exact, as a proposal wants them."""

from __future__ import annotations

from fractions import Fraction

from dagster_project.goals.algebra.rounding import whole
from dagster_project.report.format import CURRENCY_JA, CURRENCY_SIGNS, DURATIONS, NOTHING

WORDS: dict[str, tuple[str, str]] = {
    "plan": ("目標計画書", "Plan"),
    "vision": ("ビジョン", "Vision"),
    "period": ("期間", "Period"),
    "owner": ("責任者", "Owner"),
    "kgi": ("KGI", "KGI"),
    "ksf": ("KSF", "KSF"),
    "kpi": ("KPI", "KPI"),
    "action": ("アクション", "action"),
    "assumption": ("前提", "assumption"),
    "target": ("目標", "Target"),
    "tree": ("目標ツリー", "Tree"),
    "item": ("項目", "Item"),
    "kind": ("区分", "Kind"),
    "basis": ("根拠", "Basis"),
    "segment": ("対象", "Segment"),
    "given": ("設定値", "given"),
    "equations": ("計算式", "Equations"),
    "equation": ("式", "Equation"),
    "factors": ("重要成功要因（KSF）", "Success factors (KSF)"),
    "holds": ("支える指標", "Rests on"),
    "watched": ("見守る指標（式で KGI に結び付かないもの）", "Watched (no equation ties them to the KGI)"),
    "not_tied": ("KGI に結び付く式がない", "no equation ties it to the KGI"),
    "actions": ("行動計画", "Actions"),
    "drives": ("動かす指標", "Drives"),
    "brings": ("見込む成果", "Brings"),
    "due": ("期限", "Due"),
    "per_day": ("1営業日あたり", "A business day"),
    "capacity": ("実行能力", "Capacity"),
    "used": ("使用率", "Used"),
    "scenarios": ("シナリオ", "Scenarios"),
    "success": ("成功とみなす達成率", "Success from"),
    "schedule": ("期間ごとの目標", "Targets over the period"),
    "level_due": ("（期末の水準）", " (level due)"),
    "total": ("計", "Total"),
    "smart": ("SMART 確認", "SMART"),
    "approval": ("決裁", "Approval"),
    "approvals": ("起案,確認,承認", "Proposed by,Reviewed by,Approved by"),
    "notes": ("注意", "Notes"),
    "revision": ("計画の改定", "Revision"),
    "revised": (
        "第{number}次改定（{day}から）{reason}：{basis}",
        "revision {number} from {day}, {reason}: {basis}",
    ),
    "rebase_plan": ("残り＝目標 − それまでの計画", "what is left is the target less the plan before"),
    "rebase_actual": ("残り＝目標 − それまでの実績", "what is left is the target less the actual before"),
    "before": ("改定前の累計", "Due before"),
    "remaining": ("改定後の残り", "From then on"),
    "no_year_before": ("前年の実績が必要", "needs the actual of the year before"),
    "overload": (
        "シナリオ「{scenario}」では {action} に実行能力の {used} が必要",
        "scenario '{scenario}' takes {used} of the capacity of {action}",
    ),
    "unknown_base": (
        "前年などの実績（{bases}）が公表されるまで目標が決まらない項目がある",
        "some targets are not known until these actuals are published: {bases}",
    ),
    "through": ("〜", " to "),
    "business_day": ("営業日", "business day"),
    "calendar_day": ("日", "day"),
    "week": ("週", "week"),
    "month": ("月", "month"),
    "quarter": ("四半期", "quarter"),
    "half": ("半期", "half"),
    "year": ("年度", "year"),
    "yes": ("○", "yes"),
    "no": ("×", "no"),
    "unclear": ("要確認", "open"),
    "stretch": ("挑戦的", "a stretch"),
    "too_easy": ("低すぎる", "too easy"),
    "harder": ("過去の{share}より厳しい", "harder than {share} of the past"),
    "moves": ("1%でKGIが{share}動く", "1 % of it moves the KGI by {share}"),
    "specific": ("具体的", "Specific"),
    "measurable": ("測定可能", "Measurable"),
    "achievable": ("達成可能", "Achievable"),
    "relevant": ("関連性", "Relevant"),
    "time_bound": ("期限", "Time-bound"),
}


def say(key: str, language: str) -> str:
    """The word in ja or en. Raises KeyError for one that is not there."""
    return WORDS[key][0 if language == "ja" else 1]


def exact(value: Fraction | float | None, unit: str | None, language: str, *, up: bool = True) -> str:
    """A figure in full: 100,000,000円, 20%, 134件. A count is rounded up, as what is to be reached, or with
    `up` False shown with its decimals."""
    if value is None:
        return NOTHING
    number = Fraction(value) if not isinstance(value, float) else Fraction(repr(value))
    if unit == "percent":
        return f"{_trimmed(number * 100, 2)}%"
    if unit == "count":
        return (f"{whole(number):,}" if up else _trimmed(number, 2)) + ("件" if language == "ja" else "")
    if unit in DURATIONS:
        return _trimmed(number, 2) + DURATIONS[unit][0 if language == "ja" else 1]
    if unit is not None and len(unit) == 3 and unit.isupper():
        decimals = 0 if unit == "JPY" else 2
        if language == "ja":
            return f"{_trimmed(number, decimals)}{CURRENCY_JA.get(unit, unit)}"
        sign, minus = CURRENCY_SIGNS.get(unit, f"{unit} "), "-" if number < 0 else ""
        return f"{minus}{sign}{_trimmed(abs(number), decimals)}"
    return _trimmed(number, 2)


def _trimmed(value: Fraction, decimals: int) -> str:
    """Grouped, rounded half up (away from zero), without trailing zeros."""
    scaled = value * 10**decimals
    rounded = int(abs(scaled) + Fraction(1, 2))
    text = f"{rounded // 10**decimals:,}"
    rest = f"{rounded % 10**decimals:0{decimals}d}".rstrip("0") if decimals else ""
    sign = "-" if value < 0 and rounded else ""
    return f"{sign}{text}.{rest}" if rest else f"{sign}{text}"
