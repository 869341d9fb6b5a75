"""How long definitions take to check and compile, in CPU seconds.

    python bench/compile_speed.py

`kpi check` of the sample company in a fresh process, over the import of the libraries that it cannot do without;
then 250, 500 and 1,000 KPIs over 20 entities, beyond start-up, and their ratios (2 = linear). Exit 1 where
`kpi check` takes more than CHECK_LIMIT times its libraries, 500 KPIs longer than LIMIT seconds, or a ratio is
above STEEPEST: something has become quadratic.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from night_bench.processes import run

from dagster_project.goals.load import check_goals
from dagster_project.kpi.compile.files import compile_project
from dagster_project.kpi.load import load_definitions
from dagster_project.kpi.metadata import rows
from dagster_project.kpi.schema import schema_text

ARGUMENTS = ["--project", str(Path(__file__).resolve().parents[1]), "check", "--json"]
CHECK = f"import sys; from dagster_project.cli.main import main; sys.argv[1:] = {ARGUMENTS}; main()"
LIBRARIES = "import click, holidays.countries, pydantic, sqlglot, yaml"
CHECK_LIMIT = 2.5
LIMIT = 2.0
STEEPEST = 2.6  # of twice as many KPIs; the rest is noise
ENTITIES = 20
REPEATS = 3

SOURCE = """\
  - source: export_{n}
    files: "export_{n}_*.csv"
    load: full
    version: {{from: filename, pattern: "export_{n}_%Y%m%d"}}
    covers: {{from: 2024-04-01, through: version - 1 day}}
    key: [row_id]
    columns:
      row_id: {{from: 番号, type: text}}
      account: {{from: 取引先, type: text}}
      stage: {{from: 段階, type: text, map: {{受注: won, 失注: lost}}}}
      channel: {{from: 流入元, type: text}}
      opened_on: {{from: 開始日, type: date}}
      closed_on: {{from: 終了日, type: date}}
      amount: {{from: 金額, type: money, currency: JPY, tax: excluded}}
      cost: {{from: 原価, type: money, currency: JPY, tax: excluded}}
      quantity: {{from: 数量, type: integer}}
"""
ENTITY = """\
  - entity: deals_{n}
    from: export_{n}
    key: row_id
    columns:
      days_open: days_between(opened_on, closed_on)
      margin: amount - cost
      won_number: {{nth: closed_on, by: account, filter: stage = 'won'}}
      customer_type: case when account is null then null when won_number > 1 then 'repeat' else 'new' end
    times: {{opened_on: {{}}, closed_on: {{}}}}
    dimensions:
      channel: {{label: {{ja: 流入元, en: Channel}}}}
      customer_type: {{label: {{ja: 顧客区分, en: Customer type}}}}
