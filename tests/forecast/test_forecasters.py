"""A model from outside: written in a few lines, weighed by its past errors like our own."""

import json
import sys
from datetime import date

import numpy as np
import pytest

from dagster_project.errors import UsageError
from dagster_project.forecast.forecasters import DailyHistory, Drawing, Forecaster, totals_at_past_origins
from dagster_project.forecast.replay import FIRST_ORIGIN
from dagster_project.forecast.statsforecast_models import MODELS, StatsforecastModel


class SameWeekday:
    """A user's own model: each day to come is one of the last eight of its weekday."""

    name = "same_weekday"

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        weeks = np.resize(history.values[-56:], (8, 7))
        days = np.arange(horizon) % 7
        return weeks[random.integers(0, 8, (draws, horizon)), days]


class Stubborn:
    """Always wrong by far, and a sum instead of paths."""

    name = "stubborn"

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> np.ndarray:
        return np.full(draws, 1e6)


class Misshapen:
    name = "misshapen"

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> np.ndarray:
        return np.zeros((horizon + 1, draws))


def weights(tables):
    return json.loads(tables.kgi_forecast["weights"].iloc[0])


def test_a_users_model_takes_part_with_the_weight_of_its_past_errors(night):
    model: Forecaster = SameWeekday()
    found = weights(night(forecasters=[model, Stubborn()]))
    assert found["same_weekday"] > 0.02
    assert found.get("stubborn", 0.0) < 1e-6
    assert sum(found.values()) == pytest.approx(1, abs=1e-4)


def test_a_model_that_is_always_wrong_changes_nothing_much(night):
    with_it, without = night(forecasters=[Stubborn()]).kgi_forecast, night().kgi_forecast
    assert with_it["p50"].iloc[0] == pytest.approx(without["p50"].iloc[0], rel=0.01)
    assert with_it["inputs_hash"].iloc[0] != without["inputs_hash"].iloc[0]


def test_a_model_is_shown_the_days_before_an_origin_and_no_other():
    asked = []

    class Recorder(SameWeekday):
        def draw(self, history, horizon, draws, seed):
            asked.append(len(history.values))
            assert history.start == date(2024, 1, 3)
            assert np.isfinite(history.values[0])
            return super().draw(history, horizon, draws, seed)

    values = np.concatenate([[np.nan, np.nan], np.random.default_rng(0).normal(50, 5, 400)])
    member = Drawing(Recorder(), date(2024, 1, 3), values[2:], print)
    found = totals_at_past_origins([member], 400)(30)
    assert found.shape == (400 - FIRST_ORIGIN + 1, 1)
    assert max(asked) == 400
    assert sorted(asked)[-2] == 370
    assert np.isfinite(found[:, 0]).sum() == len(asked)


class Broken:
    name = "broken"

    def draw(self, history: DailyHistory, horizon: int, draws: int, seed: int) -> np.ndarray:
        raise RuntimeError("no such weights")


def test_a_model_that_fails_is_named_and_left_out(night):
    tables = night(forecasters=[Misshapen(), Broken()])
    shape, raised = tables.warnings
    assert shape.startswith("forecaster 'misshapen': drew an array of shape")
    assert raised == "forecaster 'broken': no such weights"
    without = night().kgi_forecast
    assert tables.kgi_forecast["p50"].tolist() == without["p50"].tolist()
    assert {"misshapen", "broken"} & set(weights(tables)) == set()


def test_without_statsforecast_its_models_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    history = DailyHistory(date(2024, 1, 1), np.arange(100.0))
    with pytest.raises(UsageError, match=r"pip install 'shirube\[statsforecast\]'"):
        StatsforecastModel("AutoETS").draw(history, 10, 5, 0)


@pytest.mark.parametrize("name", MODELS)
def test_statsforecast_models_forecast_the_sum_of_the_days(name):
    pytest.importorskip(
        "statsforecast", reason="statsforecast is not installed: pip install 'shirube[statsforecast]'"
    )
    history = DailyHistory(date(2024, 1, 1), 100 + 10 * (np.arange(200.0) % 7))
    drawn = StatsforecastModel(name).draw(history, 14, 5, 0)
    assert drawn == pytest.approx(np.full(5, 14 * 130.0), rel=0.05)
