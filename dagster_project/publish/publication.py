"""The one row that says what a publication is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.kpi.model import Definitions
from dagster_project.publish.contract import load


def publication_row(
    definitions: Definitions,
    definitions_hash: str,
    run_id: str,
    as_of: date,
    published_at: datetime,
    known_at: datetime | None = None,
) -> pa.Table:
    """The table `publication`. Both times carry a zone and are stored in UTC."""
    contract, settings = load(), definitions.settings
    row = {
        "publication_id": run_id,
        "as_of": as_of,
        "published_at": _utc(published_at),
        "known_at": _utc(known_at) if known_at else None,
        "definitions_hash": definitions_hash,
        "contract_version": contract.version,
        "synthetic": settings.synthetic,
        "project": settings.name,
        "label_ja": settings.label.ja or settings.name,
        "label_en": settings.label.en or settings.name,
        "language": settings.language,
        "currency": settings.currency,
        "timezone": definitions.calendar.timezone,
        "fiscal_start_month": definitions.calendar.fiscal_start_month,
    }
    return pa.Table.from_pylist([row], schema=contract.table("publication").schema)


def known_at_of(folder: Path) -> datetime | None:
    """The moment that the publication in `folder` was cut at, in UTC; None: it knew all that had landed."""
    (value,) = pq.read_table(folder / "publication.parquet", columns=["known_at"])["known_at"].to_pylist()
    return value.replace(tzinfo=UTC) if value else None


def known_moment(folder: Path) -> datetime:
    """The moment up to which the publication in `folder` knows what has arrived, in UTC."""
    (at,) = pq.read_table(folder / "publication.parquet", columns=["published_at"])[
        "published_at"
    ].to_pylist()
    return known_at_of(folder) or at.replace(tzinfo=UTC)


def as_of_of(folder: Path) -> date:
    """The as-of date of the publication in `folder`."""
    (value,) = pq.read_table(folder / "publication.parquet", columns=["as_of"])["as_of"].to_pylist()
    found: date = value
    return found


def _utc(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError(f"{when} has no zone; publication times need one")
    return when.astimezone(UTC).replace(tzinfo=None)