"""
# Ten KPIs of all types, as an analyst writes them; {k} makes each set a different one.
KPIS = """\
  - {{name: revenue_{k}, label: {{ja: 売上{k}, en: Revenue {k}}}, type: simple, entity: deals_{n}, time: closed_on, agg: sum, expr: amount, filter: "stage = 'won' and quantity > {k}", unit: JPY, direction: up}}
  - {{name: orders_{k}, label: {{ja: 受注{k}, en: Orders {k}}}, type: simple, entity: deals_{n}, time: closed_on, agg: count, filter: "stage = 'won' and quantity > {k}", unit: count, direction: up}}
  - {{name: average_{k}, label: {{ja: 単価{k}, en: Average {k}}}, type: simple, entity: deals_{n}, time: closed_on, agg: average, expr: amount, filter: "stage = 'won' and quantity > {k}", unit: JPY, direction: up}}
  - {{name: buyers_{k}, label: {{ja: 購入者{k}, en: Buyers {k}}}, type: simple, entity: deals_{n}, time: closed_on, agg: count_distinct, expr: account, filter: "quantity > {k}", unit: count, direction: up}}
  - {{name: cycle_{k}, label: {{ja: 日数{k}, en: Cycle {k}}}, type: simple, entity: deals_{n}, time: closed_on, agg: median, expr: days_open, filter: "quantity > {k}", unit: days, direction: down}}
  - {{name: win_rate_{k}, label: {{ja: 受注率{k}, en: Win rate {k}}}, type: ratio, entity: deals_{n}, time: closed_on, numerator: orders_{k}, denominator: {{agg: count, filter: "stage in ('won', 'lost')"}}, unit: percent, direction: up}}
  - {{name: open_{k}, label: {{ja: 商談中{k}, en: Open {k}}}, type: stock, entity: deals_{n}, agg: sum, expr: amount, filter: "quantity > {k}", from: opened_on, until: closed_on, unit: JPY, direction: up}}
  - {{name: lost_rate_{k}, label: {{ja: 失注率{k}, en: Lost rate {k}}}, type: derived, expr: 1 - win_rate_{k}, unit: percent, direction: down}}
  - {{name: revenue_fytd_{k}, label: {{ja: 累計{k}, en: To date {k}}}, type: cumulative, input_metric: revenue_{k}, grain_to_date: fiscal_year, unit: JPY, direction: up}}
  - {{name: cohort_{k}, label: {{ja: コホート{k}, en: Cohort {k}}}, type: conversion, base: {{entity: deals_{n}, time: opened_on, filter: "quantity > {k}"}}, conversion: {{entity: deals_{n}, time: closed_on, filter: "stage = 'won'"}}, window: 90 days, unit: percent, direction: up}}
"""


def write_company(root: Path, kpis: int) -> None:
    """A company of ENTITIES entities and so many KPIs, a file a department of ten."""
    folder = root / "kpi_definitions"
    (folder / "sources").mkdir(parents=True)
    (folder / "kpis").mkdir()
    numbers = range(ENTITIES)
    sources = "".join(SOURCE.format(n=n) for n in numbers)
    (folder / "sources" / "exports.yml").write_text(f"sources:\n{sources}", encoding="utf-8")
    entities = "".join(ENTITY.format(n=n) for n in numbers)
    (folder / "entities.yml").write_text(f"entities:\n{entities}", encoding="utf-8")
    for k in range(kpis // 10):
        text = f"department: team_{k}\nkpis:\n{KPIS.format(k=k, n=k % ENTITIES)}"
        (folder / "kpis" / f"team_{k}.yml").write_text(text, encoding="utf-8")


def cpu_seconds(root: Path) -> float:
    """Check and compile, goals, rows for the warehouse and schema included."""
    started = time.process_time()
    definitions = load_definitions(root)
    check_goals(root, definitions)
    compile_project(definitions)
    rows(definitions)
    schema_text()
    return time.process_time() - started


def measure(kpis: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_company(root, kpis)
        return min(cpu_seconds(root) for _ in range(REPEATS))


def check_over_libraries() -> float:
    """In turns, the least of each: what else runs on the machine only adds."""
    check, libraries = zip(
        *((run([sys.executable, "-c", code]).cpu for code in (CHECK, LIBRARIES)) for _ in range(2 * REPEATS)),
        strict=True,
    )
    ratio = min(check) / min(libraries)
    print(
        f"kpi check of the sample company: {min(check):.2f} CPU s, {ratio:.2f} times "
        f"the import of its libraries (at most {CHECK_LIMIT:g})"
    )
    return ratio


def main() -> int:
    ratio_of_check = check_over_libraries()
    sizes = (250, 500, 1000)
    took = {size: measure(size) for size in sizes}
    for size, seconds in took.items():
        limit = f" (at most {LIMIT:g})" if size == 500 else ""
        print(f"{size:5,} KPIs over {ENTITIES} entities: {seconds:.2f} CPU s beyond start-up{limit}")
    ratios = {f"{b}/{a}": took[b] / took[a] for a, b in pairwise(sizes)}
    for name, ratio in ratios.items():
        print(f"ratio {name}: {ratio:.2f} (2 = linear, at most {STEEPEST:g})")
    is_slow = ratio_of_check > CHECK_LIMIT or took[500] > LIMIT or max(ratios.values()) > STEEPEST
    return 1 if is_slow else 0


if __name__ == "__main__":
    sys.exit(main())
