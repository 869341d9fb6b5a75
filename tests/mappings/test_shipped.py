"""Every shipped mapping is right by `kpi check`, and lands the real samples of its system as declared."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dagster_project.cli.source import source as group
from dagster_project.dbt_project import write_dbt_project
from dagster_project.kpi.model import SQL_TYPES, Source
from dagster_project.mappings import mapping_text, shipped_mappings
from dagster_project.project import find_project
from tests.landing.rooms import Room
from tests.mappings.samples import SAMPLES, definitions_of, project_of, put_samples

NAMES = tuple(shipped_mappings())
STAGED = {"deals": {"won", "lost", "open"}, "deal_stages": {"won", "lost", "open"}}
PERSONAL = re.compile(r"e-?mail|phone|mobile|first_name|last_name|contact_name", re.IGNORECASE)
STAFF = {("hubspot_owners", "first_name"), ("hubspot_owners", "last_name")}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(group, ["mapping", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def landed(
    real_data: Callable[[str], Path], tmp_path: Path
) -> Callable[[str], tuple[Room, tuple[Source, ...]]]:
    """A room in which the samples of one mapping have landed, and its sources."""

    def land(mapping: str) -> tuple[Room, tuple[Source, ...]]:
        root = project_of(tmp_path / mapping, mapping)
        room = Room(root / "data", root / ".kpi" / "landing")
        put_samples(mapping, real_data("vendor_schemas"), room.data)
        sources = definitions_of(root).sources
        report = room.land(*sources)
        assert [(entry.path, entry.reason) for entry in report.held] == []
        assert [(entry.source, entry.quarantined) for entry in report.landed] == [
            (source.name, 0) for source in sources
        ]
        return room, sources

    return land


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_alone_makes_definitions_without_a_finding(name, tmp_path):
    definitions = definitions_of(project_of(tmp_path / name, name))
    assert definitions.sources
    assert definitions.entities


@pytest.mark.parametrize("name", NAMES)
def test_the_entities_of_a_mapping_compile_to_models(name, tmp_path):
    root = project_of(tmp_path / name, name)
    project = find_project(root)
    write_dbt_project(project, definitions_of(root))
    marts = {path.stem for path in (project.generated / "marts").glob("*.sql")}
    assert marts == {entity.name for entity in definitions_of(root).entities}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_row_of_the_real_samples_lands_in_the_declared_types(name, landed, real_data):
    room, sources = landed(name)
    room.expose(sources, as_of=room_day())
    for source, sample in zip_samples(name, sources):
        described = room.query(f"describe landing.{source.name}")
        types = {column: kind.lower().replace(",", ", ") for column, kind, *_ in described}
        declared = {column.name: SQL_TYPES[column.type] for column in source.columns}
        assert {column: types[column] for column in declared} == declared
        rows = room.query(f"select count(*) from landing.{source.name}")[0][0]
        assert rows == rows_of(real_data("vendor_schemas") / sample), source.name


def room_day():
    from datetime import date

    return date(2026, 10, 31)


def zip_samples(name: str, sources: tuple[Source, ...]):
    """Each source with its sample, found by the glob that the source declares."""
    from dagster_project.landing.files import matches

    for source in sources:
        exports = [export for export in SAMPLES[name] if matches(export, source.files)]
        assert len(exports) == 1, f"{source.files} finds {exports}"
        yield source, SAMPLES[name][exports[0]]


def rows_of(path: Path) -> int:
    import pandas as pd

    return len(pd.read_csv(path, dtype=str))


def test_salesforce_times_are_utc_and_its_days_are_days(landed):
    room, sources = landed("salesforce")
    room.expose(sources, as_of=room_day())
    deals = "landing.salesforce_opportunities where deal_id = '006q000000HdPzpAAF'"
    created, closes = room.query(f"select created_at::varchar, closes_on::varchar from {deals}")[0]
    assert (created, closes) == ("2018-12-19 06:21:17", "2018-12-18")  # written as 2018-12-18 21:21:17 UTC


@pytest.mark.parametrize("name", NAMES)
def test_what_names_a_person_is_personal_and_reaches_no_entity(name, tmp_path):
    definitions = definitions_of(project_of(tmp_path / name, name))
    named = {
        (source.name, column.name): column.pii
        for source in definitions.sources
        for column in source.columns
        if PERSONAL.search(" ".join((column.name, *column.headers)))
        and column.type == "text"
        and (source.name, column.name) not in STAFF
    }
    assert all(named.values()), [place for place, pii in named.items() if not pii]
    reached = {(e.name, c.name) for e in definitions.entities for c in e.columns if c.pii}
    assert not reached


@pytest.mark.parametrize("name", NAMES)
def test_every_time_zone_is_declared_where_a_system_writes_utc(name, tmp_path):
    sources = definitions_of(project_of(tmp_path / name, name)).sources
    zones = {
        (source.name, column.name): column.timezone
        for source in sources
        for column in source.columns
        if column.type == "timestamp"
    }
    of_the_calendar = {
        ("salesforce_leads", "converted_at"),  # days in Salesforce
        ("salesforce_tasks", "due_at"),
        *(place for place in zones if place[0].startswith(("kintone", "crm"))),
    }
    assert {place for place, zone in zones.items() if zone != "UTC"} == of_the_calendar & zones.keys()


def test_one_dimension_has_one_label_in_all_mappings(tmp_path):
    labels: dict[str, set[tuple[str, str]]] = {}
    for name in NAMES:
        for entity in definitions_of(project_of(tmp_path / name, name)).entities:
            for dimension in entity.dimensions:
                labels.setdefault(dimension.name, set()).add((dimension.label.ja, dimension.label.en))
    assert {name: found for name, found in labels.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["salesforce", "hubspot", "kintone", "generic_crm"])
def test_a_crm_gives_deals_with_the_columns_that_sales_kpis_want(name, tmp_path):
    entities = {entity.name: entity for entity in definitions_of(project_of(tmp_path / name, name)).entities}
    deals = {column.name: column.type for column in entities["deals"].columns}
    wanted = {"created_on": "date", "closed_on": "date", "stage": "text", "amount": "money", "owner": "text"}
    assert wanted.items() <= deals.items()
    assert {time.name for time in entities["deals"].times} >= {"created_on", "closed_on"}
    assert {"leads", "activities"} <= entities.keys()
    for entity, stages in STAGED.items():
        if entity in entities:
            dimension = next(each for each in entities[entity].dimensions if each.name == "stage")
            assert {value for value, _ in dimension.values} == stages


# --- kpi source mapping -----------------------------------------------------------------------------------


def test_the_list_has_one_line_a_mapping():
    code, output = run()
    assert code == 0
    lines = output.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert {
        "salesforce",
        "hubspot",
        "google_ads",
        "microsoft_ads",
        "ga4_bigquery",
        "ga4_ui_ja",
        "kintone",
    } <= {*NAMES}
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_printed_mapping_is_the_yaml_and_says_first_how_to_use_it(name):
    code, output = run(name)
    assert (code, output) == (0, mapping_text(name))
    first = output.splitlines()[0]
    assert first.startswith(f"# How to use: kpi source mapping {name} --output kpi_definitions/sources/")
    assert set(yaml.safe_load(output)) == {"sources", "entities"}


def test_output_writes_a_file_once_and_never_over_another(tmp_path):
    target = tmp_path / "kpi_definitions" / "sources" / "sf.yml"
    assert run("salesforce", "--output", str(target))[0] == 0
    assert target.read_text("utf-8") == mapping_text("salesforce")
    target.write_text("mine", "utf-8")
    code, output = run("salesforce", "--output", str(target))
    assert (code, target.read_text("utf-8")) == (2, "mine")
    assert "is there already" in output


def test_an_unknown_mapping_is_refused_with_the_nearest_name():
    code, output = run("hubspt")
    assert code == 2
    assert "did you mean 'hubspot'" in output


def test_output_without_a_name_is_refused():
    code, output = run("--output", "x.yml")
    assert (code, "needs the name" in output) == (2, True)


def parsed(name: str) -> Any:
    return yaml.safe_load(mapping_text(name))


def test_no_source_or_helper_entity_name_is_used_by_two_mappings():
    # These say the same of the same kind of thing, whatever the system; a project keeps one of each.
    shared = {
        "deals", "leads", "activities", "accounts", "contacts", "tickets", "owners", "deal_stages",
        "ad_performance",
    }  # fmt: skip
    names = [item["source"] for name in NAMES for item in parsed(name)["sources"]]
    names += [
        item["entity"] for name in NAMES for item in parsed(name)["entities"] if item["entity"] not in shared
    ]
    assert len(names) == len(set(names))
