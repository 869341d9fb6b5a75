from __future__ import annotations

import re
from datetime import date
from typing import Any

from dagster_project.report.charts import bullet, sparkline
from dagster_project.report.fan import fan, ticks


def path(actual: float, p50: float, target: float) -> list[dict[str, Any]]:
    spread = {"p10": p50 * 0.99, "p50": p50, "p90": p50 * 1.01}
    none: dict[str, Any] = dict.fromkeys(("actual_cumulative", "p10", "p50", "p90"))
    return [
        none | {"date": date(2026, 4, 1), "actual_cumulative": actual / 2, "target_cumulative": target / 3},
        none
        | {"date": date(2026, 5, 1), "actual_cumulative": actual, "target_cumulative": target / 2}
        | dict.fromkeys(("p10", "p50", "p90"), actual),
        none | {"date": date(2026, 6, 1), "target_cumulative": target} | spread,
    ]


def test_the_fan_names_actual_forecast_and_target_with_their_figures() -> None:
    svg = fan(path(50e6, 98e6, 100e6), "JPY", date(2026, 5, 1), "ja")
    for text in ("実績 5,000万円", "予測 9,800万円", "目標 1億円", ">4月<", ">2,000万円<"):
        assert text in svg
    assert "NaN" not in svg
    assert "undefined" not in svg


def test_labels_at_the_end_stand_apart_though_their_lines_end_together() -> None:
    svg = fan(path(50e6, 100e6, 100e6), "JPY", date(2026, 5, 1), "ja")
    labels = re.findall(
        r'transform="translate\(([\d.]+),([-\d.]+)\)"[^>]*font-weight="600"[^>]*>([^<]+)<', svg
    )
    heights = sorted(float(y) for _, y, text in labels if not text.startswith("実績"))
    assert len(heights) == 4
    assert all(after - before >= 17.9 for before, after in zip(heights, heights[1:], strict=False))


def test_nothing_to_draw_gives_no_chart() -> None:
    assert fan([], "JPY", date(2026, 5, 1), "ja") == ""
    assert fan(path(0, 0, 0), "JPY", date(2026, 5, 1), "ja") == ""


def test_ticks_are_round_and_few_at_every_size() -> None:
    for highest in (0.23, 0.9, 1, 7, 99, 1_234, 179_999_999, 2e12):
        steps = ticks(highest)
        assert 3 <= len(steps) <= 6, highest
        assert steps[-1] >= highest * (1 - 1e-9)


def test_a_bullet_scales_to_its_longest_part() -> None:
    drawn = bullet(actual=50, due=60, target=104, ahead=100)
    assert drawn is not None
    assert drawn.target == 96.15
    assert drawn.actual < drawn.due < drawn.ahead < drawn.target  # type: ignore[operator]
    assert bullet(None, 1, 2, 3) is None
    assert bullet(-5, 1, 2, None) is None
    assert bullet(0, 0, None, None) is None


def test_a_missing_month_is_a_gap_and_not_a_zero() -> None:
    assert [len(points.split()) for points in sparkline([1, 2, None, 3, 4])] == [2, 2]
    assert sparkline([None, None]) == []
    assert len({point.split(",")[1] for point in sparkline([5, 5, 5])[0].split()}) == 1
