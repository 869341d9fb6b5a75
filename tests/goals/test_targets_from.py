"""Targets read from a budget sheet: a row a node, a column a month."""

from datetime import date, datetime
from fractions import Fraction

import openpyxl
import pytest

from dagster_project.calendar.business import BusinessCalendar
from dagster_project.errors import DefinitionError
from dagster_project.goals.load import load_goals
from dagster_project.goals.targets.paths import Shapes
from dagster_project.goals.targets.versions import Planner
from dagster_project.kpi.model import CalendarRules

GOAL = """\
goal: first_quarter
period: {fiscal_year: 2026, quarter: 1}
kgi: {kpi: revenue}
targets_from: {file: budgets/fy2026.csv, encoding: cp932, skip_rows: 2, unit: 1_000}
nodes:
  new_orders: {kpi: orders_won, label: {ja: 新規受注件数}}
  deal_to_order_rate: {}
phasing: business_days
"""
SHEET = """\
2026年度 月次予算表,,,,
,,,,単位:千円
科目,4月,5月,6月,合計
revenue 日本語,"3,000",２０００,"5,000","10,000"
新規受注件数,30,20,▲0,50
deal_to_order_rate,20%,25%,30%,26%
合計,,,,
"""


@pytest.fixture
def load(tmp_path, definitions):
    def write(sheet=SHEET, goal=GOAL, name="fy2026.csv", encoding="cp932"):
        folder = tmp_path / "kpi_definitions"
        (folder / "goals").mkdir(parents=True, exist_ok=True)
        (folder / "budgets").mkdir(exist_ok=True)
        (folder / "goals" / "g.yml").write_text(goal, encoding="utf-8")
        path = folder / "budgets" / name
        if isinstance(sheet, str):
            path.write_bytes(sheet.encode(encoding))
        elif sheet is not None:
            sheet.save(path)
        return load_goals(tmp_path, definitions)[0]

    return write


def path_of(goal, node):
    planner = Planner(Shapes(BusinessCalendar(CalendarRules()), {}), {}, date.max)
    return planner.versions(goal)[0].paths["plan", node]


def test_a_budget_in_cp932_gives_targets_and_their_months(load):
    goal = load()
    assert goal.target("revenue") == 10_000_000
    assert goal.target("new_orders") == 50
    assert goal.target("deal_to_order_rate") == Fraction(26, 100)
    revenue = path_of(goal, "revenue")
    assert [revenue.due(date(2026, month, day)) for month, day in ((4, 30), (5, 31), (6, 30))] == [
        3_000_000,
        5_000_000,
        10_000_000,
    ]
    # May 2026 has 18 business days; the goal's phasing says which days of a month count.
    assert revenue.daily[30] == Fraction(2_000_000, 18)
    assert revenue.daily[31] == 0  # Saturday 2 May
    assert path_of(goal, "new_orders").due(date(2026, 5, 31)) == 50


def test_a_workbook_with_dates_as_headings_gives_the_same(load):
    book = openpyxl.Workbook()
    book.active.title = "表紙"
    sheet = book.create_sheet("予算")
    sheet.append(["科目", datetime(2026, 4, 1), datetime(2026, 5, 1), datetime(2026, 6, 1)])
    sheet.append(["revenue", 3_000, 2_000, 5_000])
    sheet.append(["new_orders", 30, 20, 0])
    sheet.append(["deal_to_order_rate", 0.26, 0.26, 0.26])
    goal = GOAL.replace("encoding: cp932, skip_rows: 2", "sheet: 予算").replace("fy2026.csv", "fy2026.xlsx")
    found = load(book, goal, "fy2026.xlsx")
    assert found.target("revenue") == 10_000_000
    assert found.target("deal_to_order_rate") == Fraction(26, 100)
    assert path_of(found, "revenue").due(date(2026, 5, 31)) == 5_000_000


def test_figures_of_the_period_alone_are_phased_as_the_goal_is(load):
    sheet = "node,note,target\nrevenue,x,10000\nnew_orders,,50\n"
    goal = GOAL.replace("encoding: cp932, skip_rows: 2, ", "").replace("  deal_to_order_rate: {}\n", "")
    found = load(sheet, goal, encoding="utf-8")
    assert found.target("revenue") == 10_000_000
    assert found.node("revenue").phasing is None


