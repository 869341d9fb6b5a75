"""The forecasters that project.yml names, from statsforecast, from a file of the project, or from a package.

    AutoETS                             one of statsforecast's models
    forecasters/mine.py:SameWeekday     a class, or an object, in a file of the project
    their_package.models:Foundation     the same in an installed package

What can't be had is left out of the night and said: a model from outside never keeps it from its end.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from dagster_project.errors import UsageError
from dagster_project.forecast.forecasters import Forecaster, Tell
from dagster_project.forecast.statsforecast_models import MODELS, StatsforecastModel
from dagster_project.kpi.issues import suggest


def load_forecasters(root: Path, named: Sequence[str], tell: Tell) -> tuple[Forecaster, ...]:
    """root: the project's folder. tell: hears of each that is left out, and why."""
    found = []
    for name in named:
        try:
            found.append(_loaded(root, name))
        except Exception as error:
            # The code of others may raise anything when it is imported.
            why = str(error) or type(error).__name__
            tell(f"project.yml: forecaster '{name}' is left out: {why}")
    return tuple(found)


def _loaded(root: Path, name: str) -> Forecaster:
    for model in MODELS:
        if name == model:
            if importlib.util.find_spec("statsforecast") is None:
                raise UsageError("it needs statsforecast: pip install 'shirube[statsforecast]'")
            return StatsforecastModel(model)
    place, _, attribute = name.rpartition(":")
    module = _file(root, place) if place.endswith(".py") else importlib.import_module(place)
    if not hasattr(module, attribute):
        hint = suggest(attribute, [one for one in vars(module) if not one.startswith("_")])
        raise UsageError(f"{place} holds no '{attribute}'" + (f"; {hint}" if hint else ""))
    given = getattr(module, attribute)
    forecaster = given() if isinstance(given, type) else given
    if not isinstance(getattr(forecaster, "name", None), str) or not callable(
        getattr(forecaster, "draw", None)
    ):
        raise UsageError("it needs a name and draw(history, horizon, draws, seed); see docs/forecast.md")
    return forecaster


def _file(root: Path, place: str) -> ModuleType:
    path = (root / place).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f"{place} lies outside the project folder")
    if not path.is_file():
        raise UsageError(f"there is no file {place} in the project folder")
    spec = importlib.util.spec_from_file_location(f"forecaster_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
