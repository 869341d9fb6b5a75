"""Two months of the sample: a summer with a sale, Obon, and the first doubts about the year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dagster_project.sample import activities, sfa, shop
from dagster_project.sample.days import END, START
from dagster_project.sample.write import write_sample

FIRST = date(2026, 7, 1)
LAST = date(2026, 8, 31)


@pytest.fixture(scope="session")
def summer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exports and the definitions of July and August 2026. Not to be changed."""
    folder = tmp_path_factory.mktemp("sample") / "summer"
    write_sample(folder, FIRST, LAST, definitions=True)
    return folder


@pytest.fixture(scope="session")
def whole_salesforce() -> sfa.SalesForce:
    """The sales force over the whole span."""
    return sfa.simulate(START, END)


@pytest.fixture(scope="session")
def whole_activities(whole_salesforce: sfa.SalesForce) -> list[activities.Activity]:
    return activities.simulate(whole_salesforce, START)


@pytest.fixture(scope="session")
def whole_shop() -> list[shop.Order]:
    return shop.simulate(START, END)
