"""Files of events as Google Analytics 4 exports them to BigQuery, one a day, over a long history."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from night_bench.event_rows import LANDED, RECORD, STEPS

EVENTS_A_SESSION = 6.53  # as generated; it turns a number of events into one of sessions
CHUNK_EVENTS = 400_000  # made at a time, so that memory does not grow with the history


@dataclass(frozen=True)
class History:
    """`events` (about so many) over the days `first` .. `last`, growing and with quieter weekends."""

    events: int
    first: date
    last: date
    seed: int = 1

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=at) for at in range((self.last - self.first).days + 1)]

    @property
    def sessions_a_day(self) -> float:
        return self.events / len(self.days) / EVENTS_A_SESSION


@dataclass(frozen=True)
class DayFile:
    """The file of one day, and how many rows it holds."""

    day: date
    path: Path
    events: int


class Writer:
    """Writes files of a history into `folder`, one a day. Use as a context manager."""

    def __init__(self, history: History, folder: Path) -> None:
        self.history = history
        self._folder = folder
        # one thread: the rows of a file keep their order, and so their lines
        self._connection = duckdb.connect(config={"threads": 1})

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def days(self, first: date, last: date, *, landed: bool, late_from: date) -> Iterator[DayFile]:
        """The files of these days. landed: with the columns that landing adds, else as they are exported."""
        history = self.history
        given = {
            "seed": history.seed,
            "a_day": history.sessions_a_day,
            "first": history.first,
            "length": len(history.days),
            "from_day": first,
            "to_day": last,
            "late_from": late_from,
        }
        self._connection.execute(f"create or replace temp table steps as {STEPS}", given)
        drafts = self._folder / f".drafts_{first}"
        columns = f", {LANDED}" if landed else ""
        self._connection.execute(
            f"copy (select * exclude (line){columns} from ({RECORD})) to '{_quoted(drafts)}' "
            "(format parquet, compression zstd, partition_by (event_on))",
            {"seed": history.seed},
        )
        counts = self._connection.execute("select event_on, count(*) from steps group by event_on order by 1")
        for on, events in counts.fetchall():
            (draft,) = (drafts / f"event_on={on}").iterdir()
            path = self._folder / name_of(on)
            draft.replace(path)
            yield DayFile(on, path, events)
        shutil.rmtree(drafts)


def write_whole(history: History, folder: Path, late_from: date) -> list[DayFile]:
    """The whole history as landing leaves it; from `late_from` on, without the events that come late."""
    size = max(1, int(CHUNK_EVENTS / (history.events / len(history.days))))

    def part(at: int) -> list[DayFile]:
        days = history.days[at : at + size]
        with Writer(history, folder) as writer:
            return list(writer.days(days[0], days[-1], landed=True, late_from=late_from))

    with ThreadPoolExecutor(2) as pool:
        return [file for files in pool.map(part, range(0, len(history.days), size)) for file in files]


def name_of(on: date) -> str:
    return f"events_{on:%Y%m%d}.parquet"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
