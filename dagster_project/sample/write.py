"""Writes the sample: the exports of a span, and the definitions that read them."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dagster_project.errors import UsageError
from dagster_project.project import PACKAGE
from dagster_project.sample import (
    activities,
    ads,
    factory,
    ga4,
    ledger,
    members,
    recruiting,
    sfa,
    shop,
    social,
    software,
    staff,
    subscriptions,
    support,
    surveys,
)
from dagster_project.sample.days import END, START, days_of
from dagster_project.sample.export_offices import (
    write_books,
    write_personnel,
    write_plans,
    write_timesheets,
)
from dagster_project.sample.export_service import (
    write_billing,
    write_members,
    write_support,
    write_surveys,
    write_usage,
)
from dagster_project.sample.export_works import write_development, write_factory, write_reach, write_social
from dagster_project.sample.exports import write_ads, write_sfa, write_shop
from dagster_project.sample.files import write_gzip
from dagster_project.sample.sessions import Visitors

MARKER = "README_SYNTHETIC.txt"
_FIRST_LINE = "SYNTHETIC DATA / 架空データ"
# what the sample is made of; only these are ever removed, when a sample is written again
_OURS = (
    "sfa/商談_*.csv",
    "sfa/見込客_*.csv",
    "sfa/取引先_*.csv",
    "sfa/活動_*.csv",
    "sfa/営業担当_*.csv",
    "ga4/events_*.ndjson.gz",
    "ads/google_*.csv",
    "ads/yahoo_*.csv",
    "ads/reach_*.csv",
    "shop/order_lines_*.csv",
    "support/tickets_*.csv",
    "survey/csat_*.csv",
    "survey/nps_*.csv",
    "survey/brand_*.csv",
    "survey/employee_*.csv",
    "billing/契約明細_*.csv",
    "billing/契約変更_*.csv",
    "billing/導入状況_*.csv",
    "usage/usage_*.ndjson",
    "members/会員_*.csv",
    "hr/社員_*.csv",
    "hr/応募_*.csv",
    "hr/選考_*.csv",
    "hr/採用費_*.csv",
    "hr/timesheets_*.parquet",
    "development/課題_*.csv",
    "development/案件_*.csv",
    "factory/production_*.tsv",
    "factory/災害_*.csv",
    "social/posts_*.csv",
    "accounting/経費_*.csv",
    "planning/売上目標_*.xlsx",
    "planning/市場規模_*.xlsx",
)
ROOMS = tuple(dict.fromkeys(pattern.partition("/")[0] for pattern in _OURS))

_README = f"""{_FIRST_LINE}

Everything in this folder was made up by `kpi sample`: the company みちしるべ商事 (Michishirube Trading), its
customers, people, addresses and figures do not exist. Do not mistake them for anybody's.
このフォルダのデータはすべて `kpi sample` が生成した架空のものです。実在の企業・人物とは関係ありません。

sfa/          deals 商談, leads 見込客, accounts 取引先, activities 活動, sales roster 営業担当 (CSV, CP932)
ga4/          Google Analytics 4 events as its BigQuery export writes them (NDJSON, gzip, a file a day)
ads/          daily figures by campaign: Google (UTF-8 with BOM, a file a month), Yahoo! (CP932, one file);
              people reached a day, week and month, as the platform counts them
shop/         order lines of the web shop (CSV, UTF-8 with BOM, a file a month)
support/      tickets (CSV, CP932)
survey/       answers after a ticket, recommendation, brand, employees (CSV with title rows)
billing/      contract terms 契約明細, changes 契約変更, onboarding 導入状況 (CSV, CP932)
usage/        the cloud service's log (NDJSON, a file a month)
members/      registered users 会員 (CSV, UTF-8 with BOM)
hr/           employees 社員, applications 応募, stages 選考, recruiting costs 採用費 (CSV, CP932, dates of
              Japanese eras); timesheets (Parquet, a file a month)
