"""A company of four feeds whose days are all known by hand, and ways to give it another night.

2026-04-01 is a Wednesday; the last known day is Friday the 10th. Closed: Saturdays and Sundays.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from dagster_project.project import Project
from dagster_project.publish.contract import load
from tests.conftest import kpi

AS_OF = date(2026, 4, 10)
# What differs between two runs that say the same.
OF_THE_RUN = {
    "computed_run_id",
    "run_id",
    "night",
    "publication_id",
    "published_at",
    "arrived_at",
    "known_at",
}

NAMES = [f"カナリア{at:02}太郎" for at in range(1, 31)]
PERSONAL = ("カナリア", "canary-", "090-5555-")
EVIL = (
    "'; drop table kpi_daily; --",
    "\"><script>document.title='PWNED'</script>",
    "{{ env_var('HOME') }}",
    '=HYPERLINK("http://example.invalid","x")',
)
TEAMS = ("east", "west", *EVIL)

DEFINITIONS = {
    "project.yml": "name: faults\nlabel: {ja: 試験商店, en: Test shop}\nas_of: latest_data\n",
    "calendar.yml": "timezone: Asia/Tokyo\nfiscal_year_starts: April\nholidays: JP\n"
    "closed: [{weekdays: [saturday, sunday]}]\n",
    "sources/feeds.yml": """\
sources:
  - source: crm
    files: crm/deals_*.csv
    format: {type: csv, encoding: cp932}
    load: full
    version: {from: filename, pattern: "deals_%Y%m%d"}
    covers: {from: 2026-04-01, through: version - 1 day}
    key: [deal_id]
    columns:
      deal_id: {from: 商談ID, type: text}
      team: {from: チーム, type: text}
      stage: {from: フェーズ, type: text, map: {受注: won, 失注: lost, 商談中: open}, else: quarantine}
      closed_on: {from: 完了日, type: date}
      amount: {from: 金額, type: money, currency: JPY}
      contact: {from: 氏名, type: text, pii: true}
      mail: {from: メール, type: text, pii: true}
      phone: {from: 電話, type: text, pii: true}
  - source: store
    files: store/store_*.csv
    format: {type: csv, stop_at: 合計}
    load: by_day
    version: {from: filename, pattern: "store_%Y%m%d"}
    no_file: zero_when_closed
    key: []
    columns: {day: {type: date}, visits: {type: integer}, buyers: {type: integer}}
  - source: shop
    files: shop/orders_*.csv
    load: by_key
    version: {from: filename, pattern: "orders_%Y%m%d"}
    covers: {from: 2026-04-01, through: version - 1 day}
    key: [order_id]
    columns:
      order_id: {type: text}
      ordered_at: {type: timestamp, timezone: UTC}
      amount: {type: money, currency: JPY}
  - source: ga4
    files: ga4/events_*.ndjson*
    format: {type: ndjson}
    load: by_day
    preset: ga4_events
    version: {from: filename, pattern: "events_%Y%m%d"}
    provisional_for: 4 days
""",
    "entities.yml": """\
entities:
  - entity: deals
    from: crm
    key: deal_id
    snapshot: true
    times: {closed_on: {}}
    dimensions: {team: {label: {ja: チーム, en: Team}}}
  - entity: store_days
    from: store
    key: [day]
    times: {day: {}}
  - entity: orders
    from: shop
    key: order_id
    times: {ordered_at: {}}
  - entity: events
    model: ga4_events
    sources: [ga4]
    key: event_id
    columns:
      event_id: {type: text}
      event_at: {type: timestamp}
      event_name: {type: text}
    times: {event_at: {}}
""",
    "kpis/all.yml": """\
