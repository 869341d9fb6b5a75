"""The words and signs that people read, in Japanese and English."""

from __future__ import annotations


def word(key: str, language: str) -> str:
    """The word for a status, reason or heading; an unknown key stands for itself."""
    pair = WORDS.get(key)
    return key if pair is None else pair[0 if language == "ja" else 1]


# A sign beside the colour: a report is also printed in black, and read by people who see no red.
SIGNS = {
    "attained": "●",
    "on_track": "●",
    "at_risk": "▲",
    "behind": "■",
    "missed": "■",
    "no_target": "○",
    "no_data": "–",
}

WORDS: dict[str, tuple[str, str]] = {
    # kgi_attainment.status
    "attained": ("達成", "attained"),
    "on_track": ("順調", "on track"),
    "at_risk": ("注意", "at risk"),
    "behind": ("遅れ", "behind"),
    "missed": ("未達", "missed"),
    "no_target": ("目標なし", "no target"),
    # kgi_forecast.status
    "short_history": ("履歴が短いため参考値", "short history: indicative only"),
    "constant": ("値が一定のため参考値", "constant history: indicative only"),
    "intermittent": ("発生が間欠的なため参考値", "intermittent history: indicative only"),
    "decided": ("確定済み", "decided"),
    "stale_data": ("データが古いため参考値", "stale data: indicative only"),
    "ok": ("", ""),
    # data_status, marks, source_freshness.status
    "final": ("確定", "final"),
    "provisional": ("速報値", "provisional"),
    "held": ("保留", "held"),
    "missing": ("欠測", "missing"),
    "closed": ("休業日", "closed"),
    "immature": ("観測期間中", "immature"),
    "stale": ("更新遅れ", "stale"),
    "fresh": ("正常", "fresh"),
    "quarantined": ("隔離", "quarantined"),
    "tree_check": ("式の不一致", "tree"),
    # why an equation does not hold in the data
    "reason_rounding": ("端数処理", "rounding"),
    "reason_coverage": ("データの欠測や保留", "days that are missing or held"),
    "reason_timing": ("計上日の違い", "timing, other dates of record"),
    "reason_segment": ("対象セグメントの違い", "segments that don't make up one another"),
    "reason_undated": ("計上日のない行", "rows without a date"),
    "reason_definition": ("数えている行の違い", "sides that don't count the same rows"),
    # why there is no value
    "zero_denominator": ("分母が0", "zero denominator"),
    "no_data": ("データなし", "no data"),
    "no_file": ("ファイル未着", "no file"),
    "not_started": ("開始前", "not started"),
    "nothing_due": ("まだ期日前", "nothing due yet"),
    "not_covered": ("対象期間外", "not covered"),
    "not_mature": ("観測期間中", "not mature"),
    "not_additive": ("合算不可", "not additive"),
    "too_few_days": ("日数が不足", "too few days"),
    "no_spread": ("値にばらつきがない", "no spread"),
    "no_kpi": ("数値なし", "no number"),
    "beyond": ("達成（率は計算外）", "attained, no rate"),
    # level
    "kgi": ("KGI", "KGI"),
    "ksf": ("KSF", "KSF"),
    "kpi": ("KPI", "KPI"),
    "action": ("アクション", "action"),
    # headings and labels
    "alerts": ("お知らせ", "Notices"),
    "no_alerts": ("データは揃っています。", "The data are complete."),
    "kpi_tree": ("KPIツリー", "KPI tree"),
    "forecast": ("着地予測", "Forecast"),
    "progress": ("進捗", "Progress"),
    "kpis": ("KPI一覧", "All KPIs"),
    "quality": ("データの状態", "Data quality"),
    "actual": ("実績", "Actual"),
    "target": ("目標", "Target"),
    "target_to_date": ("現時点の目標", "Target to date"),
    "target_period": ("期間目標", "Period target"),
    "attainment": ("達成率", "Attainment"),
    "status": ("状態", "Status"),
    "probability": ("達成確率", "Probability"),
    "required": ("必要ペース", "Required pace"),
    "per_business_day": ("1営業日あたり", "per business day"),
    "remaining": ("残り{count}営業日", "{count} business days left"),
    "previous_month": ("前月", "Previous month"),
    "previous_year": ("前年同月", "Year before"),
    "trend": ("推移", "Trend"),
    "source": ("データ", "Source"),
    "newest": ("最新日", "Newest day"),
    "rows": ("件数", "Rows"),
    "note": ("備考", "Note"),
    "data_date": ("データ基準日", "Data as of"),
    "published_at": ("発行", "Published"),
    "run": ("実行", "Run"),
    "actions": ("行動と、動かすはずの指標", "Actions and what they drive"),
    "done": ("実施", "Done"),
    "due": ("期限", "Due"),
    "capacity_used": ("実行能力の使用率", "Capacity used"),
    "drives": ("動かす指標の達成率", "Attainment of what it drives"),
    "others": ("ツリー外の指標", "Outside the tree"),
    "synthetic": ("架空データ", "Synthetic data"),
    "synthetic_why": (
        "この会社と数値はサンプル用の架空のものです。",
        "This company and its figures are made up for demonstration.",
    ),
    "tree_note": (
        "目標と達成率は、データ基準日時点の目標に対するものです。",
        "Targets and attainment are those due by the date of the data.",
    ),
    "year_sign": ("年", " "),
    "running": ("（月の途中）", "(to date)"),
    "against_month": ("前月比", "vs month before"),
    "against_year": ("前年比", "vs year before"),
    "held_files": ("保留したファイル", "Held files"),
    "quarantined_rows": ("隔離した行", "Quarantined rows"),
    "forecast_record": ("予測の実績", "What forecasts were worth"),
    "danger": ("注意が必要な動き", "What needs attention"),
    "severity_high": ("重大", "high"),
    "severity_medium": ("注意", "medium"),
    "severity_low": ("参考", "low"),
    "forecast_short": ("予測", "Forecast"),
    "all_goals": ("目標一覧", "All goals"),
    "other_goals": ("その他の目標", "Other goals"),
    "one_goal": ("ツリーの表示:", "With its tree:"),
    "no_goals": ("目標はまだ定義されていません。", "No goal has been defined yet."),
    "no_forecast": ("予測はまだありません。", "There is no forecast yet."),
    "interval": ("80%の幅", "80 % range"),
    "pace": ("現在ペースでの着地", "At the present pace"),
    "why": ("差の要因", "Why"),
    "from_plan": ("計画から", "From the plan"),
    "from_pace": ("{day}までの実績と現在のペースから", "From actuals through {day} and the present pace"),
    "days_to_come": (
        "変更した率は今後の日だけに当てはめます",
        "A changed rate holds for the days to come only",
    ),
    "before_change": ("変更前", "Before"),
    "after_change": ("変更後", "After"),
    "required_figure": ("目標に必要", "Required"),
    "elasticity": ("弾力性", "Elasticity"),
    "gap_to_plan": ("計画との差", "Gap to plan"),
    "gap_to_last_year": ("前年との差", "Gap to last year"),
    "driver": ("要因", "Driver"),
    "plan": ("計画", "Plan"),
    "last_year": ("前年", "Last year"),
    "contribution": ("影響", "Effect"),
    "gap": ("差", "Gap"),
    "implied": ("式からの値", "as implied"),
    "no_gap_plan": ("計画または実績がまだありません。", "There is no plan or no actual yet."),
    "no_gap_last_year": (
        "前年の同じ期間のデータがありません。",
        "The same period of last year is not covered.",
    ),
    "unchecked": ("確認できません", "not checked"),
    "funnel": ("ファネル", "Funnel"),
    "top": ("認知", "top"),
    "middle": ("検討", "middle"),
    "bottom": ("購入", "bottom"),
    "bottleneck": ("ボトルネック", "bottleneck"),
    "step_rate": ("移行率", "Step rate"),
    "department": ("部門", "Department"),
}

DEPARTMENTS: dict[str, tuple[str, str]] = {
    "sales": ("営業", "Sales"),
    "inside_sales": ("インサイドセールス", "Inside sales"),
    "marketing": ("マーケティング", "Marketing"),
    "ecommerce": ("EC", "E-commerce"),
    "customer_success": ("カスタマーサクセス", "Customer success"),
    "support": ("サポート", "Support"),
    "hr": ("人事", "HR"),
    "finance": ("経理・財務", "Finance"),
    "production": ("製造", "Production"),
    "management": ("経営", "Management"),
    "company": ("全社", "Company"),
}


def department(name: str, language: str) -> str:
    """A department's name for people; an unknown one stands for itself."""
    pair = DEPARTMENTS.get(name)
    return name.replace("_", " ") if pair is None else pair[0 if language == "ja" else 1]
