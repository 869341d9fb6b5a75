"""A company's data and landing folders over some nights, and short ways to declare sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.kpi.model import CalendarRules, Format, Source, SourceColumn
from dagster_project.landing.expose import Exposed, expose
from dagster_project.landing.land import LandingReport, land
from dagster_project.warehouse import SETTINGS

RULES = CalendarRules()
FIRST_NIGHT = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)


def column(name: str, type: str = "text", *headers: str, **more: Any) -> SourceColumn:  # noqa: A002
    return SourceColumn(name, headers or (name,), type, **more)  # type: ignore[arg-type]


def deals(**more: Any) -> Source:
    """A keyed full export: id, stage, closed_on, amount."""
    given: dict[str, Any] = {
        "name": "deals",
        "files": "deals*.csv",
        "format": Format("csv"),
        "load": "full",
        "columns": (
            column("id", "text", "id", "商談ID"),
            column("stage", "text", "stage", "フェーズ"),
            column("closed_on", "date", "closed_on", "完了日"),
            column("amount", "money", "amount", "金額"),
        ),
        "key": ("id",),
    }
    return Source(**{**given, **more})


@dataclass
class Room:
    """A project's data and landing folders over several nights."""

    data: Path
    landing: Path
    night: int = 0
    told: list[str] = field(default_factory=list)

    def write(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def land(self, *sources: Source, settle_seconds: float = 0) -> LandingReport:
        """Land tonight; each call is a night later than the one before."""
        now = FIRST_NIGHT + timedelta(days=self.night)
        self.night += 1
        return land(
            self.data, self.landing, sources, RULES, now, self.told.append, settle_seconds=settle_seconds
        )

    def expose(self, sources: Sequence[Source], as_of: date, known_at: datetime | None = None) -> Exposed:
        with duckdb.connect(str(self.landing.parent / "warehouse.duckdb"), config=SETTINGS) as connection:
            return expose(
                connection, self.landing, sources, RULES, as_of, "20261101T180000Z-000000", known_at
            )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.landing.parent / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def rows(
        self, source: Source, as_of: date = date(2026, 11, 30), columns: str = "* exclude (_file, version)"
    ) -> list[tuple[Any, ...]]:
        self.expose([source], as_of)
        return self.query(f"select {columns} from landing.{source.name} order by _line")
