"""What dbt enforces for a published table is what the contract of publication says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.publish.contract import dbt_columns, load

MODELS = Path(__file__).parents[2] / "dbt" / "models"
MADE_BY_DBT = [table.name for table in load().tables if table.made_by == "dbt"]


def declared(name: str) -> dict[str, Any]:
    found = [
        model
        for path in MODELS.rglob(f"{name}.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
        if model["name"] == name
    ]
    assert len(found) == 1, f"{name}.yml beside {name}.sql must describe it, once"
    model: dict[str, Any] = found[0]
    return model


@pytest.mark.parametrize("name", MADE_BY_DBT)
def test_dbt_enforces_the_columns_of_the_contract_in_their_order(name: str) -> None:
    model = declared(name)
    assert model["config"]["contract"] == {"enforced": True}
    given = [(column["name"], column["data_type"].lower()) for column in model["columns"]]
    assert given == [(column["name"], column["data_type"]) for column in dbt_columns(name)]


@pytest.mark.parametrize("name", MADE_BY_DBT)
def test_dbt_describes_every_published_column(name: str) -> None:
    assert [column["name"] for column in declared(name)["columns"] if not column.get("description")] == []


@pytest.mark.parametrize("name", MADE_BY_DBT)
def test_dbt_checks_the_key_of_the_contract(name: str) -> None:
    model = declared(name)
    keys = [
        test["unique_key"]["arguments"]["columns"]
        for test in model.get("data_tests", [])
        if isinstance(test, dict) and "unique_key" in test
    ]
    keys += [
        [column["name"]]
        for column in model["columns"]
        if "unique" in column.get("data_tests", []) and "not_null" in column.get("data_tests", [])
    ]
    assert list(load().table(name).key) in keys
