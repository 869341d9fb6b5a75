"""The plan as a sheet: the same figures in text, Markdown, HTML and Excel, in Japanese and English."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dagster_project.report.plan_words import exact
from dagster_project.report.sheet import Section, Sheet, Table, as_html, as_markdown, as_workbook
from tests.conftest import REPOSITORY, kpi

WORKED = REPOSITORY / "tests" / "projects" / "worked_example"
EVIL = "=HYPERLINK(\"http://example.invalid\") | <script>alert('x')</script> *b*"


class Cells(HTMLParser):
    """The text of every cell of a page, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = tag in ("td", "th")
        if self._open:
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("td", "th")


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, found = tmp_path_factory.mktemp("sheets"), {}
    for form in ("md", "html", "xlsx"):
        found[form] = folder / f"plan.{form}"
        options = ("--format", form, "--output", found[form], "--project", WORKED)
        done = kpi("plan", "revenue_100m", *options)
        assert done.returncode == 0, done.stderr
    return found


def test_every_form_holds_the_same_cells(sheets):
    html = [cell.strip() for cell in Cells(sheets["html"].read_text(encoding="utf-8")).cells if cell.strip()]
    rows = load_workbook(sheets["xlsx"]).active.iter_rows(values_only=True)
    excel = {str(cell).strip() for row in rows for cell in row if cell is not None}
    lines = sheets["md"].read_text(encoding="utf-8").replace("\\", "").splitlines()
    table = [cell.strip() for line in lines if line.startswith("| ") for cell in line[2:-2].split(" | ")]
    assert [cell for cell in table if cell and not cell.startswith("--")] == html
    assert set(html) <= excel
    for wanted in ("100,000,000円", "1,000件", "10,000件", "120件 / 営業日", "34.15%", "起案", "承認"):
        assert wanted in html


def test_the_page_loads_nothing_and_runs_nothing(sheets):
    page = sheets["html"].read_text(encoding="utf-8")
    assert Cells(page).tags.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert "http" not in page
    assert '<html lang="ja">' in page


def test_months_sum_to_the_total_in_the_sheet(sheets):
    rows = list(load_workbook(sheets["xlsx"]).active.iter_rows(values_only=True))
    start = next(index for index, row in enumerate(rows) if row[0] == "期間ごとの目標")
    assert rows[start + 1][1:14] == tuple(f"2026-{m:02}" for m in range(4, 13)) + (
        "2027-01", "2027-02", "2027-03", "計",
    )  # fmt: skip
    for row in rows[start + 2 : start + 10]:
        figures = [int(str(cell).strip("円件").replace(",", "")) for cell in row[1:14]]
        assert sum(figures[:12]) == figures[12]


def test_english_is_chosen_by_option():
    done = kpi("plan", "revenue_100m", "--language", "en", "--project", WORKED)
    assert "Plan: FY2026 revenue of 100 million yen" in done.stdout
    assert "¥100,000,000" in done.stdout
    assert "no equation ties them to the KGI" in done.stdout


def test_a_workbook_wants_a_file_and_json_no_other_form():
    assert "add --output" in kpi("plan", "revenue_100m", "--format", "xlsx", "--project", WORKED).stderr
    both = kpi("plan", "revenue_100m", "--json", "--format", "md", "--project", WORKED)
    assert both.returncode == 2


def test_labels_are_shown_as_text_and_never_run():
    sheet = Sheet(EVIL, "en", ((EVIL, EVIL),), (Section(EVIL, (EVIL,), Table((EVIL,), ((EVIL,),))),))
    page = as_html(sheet)
    assert "<script>" not in page
    assert Cells(page).cells == [EVIL, EVIL]
    cells = [cell for row in load_workbook(io.BytesIO(as_workbook(sheet))).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    table = [line for line in as_markdown(sheet).splitlines() if line.startswith("| ")]
    assert all(line.replace("\\|", "").count("|") == 2 for line in table)
    assert "<script" not in as_markdown(sheet)


@pytest.mark.parametrize(
    ("value", "unit", "ja", "en"),
    [
        (60.0000000001, "count", "60件", "60"),
        (133.33, "count", "134件", "134"),
        (-2.5, "count", "-2件", "-2"),
        (0.125, "percent", "12.5%", "12.5%"),
        (166_666.67, "JPY", "166,667円", "¥166,667"),
        (-10_000_000, "JPY", "-10,000,000円", "-¥10,000,000"),
        (19.999, "USD", "20ドル", "$20"),
        (1.5, "hours", "1.5時間", "1.5 h"),
        (None, "JPY", "–", "–"),
    ],
)
def test_a_figure_is_shown_in_full_in_its_unit(value, unit, ja, en):
    value = None if value is None else float(value)
    assert (exact(value, unit, "ja"), exact(value, unit, "en")) == (ja, en)
