"""KPIs in words, and the page that lists them."""

import pytest

from dagster_project.kpi.catalogue.page import catalogue_pages
from dagster_project.kpi.catalogue.words import Words
from dagster_project.kpi.load import load_definitions
from tests.conftest import REPOSITORY

DEFINITIONS = load_definitions(REPOSITORY)


@pytest.mark.parametrize(
    ("kpi", "ja", "en"),
    [
        ("orders_won", "商談の件数 (`stage = 'won'`)", "number of Deals (`stage = 'won'`)"),
        ("win_rate", "受注件数 ÷ 商談の件数 (`stage in ('won', 'lost')`)", None),
        ("average_order_value", None, "mean of `net_amount` over Deals (`stage = 'won'`)"),
        ("profit_margin", "(売上高 - 総費用) / 売上高", "(Revenue - Total cost) / Revenue"),
        ("revenue_growth_yoy", "売上高 / before - 1 (before = 売上高 1年前)", None),
        ("revenue_fytd", "売上高, 年度初からの累計", "Revenue, fiscal year to date"),
        ("leads_28d", "リード数, 直近28日間", "Leads, last 28 days"),
        ("lead_to_deal_rate", None, "share of Leads that came to Deals.created_on within 90 days"),
        (
            "median_sales_cycle_days",
            "商談の`days_between(created_on, closed_on)`の中央値 (`stage = 'won'`)",
            None,
        ),
        ("active_customers", "契約顧客の件数 (started_onからcancelled_onの前日まで、期末時点)", None),
        ("head_count", None, "number of Employees (from hired_on through left_on, on the last day)"),
        ("unique_users", None, "number of different `user_id` in Events"),
        ("accident_severity_rate", None, "1,000 × (sum of `lost_days` over Incidents) ÷ (Worked hours)"),
        ("sales_target", "売上目標の`amount`の合計 (営業日割り)", None),
        ("reach", None, "the one `reach` that Reach reports give for the period (`report_grain = grain`)"),
    ],
)
def test_a_kpi_is_told_in_both_languages(kpi, ja, en):
    found = DEFINITIONS.kpi(kpi)
    for language, wanted in (("ja", ja), ("en", en)):
        told = Words(DEFINITIONS, language).kpi(found)
        assert wanted is None or told == wanted
        assert "{{" not in told


def test_both_pages_tell_of_every_kpi_once():
    pages = catalogue_pages(DEFINITIONS)
    assert set(pages) == {"kpi_catalogue.md", "kpi_catalogue.ja.md"}
    for page in pages.values():
        rows = [line for line in page.splitlines() if "<br>`" in line]
        assert [line.split("<br>`")[1].split("`")[0] for line in rows] == [k.name for k in DEFINITIONS.kpis]
        assert {line.replace("\\|", "").count("|") for line in rows} == {10}


def test_the_committed_pages_are_current():
    """`kpi compile --check` passes over a page that is not there; here they must be."""
    for name, text in catalogue_pages(DEFINITIONS).items():
        assert (REPOSITORY / "docs" / name).read_text(encoding="utf-8") == text


def test_the_page_tells_the_life_of_a_kpi_and_keeps_its_columns(project):
    kpis = """\
department: sales
kpis:
  - name: won
    label: {ja: 受注, en: Won | closed}
    formerly: [wins, orders]
    valid_from: 2025-04-01
    retired_on: 2026-04-01
    type: simple
    entity: deals
    time: closed_on
    agg: count
    filter: owner || stage = 'x|won'
    unit: count
    direction: {within: [2, 5_000]}
"""
    page = catalogue_pages(load_definitions(project(kpis__sales=kpis)))["kpi_catalogue.md"]
    [row] = [line for line in page.splitlines() if "<br>`won`" in line]
    assert "(formerly `wins`, `orders`; from 2025-04-01 on; retired on 2026-04-01)" in row
    assert "| within 2 – 5,000 |" in row
    assert row.replace("\\|", "").count("|") == 10


def test_compile_check_finds_a_stale_page(project, tmp_path):
    from click.testing import CliRunner

    from dagster_project.cli.main import cli
    from dagster_project.errors import GeneratedFilesStale

    folder = project()

    def compiled(*arguments):
        line = ["--project", str(folder), "compile", *arguments]
        return CliRunner().invoke(cli, line, standalone_mode=False)

    assert compiled().exception is None
    assert compiled("--check").exception is None
    page = folder / "docs" / "kpi_catalogue.ja.md"
    page.write_text(page.read_text(encoding="utf-8").replace("売上高", "売上"), encoding="utf-8")
    found = compiled("--check").exception
    assert isinstance(found, GeneratedFilesStale)
    assert "stale: docs/kpi_catalogue.ja.md" in str(found)