def test_rows_may_be_mapped_to_nodes_and_the_others_are_left_out(load):
    sheet = SHEET.replace("revenue 日本語", "売上高（税抜）").replace("新規受注件数", "受注")
    goal = GOAL.replace("unit: 1_000", 'unit: 1_000, name: 科目, rows: {"売上高（税抜）": revenue}')
    found = load(sheet, goal)
    assert found.target("revenue") == 10_000_000
    assert found.target("new_orders") is None


def test_a_scenario_and_a_tree_build_on_imported_figures(load):
    goal = GOAL + "tree: [revenue = new_orders * average_order_value]\nscenarios: {stretch: 2}\n"
    found = load(goal=goal)
    assert found.target("average_order_value") == 200_000
    assert found.target("revenue", "stretch") == 20_000_000


def test_another_budget_is_another_version_of_the_goal(load):
    before = load().goal_hash
    moved = SHEET.replace('"3,000",２０００', '"2,000","3,000"')
    assert load(moved).goal_hash != before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("２０００", "２０００円弱"),
            "kpi_definitions/budgets/fy2026.csv:4:3: row 'revenue 日本語': '2000円弱'",
        ),
        (("２０００", ""), "fy2026.csv:4:3: row 'revenue 日本語': an empty cell (write 0"),
        (
            ("10,000", "10,001"),
            "fy2026.csv:4:1: goal 'first_quarter': the months come to 10,000,000, but",
        ),
        (("▲0", "▲5"), "fy2026.csv:5:1: goal 'first_quarter': the months come to 45, but the total is 50"),
        (
            ("新規受注件数", "新規受注数"),
            "fy2026.csv:5:1: goal 'first_quarter': '新規受注数' is no node of",
        ),
        (("新規受注件数", "revenue"), "a second row for 'revenue'; the first is on line 4"),
        (("20%,25%,30%,26%", "20,25,30,26"), "is a percentage: 26 would be 2600 % (write 26%)"),
        (("5月", "5 月分"), None),
        (("5月", "五月"), "line 3: no column for 2026-05 (head the months as 4月"),
        (("5月", "2026/4"), "line 3: two columns for 2026-04"),
        (
            ("科目,4月,5月,6月,合計", "科目,a,b,c,d"),
            "no column of a month of the period and none of",
        ),
    ],
)
def test_what_is_wrong_in_a_sheet_is_told_with_its_line(load, change, said):
    sheet = SHEET.replace(*change)
    assert sheet != SHEET
    if said is None:
        assert load(sheet).target("revenue") == 10_000_000
        return
    with pytest.raises(DefinitionError) as error:
        load(sheet)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("fy2026.csv", "fy2027.csv"), "budgets/fy2027.csv: there is no such file"),
        (("budgets/fy2026.csv", "../x.csv"), "'../x.csv' is no file below kpi_definitions/"),
        (("cp932", "utf-8"), "correct `encoding` if so"),
        (("unit: 1_000", "name: 科目名"), "no header '科目名' (did you mean '科目'?)"),
        (("unit: 1_000", "total: 年度"), "no header '年度'"),
        (("unit: 1_000", "rows: {売上: revenue}"), "budgets/fy2026.csv has no row '売上'"),
        (
            ("unit: 1_000", "rows: {売上: revenu}"),
            "'revenu' is no node of the goal (did you mean 'revenue'",
        ),
        (("{kpi: revenue}", "{kpi: revenue, target: 5}"), "'revenue' has a figure in the goal, too (line 3)"),
    ],
)
def test_what_is_wrong_about_a_sheet_is_told_where_it_is_named(load, change, said):
    with pytest.raises(DefinitionError) as error:
        load(goal=GOAL.replace(*change))
    assert said in str(error.value)


def test_months_that_differ_of_a_rate_need_a_figure_for_the_period(load):
    with pytest.raises(DefinitionError) as error:
        load(SHEET.replace(",合計\n", ",備考\n"))
    assert "'deal_to_order_rate' does not add up over months, and they differ (0.2, 0.25, 0.3)" in str(
        error.value
    )
