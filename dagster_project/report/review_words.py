"""The sentences of a goal's review, in Japanese and English."""

from __future__ import annotations


def sentence(key: str, language: str, **values: object) -> str:
    """The sentence of that name with its figures in place."""
    return SENTENCES[key][0 if language == "ja" else 1].format(**values)


SENTENCES: dict[str, tuple[str, str]] = {
    "weekly": ("週次レビュー", "Weekly review"),
    "monthly": ("月次レビュー", "Monthly review"),
    "quarterly": ("四半期レビュー", "Quarterly review"),
    "months": ("{n}か月", "{n} months"),
    "weeks": ("{n}週", "{n} weeks"),
    "_residual": ("式で説明できない差", "not explained by the equations"),
    # the last review
    "decided": (
        "前回のレビュー（{day}）で決めたこと: {text}",
        "Decided at the last review ({day}): {text}",
    ),
    "since": ("  {node}: 達成率 {then} → {now}", "  {node}: attainment {then} → {now}"),
    # what moved
    "moved": ("■ 何が動いたか（{first}〜{last}）", "■ What moved ({first} to {last})"),
    "moved_nothing": (
        "■ 何が動いたか: 終わった期間がまだありません。",
        "■ What moved: no such period is over yet.",
    ),
    "before": ("前期比 {change}", "vs period before {change}"),
    "year_before": ("前年比 {change}", "vs year before {change}"),
    "due_met": ("この期間の目標 {due} 達成", "due {due}: met"),
    "due_missed": ("この期間の目標 {due} 未達", "due {due}: missed"),
    "changed": ("  {kgi}の前期からの変化 {change}: {causes}", "  {kgi} changed by {change}: {causes}"),
    "gap": ("■ 計画との差の内訳", "■ Where the gap to the plan comes from"),
    # assumptions
    "assumptions": ("■ 前提と実績", "■ What was assumed, and what came"),
    "nothing_yet": ("前提 {assumed}。実績はまだありません。", "assumed {assumed}; nothing has come yet."),
    "untold": (
        "前提 {assumed}、実績 {actual}。偶然の範囲かどうかは判定できません（{why}）。",
        "assumed {assumed}, came to {actual}. Whether chance explains it can't be told ({why}).",
    ),
    "counts": ("{trials}件中{hits}件、", "{hits} of {trials}, "),
    "significant": (
        "前提 {assumed}、実績 {actual}（{counts}95%信頼区間 {low}〜{high}、{chance}）。"
        "有意な差です。前提の見直しを勧めます。",
        "assumed {assumed}, came to {actual} ({counts}95 % interval {low} to {high}, {chance}). "
        "The difference is significant: the assumption wants revising.",
    ),
    "not_significant": (
        "前提 {assumed}、実績 {actual}（{counts}95%信頼区間 {low}〜{high}、{chance}）。"
        "有意な差ではなく、偶然の範囲です。前提の変更は勧めません。",
        "assumed {assumed}, came to {actual} ({counts}95 % interval {low} to {high}, {chance}). "
        "Not significant: chance explains it, and no change is recommended.",
    ),
    "replanned": (
        "    {at}で計画し直すと必要な値: {values}",
        "    Re-planned at {at} it would take: {values}",
    ),
    "required": (
        "■ すべての前提を実績に置き換えた場合の必要な値",
        "■ Required, were every assumption what it came to",
    ),
    "no_such_figure": (
        "なし（0未満になるか、式から決まらない）",
        "none (it would be below 0, or does not follow)",
    ),
    # influence
    "influence": ("■ KGIへの影響が見えないKPI", "■ KPIs without a visible influence on the KGI"),
    "unseen": (
        "相関 {correlation:+.2f}（{months}か月、±{would_show:.2f}以上なら見えた）。",
        "correlation {correlation:+.2f} over {months} months; from ±{would_show:.2f} it would show. ",
    ),
    "tied": ("式の一部なので外せません。", "Part of the equations, so it stays."),
    "drop": ("外す候補です。", "A candidate to drop."),
    "influence_untold": (
        "  判定できないもの（履歴不足または一定）: {names}",
        "  Can't be told (short or constant history): {names}",
    ),
    "influence_limits": (
        "  （月ごとの変化の順位相関、同月から3か月後まで。因果ではなく、"
        "遅い影響や、動かしたことのないKPIの影響は見えません）",
        "  (rank correlation of monthly changes, same month to three later: not cause, and blind to slower "
        "influences and to KPIs that were never moved)",
    ),
    # targets
    "targets": ("■ 常に達成、または常に未達の目標", "■ Targets never missed, or never met"),
    "never_missed": ("{span}すべて達成。", "met in all {span}. "),
    "never_met": ("{span}すべて未達。", "missed in all {span}. "),
    "proposed": (
        "目標の案 {then}（現在 {now}。直近{span}の4回に1回届いた水準）",
        "Proposed target {then} (now {now}): what one in four of the last {span} reached",
    ),
    "no_proposal": (
        "直近{span}の実績からは、これに代わる水準を提案できません。",
        "The last {span} suggest no other target.",
    ),
    # revision
    "contradicted": (
        "■ 改定案は作れません。実績の値では式が成り立たないためです:",
        "■ No revision can be written, since the equations do not hold at the actual values:",
    ),
    "no_revision": (
        "■ 改定案: なし（有意に外れた前提がないか、期間が終わっています）",
        "■ Revision: none (no assumption is significantly off, or the period is over)",
    ),
    "revision": (
        "■ 改定案（{file} に貼り付け、kpi check で確認）",
        "■ Revision, to be pasted into {file}; check it with: kpi check",
    ),
    "revision_more": (
        "■ 改定案（{file} の revisions: の末尾に追加し、kpi check で確認）",
        "■ Revision, to be added below revisions: of {file}; check it with: kpi check",
    ),
    "recorded": ("記録しました: {review}", "Recorded: {review}"),
}
