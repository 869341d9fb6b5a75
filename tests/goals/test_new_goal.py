"""`kpi new goal`: every template becomes a goal that checks, filled from what is published."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.errors import DefinitionError, ShirubeError, UsageError
from dagster_project.goals.load import load_goals
from dagster_project.goals.templates.template import templates
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.model import Definitions
from tests.conftest import REPOSITORY

# Of FY2025: (kpi, dimension, segment) → value. What a template needs and is not here is not published.
PUBLISHED: dict[tuple[str, str, str], float] = {
    ("revenue", "total", "total"): 300_000_000.0,
    ("revenue", "channel", "b2b"): 250_000_000.0,
    ("average_order_value", "total", "total"): 1_234_567.0,
    ("deal_to_order_rate", "total", "total"): 0.2,
    ("deals_per_lead", "total", "total"): 0.2573,
    ("purchase_rate", "total", "total"): 0.05168,
    ("average_purchase_value", "total", "total"): 51_680.8,
    ("hires", "total", "total"): 9.0,
    ("offer_acceptance_rate", "total", "total"): 5 / 7,
    ("stage_pass_rate", "selection_stage", "screening"): 0.42,
    ("stage_pass_rate", "selection_stage", "first_interview"): 0.425,
    ("stage_pass_rate", "selection_stage", "final_interview"): 0.656,
    ("oee", "total", "total"): 0.83,
    ("oee_performance", "total", "total"): 0.9,
    ("oee_quality", "total", "total"): 0.99,
    ("ltv", "total", "total"): 7_400_000.0,
    ("gross_profit_per_customer_12m", "total", "total"): 643_000.0,
    ("conversions", "total", "total"): 571.0,
    ("ad_cvr", "total", "total"): 0.113,
    ("ctr", "total", "total"): 0.0236,
    ("market_share", "total", "total"): 0.16,
    ("market_size", "total", "total"): 1_950_000_000.0,
}


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return load_definitions(REPOSITORY)


def publish(root: Path, values: dict[tuple[str, str, str], float], year: int = 2025) -> None:
    """A publication as of 31 October 2026 with these values of a fiscal year, and of the running one."""
    folder = root / "outputs" / "current"
    folder.mkdir(parents=True, exist_ok=True)
    last, running = (date(year, 4, 1), date(year + 1, 3, 31)), (date(2026, 4, 1), date(2027, 3, 31))
    pq.write_table(
        pa.Table.from_pylist(
            [
                {
                    "grain": "fiscal_year", "kpi": kpi, "dimension": dimension, "segment": segment,
                    "period_start": start, "period_end": end, "is_complete": (start, end) == last,
                    "value": value if (start, end) == last else value / 100,
                }
                for (kpi, dimension, segment), value in values.items()
                for start, end in (last, running)
            ]
        ),
        folder / "kpi_period.parquet",
    )  # fmt: skip
    pq.write_table(pa.table({"as_of": [date(2026, 10, 31)]}), folder / "publication.parquet")


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """The sample company's definitions without its goals, and last year's values published."""
    shutil.copytree(REPOSITORY / "kpi_definitions", tmp_path / "kpi_definitions")
    shutil.rmtree(tmp_path / "kpi_definitions" / "goals")
    publish(tmp_path, PUBLISHED)
    return tmp_path


@pytest.fixture
def new(company: Path) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        command = ["--project", str(company), "new", "goal", *arguments]
        done = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


@pytest.mark.parametrize("name", list(templates()))
def test_a_template_becomes_a_goal_that_passes_the_check(
    name: str, company: Path, new: Callable[..., str], definitions: Definitions
) -> None:
    new(name)
    (goal,) = load_goals(company, definitions)
    assert goal.name == f"{name}_fy2026"
    assert (goal.period.start, goal.period.end) == (date(2026, 4, 1), date(2027, 3, 31))
    assert all(goal.target(node.name) is not None for node in goal.nodes if node.is_tied)
    assert {node.origin for node in goal.nodes} >= {"given", "assumed", "derived"}


def test_the_seven_trees_are_offered_with_what_they_are_for(new: Callable[..., str]) -> None:
    offered = dict(line.split("  ", 1) for line in new().splitlines())
    assert list(offered) == [
        "ad_funnel", "b2b_sales", "customer_success", "ecommerce", "manufacturing_oee", "market_share",
        "recruiting",
    ]  # fmt: skip
    assert all(about.strip().endswith(".") for about in offered.values())


def test_last_years_values_are_the_assumptions_and_the_target_is_its_value_with_growth(
    new: Callable[..., str],
) -> None:
    text = new("b2b_sales", "--where", "channel=b2b", "--growth", "20%", "--print")
    assert "kgi: {kpi: revenue, where: {channel: b2b}, target: 300_000_000}" in text
    assert "  average_order_value: {assume: 1_230_000}  # was 1,234,567" in text
    assert "  deal_to_order_rate: {assume: 20%}\n" in text
    assert "figures of 2025-04-01 to 2026-03-31" in text


def test_a_count_is_aimed_at_in_whole_pieces(new: Callable[..., str]) -> None:
    assert "kgi: {kpi: hires, target: 11}  # was 9" in new("recruiting", "--print")


def test_what_is_set_stands_as_it_was_written(new: Callable[..., str]) -> None:
    text = new("b2b_sales", "--set", "revenue=360_000_000", "--set", "deals_per_lead=25%", "--print")
    assert "target: 360_000_000}\n" in text
    assert "deals_per_lead: {assume: 25%}\n" in text


def test_the_companys_own_kpi_takes_a_nodes_place(new: Callable[..., str]) -> None:
    text = new("ad_funnel", "--use", "ad_cvr=user_cvr", "--use", "conversions=orders", "--set", "ad_cvr=3%",
               "--set", "conversions=900", "--print")  # fmt: skip
    assert "  - orders = clicks * ad_cvr" in text
    assert "  ad_cvr: {kpi: user_cvr, assume: 3%}" in text


def test_kpis_that_the_company_lacks_are_all_named_with_what_to_do(
    company: Path, new: Callable[..., str]
) -> None:
    path = company / "kpi_definitions" / "kpis" / "advertising.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"- name: (ctr|ad_cvr)\b", r"- name: my_\1", text), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        new("ad_funnel")
    said = str(refused.value)
    assert "ad_cvr: no KPI 'ad_cvr'" in said
    assert "ctr: no KPI 'ctr'" in said
    assert "--use" in said


def test_a_figure_that_is_not_published_is_asked_for(company: Path, new: Callable[..., str]) -> None:
    publish(company, {key: value for key, value in PUBLISHED.items() if key[0] != "deals_per_lead"})
    with pytest.raises(UsageError, match="--set deals_per_lead=FIGURE"):
        new("b2b_sales")
    shutil.rmtree(company / "outputs")
    with pytest.raises(UsageError, match="--fiscal-year"):
        new("b2b_sales")
    given = ("--set", "conversions=600", "--set", "ctr=2%", "--set", "ad_cvr=10%")
    assert "target: 600}" in new("ad_funnel", "--fiscal-year", "2027", *given, "--print")


def test_the_newest_year_that_is_over_serves_where_the_one_before_is_not_published(
    company: Path, new: Callable[..., str]
) -> None:
    publish(company, PUBLISHED, 2023)
    assert "figures of 2023-04-01 to 2024-03-31" in new("b2b_sales", "--print")


def test_nothing_is_written_over(company: Path, new: Callable[..., str]) -> None:
    new("ad_funnel")
    with pytest.raises(UsageError, match="is there already"):
        new("ad_funnel")
    new("ad_funnel", "--name", "another")
    assert {path.name for path in (company / "kpi_definitions" / "goals").iterdir()} == {
        "ad_funnel_fy2026.yml",
        "another.yml",
    }


def test_figures_that_contradict_are_refused_and_nothing_is_written(
    company: Path, new: Callable[..., str]
) -> None:
    with pytest.raises(DefinitionError):
        new("ad_funnel", "--set", "ad_cvr=0%")
    assert not list((company / "kpi_definitions").glob("goals/*.yml"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("b2b",), "no template 'b2b'"),
        (("b2b_sales", "--set", "leads=3"), "follows from the others"),
        (("b2b_sales", "--set", "leeds=3"), "did you mean 'leads'"),
        (("b2b_sales", "--set", "revenue=many"), "is not a figure"),
        (("b2b_sales", "--where", "b2b"), "DIMENSION=SEGMENT"),
        (("b2b_sales", "--where", "planet=mars"), "no"),
        (("b2b_sales", "--growth", "10"), "10%"),
        (("b2b_sales", "--quarter", "1", "--half", "1"), "half"),
        (("b2b_sales", "--use", "leads=inquiries@planet=mars"), "no dimension 'planet'"),
        (("b2b_sales", "--name", "Sales 2026"), "--name"),
    ],
)
def test_a_slip_is_answered_with_what_to_do(
    arguments: tuple[str, ...], message: str, new: Callable[..., str]
) -> None:
    with pytest.raises(ShirubeError, match=re.escape(message)) as refused:
        new(*arguments)
    assert refused.value.exit_code == 2
