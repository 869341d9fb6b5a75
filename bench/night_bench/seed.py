"""A company with a long history: definitions, CRM exports to be landed, and events that have landed already.

    python -m night_bench.seed FOLDER EVENTS [--next]

Two years of event files are not put through landing, which copies and checks each of them: they are written
as landing leaves them, with their lines in its ledger. The exports of the CRM are landed here; what arrives
in a later night is landed by that night.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dagster_project.kpi.load import load_definitions
from dagster_project.landing.land import land
from dagster_project.landing.ledger import Entry, Ledger
from dagster_project.landing.onefile import limits_of, mapping_of
from night_bench.company import write_definitions
from night_bench.crm import write_exports
from night_bench.events import DayFile, History, Writer, write_whole

FIRST, LAST = date(2024, 4, 1), date(2026, 3, 30)
LATE_DAYS = 4  # of the newest days some events are still on their way


def history(events: int) -> History:
    return History(events, FIRST, LAST)


def make_company(root: Path, events: int) -> int:
    """Write the company with about so many events into `root`; how many they are."""
    write_definitions(root)
    write_exports(root / "data" / "crm", FIRST, LAST + timedelta(days=1), LAST, changed=False)
    rest(root / "data")
    folder = root / "landing" / "typed" / "ga4"
    folder.mkdir(parents=True)
    files = write_whole(history(events), folder, late_from=LAST - timedelta(days=LATE_DAYS - 1))
    _tell_ledger(root, files)
    # so that the models and the SQL by hand find the same, whichever runs first
    definitions = load_definitions(root)
    land(root / "data", root / "landing", definitions.sources, definitions.calendar, datetime.now(UTC))
    return sum(file.events for file in files)


def make_next_night(root: Path, events: int) -> int:
    """What arrives a night later: the next day, a file of some days ago again with its late events, and the
    CRM's tables with deals that were corrected. How many events they hold."""
    tomorrow, corrected = LAST + timedelta(days=1), LAST - timedelta(days=LATE_DAYS - 1)
    folder = root / "data" / "ga4"
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with Writer(history(events), folder) as writer:
        for day in (corrected, tomorrow):
            count += sum(file.events for file in writer.days(day, day, landed=False, late_from=tomorrow))
    write_exports(root / "data" / "crm", FIRST, tomorrow, tomorrow, changed=True)
    rest(root / "data")
    return count


def rest(data: Path) -> None:
    """Let the files be a minute old: what is still being written waits for the next night."""
    for path in data.rglob("*"):
        if path.is_file():
            rested = time.time() - 60
            os.utime(path, (rested, rested))


def _tell_ledger(root: Path, files: list[DayFile]) -> None:
    definitions = load_definitions(root)
    (source,) = (source for source in definitions.sources if source.preset == "ga4_events")
    mapping, arrived = mapping_of(source, definitions.calendar), datetime.now(UTC) - timedelta(hours=1)
    ledger = Ledger(root / "landing")
    for file in files:
        name = f"ga4/{file.path.name}"
        ledger.append(
            Entry(
                source=source.name,
                path=name,
                sha256=hashlib.sha256(name.encode()).hexdigest(),
                bytes=file.path.stat().st_size,
                mtime=arrived.isoformat(),
                arrived_at=arrived,
                mapping_hash=mapping,
                status="landed",
                version=datetime(file.day.year, file.day.month, file.day.day),
                rows=file.events,
                raw=f"raw/{file.path.name}",
                typed=f"typed/{name}",
                days=(file.day,),
                dates={"event_date": (file.day, file.day)},
                limits=limits_of(source),
            )
        )


if __name__ == "__main__":
    make = make_next_night if "--next" in sys.argv else make_company
    print(json.dumps({"events": make(Path(sys.argv[1]), int(sys.argv[2]))}))
