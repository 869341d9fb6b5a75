"""A table of dbt's is replaced whole or not at all, and the connection serves on after either."""

from __future__ import annotations

from dagster_project import warehouse
from dagster_project.defs import dbt_engine
from dagster_project.defs.prepared import prepare
from dagster_project.project import Project

CONTRACT = """\
version: 2
models:
  - name: counted
    config: {contract: {enforced: true}}
    columns:
      - {name: n, data_type: integer, constraints: [{type: not_null}], data_tests: [not_null]}
"""


def build(project: Project, **models: str) -> dict[str, str]:
    """Name → status."""
    (project.generated / "counted.yml").write_text(CONTRACT, encoding="utf-8")
    for name, sql in models.items():
        (project.generated / f"{name}.sql").write_text(sql, encoding="utf-8")
    dbt_engine.ensure_manifest(project)
    names = [*models, "not_null_counted_n"]
    found = dbt_engine.build(project, names)
    return {result.name: result.status for result in found if result.kind != "operation"}


def counted(project: Project) -> list[tuple[int]]:
    with warehouse.opened(project) as connection:
        found: list[tuple[int]] = connection.execute("select n from main.counted").fetchall()
    return found


def test_a_table_whose_new_rows_break_its_contract_stays_as_it_was(project: Project) -> None:
    prepare(project)
    assert build(project, counted="select 1 as n", beside="select 1 as n") == {
        "counted": "success",
        "beside": "success",
        "not_null_counted_n": "pass",
    }
    broken = "select 2 as n union all select cast(null as integer)"
    assert build(project, counted=broken, beside="select 2 as n") == {
        "counted": "error",
        "beside": "success",
        "not_null_counted_n": "skipped",
    }
    assert counted(project) == [(1,)]
    assert build(project, counted="select 3 as n")["counted"] == "success"
    assert counted(project) == [(3,)]


def test_a_table_takes_the_place_of_a_view_and_a_view_that_of_a_table(project: Project) -> None:
    prepare(project)
    for kind in ("view", "table", "view"):
        assert build(project, counted=f"{{{{ config(materialized='{kind}') }}}} select 1 as n") == {
            "counted": "success",
            "not_null_counted_n": "pass",
        }
        assert counted(project) == [(1,)]
