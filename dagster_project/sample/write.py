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
from dagster_project.sample import activities, ads, ga4, sfa, shop
from dagster_project.sample.days import END, START, days_of
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
    "shop/order_lines_*.csv",
)

_README = f"""{_FIRST_LINE}

Everything in this folder was made up by `kpi sample`: the company みちしるべ商事 (Michishirube Trading), its
customers, people, addresses and figures do not exist. Do not mistake them for anybody's.
このフォルダのデータはすべて `kpi sample` が生成した架空のものです。実在の企業・人物とは関係ありません。

sfa/   deals 商談, leads 見込客, accounts 取引先, activities 活動, sales roster 営業担当 (CSV, CP932)
ga4/   Google Analytics 4 events as its BigQuery export writes them (NDJSON, gzip, a file a day)
ads/   daily figures by campaign: Google (UTF-8 with BOM, a file a month), Yahoo! (CP932, one file)
shop/  order lines of the web shop (CSV, UTF-8 with BOM, a file a month)
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
    for room in ("sfa", "ga4", "ads", "shop"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(_README, encoding="utf-8", newline="\n")

    salesforce = sfa.simulate(start, end)
    orders = shop.simulate(start, end)
    write_sfa(folder / "sfa", salesforce, activities.simulate(salesforce, start))
    write_shop(folder / "shop", orders, start, end)
    events = _write_web(folder, salesforce, orders, start, end)
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
) -> int:
    """Writes the events of each day and what the ad platforms report of them; returns the count of events."""
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
    write_ads(folder / "ads", reported, start, end)
    return count


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
