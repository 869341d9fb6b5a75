"""The same measures in SQL by hand, in as few scans as possible.

    python -m night_bench.by_hand FOLDER TARGET

The result is what the generated models come to: measures by day and by dimension, and people counted anew for
days, weeks and months. Writes tables `additive` and `anew` into the DuckDB file TARGET. Prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date
from pathlib import Path

import duckdb

from dagster_project import memory
from dagster_project.kpi.load import load_definitions
from dagster_project.landing.active import choose
from dagster_project.landing.ledger import Ledger
from dagster_project.landing.onefile import mapping_of
from night_bench import hand_measures, hand_sql


def files_in_force(root: Path) -> dict[str, list[str]]:
    """source → the typed files that count, by the ledger."""
    definitions = load_definitions(root)
    entries = Ledger(root / "landing").entries()
    found = {}
    for source in definitions.sources:
        uses, _ = choose(entries, source, mapping_of(source, definitions.calendar))
        found[source.name] = [str(root / "landing" / str(use.entry.typed)) for use in uses]
    return found


def compute(
    connection: duckdb.DuckDBPyConnection, files: dict[str, list[str]], as_of: date
) -> dict[str, float]:
    """Make `additive` and `anew`; CPU seconds of each step."""
    laps: dict[str, float] = {}

    def step(name: str, statement: str, **given: object) -> None:
        before = time.process_time()
        connection.execute(statement, given or None)
        laps[name] = time.process_time() - before

    accounts = files["crm_accounts"]
    step("events", hand_sql.EVENTS, files=files["ga4"])
    step("copies", hand_sql.COPIES)
    step("orders", hand_sql.ORDERS)
    step("sessions", hand_sql.SESSIONS)
    step("session days", hand_sql.SESSION_DAYS)
    step("people", hand_sql.PEOPLE)
    step("deals", hand_sql.DEALS, deals=files["crm_deals"], accounts=accounts)
    step("leads", hand_sql.LEADS, leads=files["crm_leads"])
    selects = " union all ".join(f"(from ({select}))" for select in hand_measures.additive())
    step("additive", f"create table additive as {selects}", accounts=accounts)
    spans = " union all ".join(hand_measures.anew(as_of))
    step(
        "anew",
        f"create table anew as unpivot ({spans}) on unique_users, new_users, buyers "
        "into name measure value value",
    )
    return laps


def main(root: Path, target: Path) -> None:
    files = files_in_force(root)
    as_of = date.fromisoformat(max(files["ga4"])[-16:-8])
    # rows carry their lines, so their order need not be kept
    settings = {"preserve_insertion_order": False, "threads": memory.THREADS}
    with duckdb.connect(str(target), config=settings) as connection:
        laps = compute(connection, files, as_of)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"laps": laps, "cpu": sum(laps.values()), "peak": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