department: sales
kpis:
  - {name: revenue, label: 売上, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount,
     filter: stage = 'won', unit: JPY, direction: up, owner: 営業企画}
  - {name: won, label: 受注, type: simple, entity: deals, time: closed_on, agg: count,
     filter: stage = 'won', unit: count, direction: up}
  - {name: visits, label: 来店, type: simple, entity: store_days, time: day, agg: sum, expr: visits,
     unit: count, direction: up}
  - {name: buyer_rate, label: 購入率, type: ratio, entity: store_days, time: day,
     numerator: {agg: sum, expr: buyers}, denominator: {agg: sum, expr: visits}, unit: percent, direction: up}
  - {name: shop_sales, label: EC売上, type: simple, entity: orders, time: ordered_at, agg: sum, expr: amount,
     unit: JPY, direction: up}
  - {name: page_views, label: PV, type: simple, entity: events, time: event_at, agg: count,
     filter: event_name = 'page_view', unit: count, direction: up}
""",
    "goals/revenue.yml": """\
goal: revenue_q1
label: {ja: 第1四半期の売上, en: Revenue of the first quarter}
period: {fiscal_year: 2026, quarter: 1}
kgi: {kpi: revenue, target: 1_000_000}
""",
}

DEALS_HEADER = "商談ID,チーム,フェーズ,完了日,金額,氏名,メール,電話,備考\n"


def deal(number: int, *, stage: str | None = None, day: str | None = None) -> str:
    """Deal `number`: won but for every third, on 1 + number % 10 April, for 1000 * number."""
    team = TEAMS[number % len(TEAMS)].replace('"', '""')
    cells = (
        f"D{number:02}",
        f'"{team}"',
        stage or ("失注" if number % 3 == 0 else "受注"),
        day or f"2026/4/{1 + number % 10}",
        f'"{1000 * number:,}円"',
        NAMES[number - 1],
        f"canary-{number}@example.jp",
        f"090-5555-{number:04}",
        f"{NAMES[number - 1]}様より",  # a column nobody declared
    )
    return ",".join(cells) + "\n"


def deals(numbers: Iterable[int] = range(1, 31)) -> str:
    return DEALS_HEADER + "".join(map(deal, numbers))


def won_amount(numbers: Iterable[int] = range(1, 31)) -> float:
    return float(sum(1000 * number for number in numbers if number % 3))


def store(day: date, visits: int, buyers: int) -> str:
    return f"day,visits,buyers\n{day},{visits},{buyers}\n合計,{visits},{buyers}\n"


# The 7th, a Tuesday, never came; on the 4th and 5th the shop was closed and wrote nothing.
STORE_DAYS = {1: (100, 10), 2: (110, 11), 3: (120, 12), 6: (0, 0), 8: (0, 5), 9: (130, 13), 10: (140, 14)}


def events(day: date, count: int) -> str:
    """`count` page views, one an hour from midnight in Tokyo."""
    midnight = (day - date(1970, 1, 1)).days * 86_400 - 9 * 3600
    return "".join(
        json.dumps(
            {
                "event_date": f"{day:%Y%m%d}",
                "event_timestamp": (midnight + 3600 * hour) * 1_000_000,
                "event_name": "page_view",
                "user_pseudo_id": f"u{hour}",
            }
        )
        + "\n"
        for hour in range(count)
    )


EVENTS = {day: 5 + day for day in range(3, 11)}

# 2026-03-31T15:30Z is half past midnight of 1 April in Tokyo.
ORDERS = {
    "orders_20260404.csv": "order_id,ordered_at,amount\nA,2026-03-31T15:30:00Z,100\n"
    "B,2026-04-01 20:00,200\nC,2026-04-03 01:00,400\n",
    "orders_20260407.csv": "order_id,ordered_at,amount\nB,2026-04-01 20:00,250\n"
    "C,2026-04-03 01:00,400\nD,2026-04-05 01:00,800\n",
    "orders_20260411.csv": "order_id,ordered_at,amount\nC,2026-04-03 01:00,450\nE,2026-04-09 16:00,1600\n",
}


@dataclass(frozen=True)
class Answer:
    """What a command answered, and its exit code."""

    code: int
    out: str
    err: str


@dataclass
class Company:
    """The project in `root`."""

    root: Path

    @property
    def project(self) -> Project:
        return Project(root=self.root, data=self.root / "data", outputs=self.root / "outputs")

    def write(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        """An export, at rest for a minute."""
        path = self.root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        rested = path.stat().st_mtime - 60
        os.utime(path, (rested, rested))
        return path

    def write_deals(self, version: str, content: str) -> None:
        self.write(f"crm/deals_{version}.csv", content, "cp932")

    def define(self, name: str, change: Callable[[str], str]) -> None:
        path = self.root / "kpi_definitions" / name
        before = path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before
        path.write_text(after, encoding="utf-8")

    def kpi(self, *arguments: str) -> Answer:
        """The command line on this company."""
        done = kpi("--project", self.root, *arguments)
        return Answer(done.returncode, done.stdout, done.stderr)

    def night(self, *options: str) -> str:
        """A night that publishes; its run id."""
        answer = self.kpi("run", "--json", *options)
        assert answer.code == 0, answer.out + answer.err
        run_id: str = json.loads(answer.out)["run_id"]
        return run_id

    def landed(self) -> set[Path]:
        """The files that exports became, whole and typed."""
        found = self.project.landing.rglob("*")
        return {path for path in found if path.is_file() and path.name != "ledger.jsonl"}

    def published(self, table: str) -> pd.DataFrame:
        return pd.read_parquet(self.root / "outputs" / "current" / f"{table}.parquet")

    def days(self, kpi: str, column: str = "value") -> dict[int, object]:
        """day of April → value of the total; None where there is none."""
        rows = self.published("kpi_daily")
        rows = rows[(rows.kpi == kpi) & (rows.dimension == "total")]
        values = rows[column].astype(object).where(rows[column].notna(), None)
        return {day.day: value for day, value in zip(rows.date, values, strict=True)}


def write_company(root: Path) -> Company:
    company = Company(root)
    for name, text in DEFINITIONS.items():
        path = root / "kpi_definitions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # one row cannot be read, and its personal columns must not be told
    bad = deal(99 % 30, day="31.02.2026").replace("D09", "D99")
    company.write_deals("20260411", deals() + bad)
    for day, (visits, buyers) in STORE_DAYS.items():
        company.write(f"store/store_202604{day:02}.csv", store(date(2026, 4, day), visits, buyers))
    for name, text in ORDERS.items():
        company.write(f"shop/{name}", text)
    for day, count in EVENTS.items():
        content = gzip.compress(events(date(2026, 4, day), count).encode(), mtime=0)
        company.write(f"ga4/events_202604{day:02}.ndjson.gz", content)
    company.write("ga4/events_intraday_20260410.ndjson", events(date(2026, 4, 10), 9))
    return company


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of a publication in the order of its key, but for what differs from run to run."""
    found = {}
    for table in load().tables:
        rows = pd.read_parquet(folder / f"{table.name}.parquet")
        rows = rows.drop(columns=[name for name in rows.columns if name in OF_THE_RUN])
        found[table.name] = rows.sort_values(
            [name for name in table.key if name in rows.columns] or list(rows.columns), ignore_index=True
        )
    return found


