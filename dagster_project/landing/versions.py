"""The export's own time: from its name, a column, a manifest beside it, or its modification time."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.kpi.model import Source, SourceColumn
from dagster_project.landing.files import MANIFEST, stem
from dagster_project.landing.held import FileHeld
from dagster_project.landing.moments import moment_reader
from dagster_project.landing.numerals import BadCell

GA4_NAME = re.compile(r"events_(?P<intraday>intraday_)?(?P<day>[0-9]{8})(?![0-9])")
_DIRECTIVES = {
    "Y": r"[0-9]{4}", "m": r"[0-9]{2}", "d": r"[0-9]{2}", "H": r"[0-9]{2}", "M": r"[0-9]{2}",
    "S": r"[0-9]{2}", "y": r"[0-9]{2}", "j": r"[0-9]{3}", "f": r"[0-9]{1,6}", "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]+", "p": r"[AaPp][Mm]", "I": r"[0-9]{2}", "z": r"[+-][0-9]{4}|Z", "%": "%",
}  # fmt: skip


def time_in_name(name: str, pattern: str) -> datetime | None:
    """The moment that a strptime `pattern` finds in a file's stem, or None; never part of a longer number."""
    parts = re.split(r"%(.)", pattern)
    expression = "".join(
        f"(?:{_DIRECTIVES.get(part, re.escape('%' + part))})" if at % 2 else re.escape(part)
        for at, part in enumerate(parts)
    )
    for found in re.finditer(f"(?<![0-9])(?:{expression})(?![0-9])", stem(name)):
        try:
            return datetime.strptime(found.group(), pattern)
        except ValueError:
            continue
    return None


@dataclass(frozen=True)
class Manifest:
    """What the exporter says of its file: `NAME.manifest.json` with exported_at, rows and sha256."""

    exported_at: datetime | None
    rows: int | None
    sha256: str | None


def read_manifest(file: Path, zone: str) -> Manifest | None:
    """The manifest beside an export, or None. Raises FileHeld where it can't be read."""
    path = file.with_name(file.name + MANIFEST)
    if not path.is_file():
        return None
    try:
        given: Any = json.loads(path.read_text("utf-8"))
        read = moment_reader(SourceColumn("exported_at", ("exported_at",), "timestamp"), zone)
        moment = given.get("exported_at")
        rows = given.get("rows")
        return Manifest(
            read(str(moment)) if moment else None, None if rows is None else int(rows), given.get("sha256")
        )
    except (ValueError, AttributeError, TypeError, OSError, BadCell) as error:
        raise FileHeld(
            f"its manifest {path.name} can't be read; it holds exported_at, rows and sha256"
        ) from error


def file_version(
    source: Source, name: str, mtime: datetime, exported_at: datetime | None, zone: str
) -> datetime | None:
    """The version of a file as naive local time; `exported_at` is what its manifest says. None where none is
    declared, or a column holds it.

    Raises FileHeld where the declared origin does not tell.
    """
    origin = source.version.origin if source.version else None
    if source.preset == "ga4_events" and origin in (None, "filename"):
        found = GA4_NAME.search(name)
        return time_in_name(found["day"], "%Y%m%d") if found else None
    if source.version is None:
        return None
    if origin == "filename":
        pattern = source.version.pattern or "%Y%m%d"
        moment = time_in_name(name, pattern)
        if moment is None:
            raise FileHeld(f"its name does not hold the version that {pattern!r} declares")
        if moment.tzinfo:
            return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return moment
    if origin == "mtime":
        return mtime.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    if origin == "manifest":
        if exported_at is None:
            raise FileHeld(f"no {MANIFEST} beside it says when it was exported")
        return exported_at
    return None