development/  issues 課題 (CSV, UTF-8 with BOM), projects 案件 (CSV, CP932)
factory/      production log (TSV, CP932, a file a month), accidents 災害 (CSV, CP932)
social/       posts (CSV, UTF-8 with BOM)
accounting/   expenses by department 経費 (CSV, CP932)
planning/     sales targets 売上目標, market size 市場規模 (xlsx)
"""


@dataclass(frozen=True)
class SampleWritten:
    """What was written. `files` and `size` (bytes) count the exports."""

    folder: Path
    start: date
    end: date
    files: int
    size: int
    deals: int
    leads: int
    orders: int
    events: int
    definitions: Path | None  # written, or kept as they were; None: not asked for
    definitions_kept: bool


def is_sample(folder: Path) -> bool:
    """Whether `folder` was made by this module."""
    marker = folder / MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8", errors="replace").startswith(_FIRST_LINE)


def write_sample(
    folder: Path,
    start: date = START,
    end: date = END,
    *,
    definitions: bool = False,
    force: bool = False,
) -> SampleWritten:
    """Writes the exports of `start` .. `end` below `folder`, and with `definitions` a project around them.

    Exports of a sample that is already there are replaced; its kpi_definitions, which may have been edited,
    only with `force`. Raises UsageError where the folder holds other things and `force` is not given, where
    it holds another company's definitions, or where the span is empty.
    """
    if end < start:
        raise UsageError(f"the sample's span is empty: {start} comes after {end}")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder for the sample")
    again = is_sample(folder)
    if folder.is_dir() and any(folder.iterdir()) and not again and not force:
        raise UsageError(
            f"{folder} is not empty and holds no sample. Name a new folder, or add --force to write into it"
        )
    theirs = (folder / "kpi_definitions").is_dir()
    if definitions and theirs and not again:
        raise UsageError(
            f"{folder} holds definitions of its own. Name a new folder, or write with --exports-only"
        )
    source = bundled_definitions() if definitions and (force or not theirs) else None
    for pattern in _OURS if again else ():
        for old in folder.glob(pattern):
            old.unlink()
    for room in ROOMS:
        (folder / room).mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(_README, encoding="utf-8", newline="\n")

    salesforce = sfa.simulate(start, end)
    orders = shop.simulate(start, end)
    write_sfa(folder / "sfa", salesforce, activities.simulate(salesforce, start))
    write_shop(folder / "shop", orders, start, end)
    events, reported = _write_web(folder, salesforce, orders, start, end)
    write_ads(folder / "ads", reported, start, end)
    write_reach(folder / "ads", social.reach(reported, start, end), end)
    _write_customers(folder, start, end)
    _write_works(folder, start, end)
    _write_offices(folder, reported, start, end)
    if source is not None:
        copy_definitions(source, folder / "kpi_definitions")
    written = [file for pattern in _OURS for file in folder.glob(pattern)]
    return SampleWritten(
        folder=folder,
        start=start,
        end=end,
        files=len(written),
        size=sum(file.stat().st_size for file in written),
        deals=len(salesforce.deals),
        leads=len(salesforce.leads),
        orders=len(orders),
        events=events,
        definitions=folder / "kpi_definitions" if definitions else None,
        definitions_kept=definitions and source is None,
    )


def _write_web(
    folder: Path, salesforce: sfa.SalesForce, orders: list[shop.Order], start: date, end: date
) -> tuple[int, list[ads.AdDay]]:
    """Writes the events of each day; returns their count, and what the ad platforms report of them."""
    orders_of: dict[date, list[shop.Order]] = defaultdict(list)
    leads_of: dict[date, list[sfa.Lead]] = defaultdict(list)
    for order in orders:
        orders_of[order.at.date()].append(order)
    for lead in salesforce.leads:
        leads_of[lead.created_on].append(lead)
    visitors = Visitors()
    reported: list[ads.AdDay] = []
    from_yesterday: list[tuple[date, int, str]] = []
    count = 0
    for day in days_of(start, end):
        sessions = visitors.sessions_of(day, orders_of[day], leads_of[day])
        reported += ads.report(day, sessions)
        events = [event for session in sessions for event in ga4.events_of(session)]
        today = sorted(from_yesterday + [event for event in events if event[0] == day])
        from_yesterday = [event for event in events if event[0] != day]
        write_gzip(
            folder / "ga4" / f"events_{day:%Y%m%d}.ndjson.gz", "".join(f"{line}\n" for _, _, line in today)
        )
        count += len(today)
    return count, reported


def _write_customers(folder: Path, start: date, end: date) -> None:
    """Writes what is known of customers after the sale: tickets, surveys, contracts, use, members."""
    tickets = support.simulate(start, end)
    write_support(folder / "support", tickets, end)
    book = subscriptions.simulate(end)
    write_billing(folder / "billing", book, end)
    write_usage(folder / "usage", subscriptions.usage(book, start, end), start, end)
    write_members(folder / "members", members.simulate(end), end)
    write_surveys(
        folder / "survey",
        support.satisfaction(tickets, end),
        surveys.recommendation(book, end),
        surveys.awareness(end),
        surveys.contentment(staff.simulate(end, recruiting.simulate(end)), end),
        end,
    )


def _write_works(folder: Path, start: date, end: date) -> None:
    """Writes what development and the factory did, and what was posted."""
    write_development(folder / "development", software.items(end), software.projects(end), end)
    write_factory(folder / "factory", factory.runs(start, end), factory.incidents(end), start, end)
    write_social(folder / "social", social.posts(start, end), end)


def _write_offices(folder: Path, reported: list[ads.AdDay], start: date, end: date) -> None:
    """Writes the personnel system, the books and the plans."""
    applications = recruiting.simulate(end)
    people = staff.simulate(end, applications)
    spent = recruiting.costs(applications, ledger.month_ends(START, end))
    write_personnel(folder / "hr", people, applications, spent, end)
    write_timesheets(folder / "hr", staff.hours(people, start, end), start, end)
    write_books(folder / "accounting", ledger.entries(people, spent, reported, end), end)
    write_plans(folder / "planning", ledger.sales_targets(end), ledger.market_sizes(end), end)


def bundled_definitions() -> Path:
    """The sample company's definitions: beside the package in a checkout, inside it in a wheel."""
    for folder in (PACKAGE.parent / "kpi_definitions", PACKAGE / "bundled" / "kpi_definitions"):
        if (folder / "project.yml").is_file():
            return folder
    raise UsageError("the sample's definitions are not part of this installation; install shirube again")


def copy_definitions(source: Path, target: Path) -> None:
    """Copies the definitions to `target`, where the exports lie beside them rather than in data/."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    settings = target / "project.yml"
    text = settings.read_text(encoding="utf-8")
    beside = re.sub(
        r"(?m)^data: \S+.*$", "data: .                          # the exports lie beside this folder", text
    )
    settings.write_text(beside, encoding="utf-8", newline="\n")