def assert_same(ours: dict[str, pd.DataFrame], theirs: dict[str, pd.DataFrame], *but: str) -> None:
    assert ours.keys() == theirs.keys()
    for name in ours:
        if name not in but:
            pd.testing.assert_frame_equal(ours[name], theirs[name], check_exact=True, obj=name)


def differing(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Rows of `ours` that `theirs` does not hold."""
    merged = ours.merge(theirs.drop_duplicates(), how="left", indicator=True)
    return ours[(merged["_merge"] == "left_only").to_numpy()]


KEPT = ("data", "landing", "state", "outputs", "kpi_definitions", ".kpi/warehouse.duckdb", ".kpi/build")


def copy_state(source: Path, target: Path) -> None:
    """What makes a company at one moment, but for what parsing leaves; in place of what is there."""
    for name in KEPT:
        gone, given = target / name, source / name
        if gone.is_dir():
            shutil.rmtree(gone)
        else:
            gone.unlink(missing_ok=True)
        gone.parent.mkdir(parents=True, exist_ok=True)
        if given.is_dir():
            shutil.copytree(given, gone, symlinks=True)
        elif given.exists():
            shutil.copy2(given, gone)
    for left in (".kpi/warehouse.duckdb.wal", ".kpi/broken"):
        path = target / left
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
