"""schema.json explains every key to whoever writes definitions in an editor."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "kpi_definitions"
SCHEMA = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


def test_the_schema_is_one():
    VALIDATOR.check_schema(SCHEMA)


def properties(node, path=""):
    """(place, key, its schema) of every property in the schema, however deep."""
    if isinstance(node, list):
        for index, inner in enumerate(node):
            yield from properties(inner, f"{path}[{index}]")
    if isinstance(node, dict):
        found = node.get("properties") if node.get("type") == "object" else None
        for key, inner in (found or {}).items():
            yield path, key, inner
        for key, inner in node.items():
            yield from properties(inner, f"{path}/{key}")


def test_every_key_of_every_file_says_what_it_means():
    found = list(properties(SCHEMA))
    assert len(found) > 150
    assert [f"{path} {key}" for path, key, inner in found if not inner.get("description")] == []


def test_no_key_is_closed_to_completion():
    """An object that takes any key has no keys to complete: only maps by name may be such."""
    objects = [node for node in SCHEMA["$defs"].values() if node.get("type") == "object"]
    assert all(node.get("additionalProperties") is False for node in objects if node.get("properties"))


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.yml")), ids=lambda path: path.relative_to(FOLDER).as_posix()
)
def test_an_editor_finds_nothing_wrong_in_what_the_loader_accepts(path: Path):
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    VALIDATOR.validate(json.loads(json.dumps(data, default=str)))


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yml")), ids=lambda path: path.name)
def test_every_file_names_its_schema_so_that_editors_find_it(path: Path):
    depth = len(path.relative_to(FOLDER).parts) - 1
    wanted = f"# yaml-language-server: $schema={'../' * depth}schema.json"
    assert path.read_text(encoding="utf-8").splitlines()[0] == wanted
