"""`targets_from:` as written: which sheet holds the targets, and what its rows are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dagster_project.goals.spec.forms import Figure
from dagster_project.kpi.spec.base import Identifier, Spec, Text


class TargetsFromSpec(Spec):
    """A budget in a CSV file or a workbook: a row a node, a column a month or the whole period."""

    file: Text = Field(description="below kpi_definitions/; .csv, .tsv or .xlsx")
    encoding: Literal["utf-8", "utf-8-sig", "cp932", "utf-16"] = Field(
        default="utf-8", description="of a text file"
    )
    sheet: Text | None = Field(default=None, description="of a workbook; the first one if not given")
    skip_rows: int = Field(default=0, ge=0, description="title rows above the header")
    name: Text | None = Field(
        default=None, description="header of the column that names the rows; the first one if not given"
    )
    total: Text | None = Field(
        default=None, description="header of the whole period's column; 合計, 通期, 年計, total and the like"
    )
    rows: dict[Text, Identifier] = Field(
        default_factory=dict, description="a row's name: the node; other rows are then left out"
    )
    unit: Figure | None = Field(
        default=None, description="what 1 stands for in rows of money: 1_000 for 千円"
    )
