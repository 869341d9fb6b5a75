"""A change of the contract is a version of its own, and says what becomes of the rows that are kept.

contract_versions.json holds the columns of every version; `RENEW_CONTRACT=1 python -m pytest` on this file
adds the present one. A version that is there is never written again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.migrations import KEPT, MIGRATIONS, VERSION, Migration, added, migrated, renamed
from dagster_project.publish import contract
from dagster_project.publish.contract import ARROW_TYPES, Column, Contract

RECORD = Path(__file__).with_name("contract_versions.json")
RENEW = (
    "raise `version` in contract.json and VERSION in migrations.py, then run this file with RENEW_CONTRACT=1"
)
Columns = Mapping[str, str]


def as_recorded(given: Contract) -> dict[str, Any]:
    """The fingerprint of all keys and columns, and the columns of the kept tables by name."""
    told = [
        [table.name, list(table.key), [[c.name, c.type, c.nullable] for c in table.columns]]
        for table in given.tables
    ]
    digest = hashlib.sha256(json.dumps(sorted(told), sort_keys=True).encode()).hexdigest()
    kept = {name: {column.name: column.type for column in given.table(name).columns} for name in KEPT}
    return {"fingerprint": digest, "kept": kept}


def findings(
    given: Contract, record: Mapping[str, Any], migrations: Sequence[Migration] = MIGRATIONS
) -> list[str]:
    """What is wrong with the contract beside the record of its versions."""
    if str(given.version) not in record:
        return [f"version {given.version} of the contract is not recorded: {RENEW}"]
    if record[str(given.version)] != as_recorded(given):
        return [f"the contract has changed since version {given.version} was recorded: {RENEW}"]
    found = []
    for version in range(2, given.version + 1):
        for table in KEPT:
            before, after = (record[str(at)]["kept"].get(table, {}) for at in (version - 1, version))
            if before and _migrated(before, table, version, migrations) != after:
                found.append(f"version {version} changes the kept table {table}, and no migration says how")
    return found


def _migrated(before: Columns, table: str, version: int, migrations: Sequence[Migration]) -> Columns:
    schema = pa.schema([pa.field(name, ARROW_TYPES[kind]) for name, kind in before.items()])
    rows = migrated(schema.empty_table(), table, version - 1, version, migrations)
    names = {kind: name for name, kind in ARROW_TYPES.items()}
    return {field.name: names[field.type] for field in rows.schema}


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    present = contract.load()
    if os.environ.get("RENEW_CONTRACT") and str(present.version) not in known:
        known[str(present.version)] = as_recorded(present)
        RECORD.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known


def test_the_contract_is_the_one_recorded_for_its_version(record: dict[str, Any]) -> None:
    assert contract.load().version == VERSION
    assert findings(contract.load(), record) == []


def changed(version: int, table: str, *columns: Column, without: str = "") -> Contract:
    """The contract with a table changed."""
    present = contract.load()
    tables = tuple(
        replace(each, columns=(*(c for c in each.columns if c.name != without), *columns))
        if each.name == table
        else each
        for each in present.tables
    )
    return Contract(version, tables)


NEW = Column("mood", "VARCHAR", True, "How it feels.")


@pytest.mark.parametrize("table", ["kpi_daily", "alerts"])
def test_a_changed_contract_without_a_new_version_is_found(record: dict[str, Any], table: str) -> None:
    (found,) = findings(changed(VERSION, table, NEW), record)
    assert found.startswith(f"the contract has changed since version {VERSION} was recorded: raise `version`")
    (found,) = findings(changed(VERSION + 1, table, NEW), record)
    assert found.startswith(f"version {VERSION + 1} of the contract is not recorded")


def test_a_description_may_change_at_any_time(record: dict[str, Any]) -> None:
    present = contract.load()
    tables = tuple(replace(table, description="In other words.") for table in present.tables)
    assert findings(Contract(present.version, tables), record) == []


def test_a_kept_table_that_changes_without_a_migration_is_found(record: dict[str, Any]) -> None:
    later = changed(VERSION + 1, "alerts", NEW)
    grown = record | {str(later.version): as_recorded(later)}
    (found,) = findings(later, grown)
    assert found == f"version {later.version} changes the kept table alerts, and no migration says how"
    migration = Migration(later.version, "alerts", added("mood", pa.string(), "calm"))
    assert findings(later, grown, (*MIGRATIONS, migration)) == []
    wrong = Migration(later.version, "alerts", added("mood", pa.int64()))
    assert len(findings(later, grown, (*MIGRATIONS, wrong))) == 1

    other = changed(VERSION + 1, "alerts", NEW, without="first_cause")
    grown = record | {str(other.version): as_recorded(other)}
    assert len(findings(other, grown)) == 1
    renaming = Migration(other.version, "alerts", renamed("first_cause", "mood"))
    assert findings(other, grown, (*MIGRATIONS, renaming)) == []


def test_another_table_may_change_without_a_migration(record: dict[str, Any]) -> None:
    later = changed(VERSION + 1, "kpi_daily", NEW)
    assert findings(later, record | {str(later.version): as_recorded(later)}) == []


def test_every_table_that_is_kept_is_in_the_contract_and_read_by_its_columns() -> None:
    assert set(KEPT) <= set(contract.load().names)
