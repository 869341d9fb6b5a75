"""Names and days of a definition: renamed, valid from, retired."""

from dataclasses import replace

from dagster_project.kpi.load import check_definitions, load_definitions
from dagster_project.kpi.metadata import rows
from tests.kpi.conftest import KPIS


def renamed(old_names: str) -> str:
    return KPIS.replace("  - name: orders_won\n", f"  - name: orders_won\n    formerly: {old_names}\n")


def messages(folder):
    return [str(issue) for issue in check_definitions(folder)[1]]


def test_a_renamed_kpi_keeps_its_hash_and_shows_its_old_names(project):
    before = load_definitions(project()).kpi("orders_won")
    definitions = load_definitions(project(kpis__sales=renamed("[won, wins]")))
    after = definitions.kpi("orders_won")
    assert after == replace(before, formerly=("won", "wins"))
    columns, found = rows(definitions)["kpis"]
    position = [name for name, _ in columns].index("formerly")
    assert [row[position] for row in found] == [None, "won, wins"]


def test_an_old_name_can_be_taken_by_no_other_kpi(project):
    assert messages(project(kpis__sales=renamed("revenue"))) == [
        "kpi_definitions/kpis/sales.yml:14:5: kpi 'orders_won': 'revenue' is the name of another KPI, "
        "kpi_definitions/kpis/sales.yml:3 (an old name can't be taken again: name that one anew)"
    ]
    twice = renamed("wins").replace("  - name: revenue\n", "  - name: revenue\n    formerly: [sales, wins]\n")
    assert messages(project(kpis__sales=twice)) == [
        "kpi_definitions/kpis/sales.yml:15:5: kpi 'orders_won': 'wins' is an old name of 'revenue' already "
        "(keep it where the figures went on)"
    ]
    assert messages(project(kpis__sales=renamed("orders_won"))) == [
        "kpi_definitions/kpis/sales.yml:14:5: kpi 'orders_won': 'orders_won' is its name today (remove it)"
    ]


def test_who_still_reads_an_old_name_is_told_the_new_one(project):
    rate = """\
department: rates
kpis:
  - {name: rate, label: x, type: ratio, numerator: wins, denominator: revenue, unit: rate, direction: up}
  - {name: double, label: x, type: derived, expr: 2 * wins, unit: count, direction: up}
"""
    found = messages(project(kpis__sales=renamed("wins"), kpis__rates=rate))
    assert len(found) == 2
    assert all("unknown KPI 'wins' (it was renamed: write 'orders_won')" in text for text in found)
