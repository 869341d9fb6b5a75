from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagster_project.report.html import render, write_report
from tests.report.conftest import write
from tests.report.frames import tables, with_a_second_goal

PAYLOADS = [
    "<script>document.title='PWNED'</script>",
    "\"><img src=x onerror=document.title='PWNED'>",
    "' onmouseover='document.title=1",
    "</title></style></svg><script>1</script>",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<a href='https://example.invalid/'>x</a>",
    "]]><!--<iframe srcdoc='<script>1</script>'>",
    "<style>*{background:url(https://example.invalid)}</style>",
]


class Elements(HTMLParser):
    """What a browser would make of the text: its elements, their attributes, and the texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.values.extend(value or "" for name, value in attrs if name not in {"aria-label", "content"})

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="session")
def html(publication: Path) -> str:
    return render(publication)


def test_the_report_says_it_all_in_one_file(html: str) -> None:
    text = " ".join(Elements(html).texts)
    for shown in (
        "売上高は年度目標に対し93%の着地見込み（達成確率 12%）",
        "データ基準日 2026年10月31日",
        "2026年11月1日 12:15",
        "架空データ",
        "1.67億円",
        "リード獲得単価",
        "マーケティング",
        "sfa/deals_20261031.csv:14",
        "見出し「電話」がありません",
        "行動と、動かすはずの指標",
        "新規架電",
        "5,612件",
        "5,401件",
        "2027年2月26日",
        "商談数 83%",
    ):
        assert shown in text, shown


def test_several_goals_are_listed_before_each_is_told_of(tmp_path: Path, html: str) -> None:
    text = " ".join(Elements(render(write(tmp_path, with_a_second_goal()))).texts)
    listed, told = text.index("目標一覧"), text.index("KPIツリー")
    assert listed < text.index("二つ目の目標") < told < text.rindex("二つ目の目標")
    assert "目標一覧" not in html


def test_a_template_that_was_compiled_before_gives_the_same_page(
    publication: Path, html: str, tmp_path: Path
) -> None:
    compiled = tmp_path / "templates"
    assert render(publication, compiled=compiled) == html
    (kept,) = compiled.iterdir()
    first = kept.stat().st_mtime_ns
    assert render(publication, compiled=compiled) == html
    assert kept.stat().st_mtime_ns == first
    kept.write_bytes(kept.read_bytes()[:100])
    assert render(publication, compiled=compiled) == html


def test_it_loads_nothing_and_runs_nothing(html: str) -> None:
    assert {address for address in re.findall(r"https?://[^\"'\s<)]*", html)} <= {
        "http://www.w3.org/2000/svg"
    }
    elements = Elements(html)
    assert not elements.tags & {"script", "link", "img", "iframe", "a", "object", "embed", "form", "base"}
    assert not elements.attributes & {"href", "src", "srcset", "xlink:href", "action"}
    assert not [name for name in elements.attributes if name.startswith("on")]
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_any_text_of_the_data_stays_text(tmp_path: Path, html: str, payload: str) -> None:
    attacked = Elements(render(write(tmp_path, tables(lambda text: text + payload))))
    plain = Elements(html)
    assert attacked.tags == plain.tags
    assert attacked.attributes == plain.attributes
    assert any(payload in text for text in attacked.texts)
    assert not any("PWNED" in value or "alert" in value for value in attacked.values)


def test_the_banner_is_shown_for_made_up_data_only(tmp_path: Path) -> None:
    assert "架空データ" not in render(write(tmp_path, tables(synthetic=False)))


def test_the_report_speaks_the_language_of_the_project(tmp_path: Path) -> None:
    html = render(write(tmp_path, tables(language="en")))
    assert '<html lang="en">' in html
    assert "Revenue is forecast to land at 93% of the annual target (probability 12%)" in html
    assert "目標" not in html


def test_an_empty_publication_still_has_a_report(tmp_path: Path) -> None:
    given = {name: table if name == "publication" else table.slice(0, 0) for name, table in tables().items()}
    path = write_report(write(tmp_path, given))
    assert "目標はまだ定義されていません" in path.read_text(encoding="utf-8")


def test_a_goal_without_a_path_or_a_value_is_shown_with_its_reason(tmp_path: Path) -> None:
    given = tables()
    given["kgi_forecast"] = given["kgi_forecast"].slice(0, 0)
    given["kgi_forecast_path"] = given["kgi_forecast_path"].slice(0, 0)
    html = render(write(tmp_path, given))
    assert "予測はまだありません" in html


def test_the_same_publication_renders_to_the_same_bytes(publication: Path, html: str) -> None:
    assert render(publication) == html


def test_the_running_month_is_named_so(tmp_path: Path) -> None:
    given = tables()
    period = given["kpi_period"].to_pylist()
    from tests.report.frames import rows

    given["kpi_period"] = rows("kpi_period", [row | {"is_complete": False} for row in period])
    assert "（月の途中）" in render(write(tmp_path, given))
