"""Goals without data: a project written to a folder, and `kpi plan` run on it as a user runs it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dagster_project.cli.main import main

SOURCES = """
sources:
  - source: facts
    files: facts*.csv
    format: {type: csv, encoding: utf-8}
    load: full
    key: [id]
    columns:
      id: {type: text}
      kind: {type: text}
      happened_on: {type: date}
      left_on: {type: date, required: false}
      amount: {type: money, currency: JPY, tax: excluded}
      hours: {type: integer}
entities:
  - entity: facts
    from: facts
    key: id
"""

CALENDAR = """
timezone: Asia/Tokyo
fiscal_year_starts: April
holidays: JP
closed: [{weekdays: [saturday, sunday]}EXTRA]
"""


def count(name: str, direction: str = "up", **more: str) -> str:
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return (
        f"{{name: {name}, label: {{ja: {name}の数}}, type: simple, entity: facts, time: happened_on, agg: count, "
        f"filter: kind = '{name}', unit: count, direction: {direction}{keys}}}"
    )


def amount(name: str, agg: str = "sum") -> str:
    return (
        f"{{name: {name}, label: {{ja: {name}の額}}, type: simple, entity: facts, time: happened_on, agg: {agg}, "
        f"expr: amount, filter: kind = '{name}', unit: JPY, direction: up}}"
    )


def ratio(name: str, top: str, bottom: str, unit: str = "percent", direction: str = "up", **more: str) -> str:
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return (
        f"{{name: {name}, label: {{ja: {name}の率}}, type: ratio, numerator: {top}, denominator: {bottom}, "
        f"unit: {unit}, direction: {direction}{keys}}}"
    )


def derived(name: str, expr: str, unit: str) -> str:
    return f"{{name: {name}, label: {{ja: {name}の値}}, type: derived, expr: {expr}, unit: {unit}, direction: up}}"


def stock(name: str) -> str:
    return (
        f"{{name: {name}, label: {{ja: {name}の残}}, type: stock, entity: facts, agg: count, from: happened_on, "
        f"until: left_on, filter: kind = '{name}', unit: count, direction: up}}"
    )


def hours(name: str) -> str:
    return (
        f"{{name: {name}, label: {{ja: {name}の時間}}, type: simple, entity: facts, time: happened_on, agg: sum, "
        f"expr: hours, filter: kind = '{name}', unit: hours, direction: up}}"
    )


def write_project(folder: Path, kpis: list[str], *goals: str, closed: str = "") -> Path:
    """A project of these KPIs and goals, without any data. `closed`: more days off, as in calendar.yml."""
    definitions = folder / "kpi_definitions"
    for name in ("sources", "kpis", "goals"):
        (definitions / name).mkdir(parents=True, exist_ok=True)
    (definitions / "project.yml").write_text("name: trees\nlanguage: en\n", encoding="utf-8")
    (definitions / "calendar.yml").write_text(CALENDAR.replace("EXTRA", closed), encoding="utf-8")
    (definitions / "sources" / "facts.yml").write_text(SOURCES, encoding="utf-8")
    listed = "".join(f"  - {kpi}\n" for kpi in kpis)
    (definitions / "kpis" / "company.yml").write_text(
        f"department: company\nkpis:\n{listed}", encoding="utf-8"
    )
    for index, goal in enumerate(goals):
        path = definitions / "goals" / f"goal_{index}.yml"
        path.write_text(dedent(goal).lstrip("\n"), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Answer:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.code == 0, self.err
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes of `kpi plan --json` by name."""
        return {node["node"]: node for node in self.json["nodes"]}

    @property
    def targets(self) -> dict[str, float | None]:
        return {name: node["target"] for name, node in self.nodes.items()}


class Command:
    """Runs `kpi` in this process: its own entry point, with arguments, output and exit code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *arguments: str | Path) -> Answer:
        self.monkeypatch.setattr(sys, "argv", ["kpi", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self.capsys.readouterr()
        return Answer(int(ended.value.code or 0), printed.out, printed.err)
