"""A company whose fiscal year 2026 is the sales year of the handbook: planned 100 million yen, came to 89.67.

Plan: 60,000,000 + 1,000 x 10 % x 20 % x 2,000,000. Actual: 57,000,000 + 1,100 x 9 % x 15 % x 2,200,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.conftest import kpi

GOAL = "revenue_100m"

_SUMS = {  # column: (Japanese, English, unit, stage)
    "revenue": ("売上", "Revenue", "JPY", "bottom"),
    "repeat_revenue": ("既存売上", "Repeat revenue", "JPY", None),
    "new_revenue": ("新規売上", "New revenue", "JPY", None),
    "orders": ("受注", "Orders", "count", None),
    "deals": ("商談", "Deals", "count", "bottom"),
    "leads": ("リード", "Leads", "count", "middle"),
    "downloads": ("資料ダウンロード", "Content downloads", "count", "middle"),
    "forms": ("フォーム送信", "Forms sent", "count", None),
    "purchases": ("購入", "Purchases", "count", None),
    "impressions": ("表示回数", "Impressions", "count", "top"),
    "reach": ("リーチ", "Reach", "count", "top"),
    "sessions": ("セッション", "Sessions", "count", "top"),
    "new_visitors": ("新規訪問者", "New visitors", "count", "top"),
}
_RATES = {  # KPI: (Japanese, English, numerator, denominator, unit, stage)
    "average_order_value": ("平均受注単価", "Order value", "new_revenue", "orders", "JPY", None),
    "deal_to_order_rate": ("受注率", "Deal-to-order rate", "orders", "deals", "percent", "bottom"),
    "lead_to_deal_rate": ("商談化率", "Lead-to-deal rate", "deals", "leads", "percent", "middle"),
    "form_rate": ("フォーム送信率", "Form submission rate", "forms", "sessions", "percent", "middle"),
    "purchase_rate": ("購入率", "Purchase rate", "purchases", "sessions", "percent", "bottom"),
}
# fiscal year 2025, then 2026, each in the east and in the west: revenue, repeat, new, orders, deals, leads
ROWS = {
    "2025-06-10,east": (48e6, 28e6, 20e6, 12, 60, 550),
    "2025-09-10,west": (38e6, 22e6, 16e6, 8, 50, 450),
    "2026-06-10,east": (50e6, 30e6, 20e6, 9, 60, 600),
    "2026-09-10,west": (39.67e6, 27e6, 12.67e6, 5.85, 39, 500),
}
_WEB = {
    "impressions": 90_000, "reach": 40_000, "sessions": 12_000, "new_visitors": 8_000, "downloads": 300,
    "forms": 240, "purchases": 60,
}  # fmt: skip

GOAL_TEXT = """\
goal: revenue_100m
label: {ja: 売上1億円, en: Revenue of 100 million yen}
period: {fiscal_year: 2026}
kgi: {kpi: revenue, target: 100_000_000}
tree:
  - revenue = repeat_revenue + new_revenue
  - new_revenue = new_orders * average_order_value
  - new_orders = new_deals * deal_to_order_rate
  - new_deals = leads * lead_to_deal_rate
nodes:
  repeat_revenue: {target: 60_000_000, level: ksf}
  new_orders: {kpi: orders}
  average_order_value: {assume: 2_000_000}
  new_deals: {kpi: deals}
  deal_to_order_rate: {assume: 20%}
  lead_to_deal_rate: {assume: 10%}
drivers: [impressions, reach, sessions, new_visitors, form_rate, downloads, purchase_rate]
phasing: business_days
segments: {dimension: area, shares: {east: 60%, west: 40%}}
"""


def _kpis() -> str:
    lines = ["department: sales", "kpis:"]
    for name, (ja, en, unit, stage) in _SUMS.items():
        funnel = f", funnel: {stage}" if stage else ""
        lines.append(
            f"  - {{name: {name}, label: {{ja: {ja}, en: {en}}}, type: simple, entity: figures, time: day,"
            f" agg: sum, expr: {name}, unit: {unit}, direction: up{funnel}}}"
        )
    for name, (ja, en, above, below, unit, stage) in _RATES.items():
        funnel = f", funnel: {stage}" if stage else ""
        lines.append(
            f"  - {{name: {name}, label: {{ja: {ja}, en: {en}}}, type: ratio, numerator: {above},"
            f" denominator: {below}, unit: {unit}, direction: up{funnel}}}"
        )
    return "\n".join(lines) + "\n"


DEFINITIONS = {
    "project.yml": "name: sales_year\nlabel: {ja: 見本商事, en: Sample trading}\nas_of: latest_data\n",
    "calendar.yml": "timezone: Asia/Tokyo\nfiscal_year_starts: April\nholidays: JP\n",
    "sources/figures.yml": """\
sources:
  - source: sheet
    files: figures.csv
    format: {type: csv}
    load: full
    covers: {from: 2025-04-01, through: 2027-03-31}
    key: [day, area]
    columns:
      day: {type: date}
      area: {type: text}
"""
    + "".join(
        f"      {name}: {{type: {'money' if unit == 'JPY' else 'number'}}}\n"
        for name, (_, _, unit, _) in _SUMS.items()
    ),
    "entities.yml": """\
entities:
  - entity: figures
    from: sheet
    key: [day, area]
    times: {day: {}}
    dimensions: {area: {label: {ja: 地域, en: Area}}}
""",
    "kpis/sales.yml": _kpis(),
    f"goals/{GOAL}.yml": GOAL_TEXT,
}


@dataclass(frozen=True)
class Answer:
    """What a command answered, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class SalesYear:
    """The company in a folder."""

    root: Path

    def kpi(self, *arguments: str) -> Answer:
        """The command line on this company."""
        done = kpi("--project", self.root, *arguments)
        return Answer(done.returncode, done.stdout, done.stderr)


def write_sales_year(root: Path, **changed: str) -> SalesYear:
    """The company's definitions and figures; `changed`: other text of a definition file, by its name."""
    for name, text in (DEFINITIONS | changed).items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    lines = ["day,area," + ",".join(_SUMS)]
    for place, figures in ROWS.items():
        given = {**_WEB, **dict(zip(list(_SUMS)[:6], figures, strict=True))}
        lines.append(place + "," + ",".join(f"{given[name]:.2f}" for name in _SUMS))
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "data" / "figures.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return SalesYear(root)
