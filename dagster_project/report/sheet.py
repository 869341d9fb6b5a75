"""A sheet of titled tables and lines, written as text, Markdown, HTML or an Excel workbook."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from dagster_project.report.format import clean


@dataclass(frozen=True)
class Table:
    """`figures`: which columns hold figures, and stand to the right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Section:
    """A title with lines, a table, or both."""

    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Sheet:
    """A whole sheet; `boxes`: empty boxes to sign in, one below each of these words."""

    title: str
    language: str
    facts: tuple[tuple[str, str], ...] = ()
    sections: tuple[Section, ...] = field(default=())
    boxes: tuple[str, ...] = ()


def as_markdown(sheet: Sheet) -> str:
    """The sheet in Markdown, with pipe tables."""
    out = [f"# {_md(sheet.title)}", ""]
    out += [f"- **{_md(name)}**: {_md(value)}" for name, value in sheet.facts]
    for section in sheet.sections:
        out += ["", f"## {_md(section.title)}", ""]
        out += [f"- {_md(line)}" for line in section.lines]
        if section.table is not None:
            out += [""] if section.lines else []
            out += _md_table(section.table)
    if sheet.boxes:
        out += ["", *_md_table(Table(sheet.boxes, (("",) * len(sheet.boxes),)))]
    return "\n".join(out) + "\n"


def _md_table(table: Table) -> list[str]:
    rule = ["--:" if index in table.figures else "---" for index in range(len(table.headers))]
    rows = [table.headers, tuple(rule), *table.rows]
    written = [[_md(cell) for cell in row] if row is not rows[1] else list(row) for row in rows]
    return [f"| {' | '.join(row)} |" for row in written]


def _md(text: str) -> str:
    """Text that Markdown shows as it is. Leading ideographic spaces indent, and stay."""
    text = clean(text)
    for sign in ("\\", "`", "*", "_", "[", "]", "<", ">", "|", "#"):
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return text


_STYLE = """
body{font-family:"Hiragino Sans","Noto Sans JP","Yu Gothic",Meiryo,sans-serif;color:#1d2430;max-width:64rem;
margin:2rem auto;padding:0 1rem;line-height:1.55}
h1{font-size:1.5rem;border-bottom:2px solid #1d2430;padding-bottom:.3rem}
h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}dt{font-weight:600}dd{margin:0}
div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{border:1px solid #9aa4b2;padding:.25rem .5rem;text-align:left;vertical-align:top;white-space:pre-wrap}
th{background:#eef1f5}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
table.boxes{width:auto;margin:2rem 0 0 auto}table.boxes td{height:4.5rem;width:7rem}
table.boxes th{text-align:center}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}
"""


def as_html(sheet: Sheet) -> str:
    """The sheet as one HTML page that loads nothing; it prints on A4."""
    text = html.escape
    out = [
        f'<!doctype html>\n<html lang="{sheet.language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{text(clean(sheet.title))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{text(clean(sheet.title))}</h1>\n<dl>",
        *(f"<dt>{text(clean(name))}</dt><dd>{text(clean(value))}</dd>" for name, value in sheet.facts),
        "</dl>",
    ]
    for section in sheet.sections:
        out.append(f"<h2>{text(clean(section.title))}</h2>")
        if section.lines:
            out += ["<ul>", *(f"<li>{text(clean(line))}</li>" for line in section.lines), "</ul>"]
        if section.table is not None:
            out += [f'<div class="wide">{_html_table(section.table)}</div>']
    if sheet.boxes:
        out.append(_html_table(Table(sheet.boxes, (("",) * len(sheet.boxes),)), "boxes"))
    return "\n".join([*out, "</body>\n</html>\n"])


def _html_table(table: Table, kind: str = "") -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        marks = [' class="n"' if index in table.figures else "" for index in range(len(cells))]
        inner = "".join(
            f"<{tag}{mark}>{html.escape(clean(cell))}</{tag}>"
            for cell, mark in zip(cells, marks, strict=True)
        )
        return f"<tr>{inner}</tr>"

    name = f' class="{kind}"' if kind else ""
    body = "\n".join(row(cells, "td") for cells in table.rows)
    return f"<table{name}>\n<thead>{row(table.headers, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def as_workbook(sheet: Sheet) -> bytes:
    """The sheet as an Excel workbook of one worksheet. Every cell is text: what a label begins with is never
    taken for a formula."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = "plan"
    line = Side(style="thin", color="9AA4B2")
    frame, shade = Border(line, line, line, line), PatternFill("solid", fgColor="EEF1F5")
    at = 1

    def put(column: int, text: str, *, bold: bool = False, framed: bool = False, right: bool = False) -> None:
        cell = page.cell(at, column)
        cell.value = clean(text)
        cell.data_type = "s"
        cell.font = Font(bold=bold)
        cell.alignment = Alignment(horizontal="right" if right else None, vertical="top", wrap_text=framed)
        if framed:
            cell.border = frame

    def table(content: Table) -> None:
        nonlocal at
        for index, header in enumerate(content.headers):
            put(index + 1, header, bold=True, framed=True, right=index in content.figures)
            page.cell(at, index + 1).fill = shade
        at += 1
        for cells in content.rows:
            for index, text in enumerate(cells):
                put(index + 1, text, framed=True, right=index in content.figures)
            at += 1

    put(1, sheet.title, bold=True)
    page.cell(1, 1).font = Font(bold=True, size=14)
    at += 1
    for name, value in sheet.facts:
        put(1, name, bold=True)
        put(2, value)
        at += 1
    for section in sheet.sections:
        at += 1
        put(1, section.title, bold=True)
        at += 1
        for text in section.lines:
            put(1, text)
            at += 1
        if section.table is not None:
            table(section.table)
    if sheet.boxes:
        at += 1
        table(Table(sheet.boxes, (("",) * len(sheet.boxes),)))
        page.row_dimensions[at - 1].height = 60
    widest = max((len(s.table.headers) for s in sheet.sections if s.table), default=2)
    for index in range(1, widest + 1):
        page.column_dimensions[get_column_letter(index)].width = 34 if index == 1 else 18
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr = 0, PageSetupProperties(fitToPage=True)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
