"""Where a definition is written, what it rests on, who reads it."""

from dagster_project.kpi.life.lineage import models_of, readers, rests_on
from dagster_project.kpi.life.written import written_at
from dagster_project.kpi.load import load_definitions
from tests.kpi.conftest import KPIS

MORE = """\
department: rates
kpis:
- name: rate          # no indent
  label: x
  type: ratio

  numerator: orders_won
  # of all that closed
  denominator: {entity: deals, time: closed_on, agg: count}
  unit: percent
  direction: up

# what comes next is another one
- {name: lost, label: x, type: derived, expr: 1 - rate, unit: percent, direction: down}
- {name: rate_12m, label: x, type: cumulative, input_metric: rate, window: 12 months,
   unit: percent, direction: up}
"""


def test_a_definition_is_shown_as_it_is_written_and_no_more(project):
    folder = project(kpis__rates=MORE)
    definitions = load_definitions(folder)
    assert (
        written_at(folder, definitions.kpi("rate").where) == MORE.split("kpis:\n")[1].split("\n\n# what")[0]
    )
    assert written_at(folder, definitions.kpi("lost").where) == MORE.splitlines()[13]
    assert written_at(folder, definitions.kpi("rate_12m").where) == "\n".join(MORE.splitlines()[14:])
    orders_won = KPIS[KPIS.index("  - name: orders_won") :].replace("\n  ", "\n").strip()
    assert written_at(folder, definitions.kpi("orders_won").where) == orders_won


def test_readers_are_the_kpis_that_name_it(project):
    definitions = load_definitions(project(kpis__rates=MORE))
    read_by = {kpi.name: [other.name for other in readers(definitions, kpi)] for kpi in definitions.kpis}
    assert read_by == {
        "rate": ["lost", "rate_12m"],
        "lost": [],
        "rate_12m": [],
        "revenue": [],
        "orders_won": ["rate"],
    }


def test_lineage_leads_from_the_measured_entity_to_every_source(project):
    entities = """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    lookups: {reps: {match: {owner: owner}, take: [team]}}
    times: {created_on: {}, closed_on: {}}
  - entity: accounts
    from: {entity: deals, filter: account is not null}
    key: account
    group_by: account
    columns: {first_on: min(closed_on)}
    times: {first_on: {}}
  - {entity: others, from: reps, key: owner}
"""
    kpis = """\
department: sales
kpis:
  - {name: customers, label: x, type: simple, entity: accounts, time: first_on, agg: count, unit: count,
     direction: up}
"""
    definitions = load_definitions(project(entities=entities, kpis__sales=kpis))
    found = rests_on(definitions, definitions.kpi("customers"))
    assert [(rests.entity.name, rests.reads, rests.sources) for rests in found] == [
        ("accounts", ("deals",), ()),
        ("deals", (), ("crm", "reps")),
    ]
    assert set(models_of(definitions, definitions.kpi("customers"))) == {
        "staging/stg_crm.sql",
        "staging/stg_reps.sql",
        "marts/deals.sql",
        "marts/accounts.sql",
        "kpi/measures_accounts__first_on.sql",
    }
