"""One company, run twice; every test begins with its first night or its second, and gives it another."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.faults.company import Company, copy_state, deals, store, tables, write_company

SECRETS = {
    "DATABASE_URL": "postgresql://kpi:swordfish-1@db.example.invalid/kpi",
    "SLACK_TOKEN": "xoxb-swordfish-2",
    "DBT_ENV_SECRET_TOKEN": "swordfish-3",
}


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, Path, list[Any]]:
    """The company after its first night, the state to come back to, and whom that night tried to reach."""
    company = write_company(tmp_path_factory.mktemp("faults") / "company")
    reached: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        reached.append(address)
        raise OSError("no network in this test")

    def unknown(host: Any, *arguments: Any, **options: Any) -> None:
        reached.append(host)
        raise socket.gaierror("no network in this test")

    with (
        patch.dict(os.environ, SECRETS),
        patch.object(socket.socket, "connect", refuse),
        patch.object(socket, "getaddrinfo", unknown),
    ):
        company.night()
    kept = tmp_path_factory.mktemp("kept")
    copy_state(company.root, kept)
    return company, kept, reached


@pytest.fixture(scope="module")
def seen(first_night: tuple[Company, Path, list[Any]]) -> Company:
    """The company after its first night, to look at only."""
    company, kept, _ = first_night
    copy_state(kept, company.root)
    return company


@pytest.fixture
def company(first_night: tuple[Company, Path, list[Any]]) -> Iterator[Company]:
    """The company after its first night, to be given another."""
    company, kept, _ = first_night
    copy_state(kept, company.root)
    yield company
    copy_state(kept, company.root)


@dataclass(frozen=True)
class Second:
    """The night after, which a corrected day, a late one and a newer export of deals had come before."""

    kept: Path
    run_id: str
    before: dict[str, pd.DataFrame]  # the tables that the first night published
    landed_before: set[Path]
    first_published_at: datetime  # in UTC
    exports_came_after: datetime


@pytest.fixture(scope="session")
def second_night(
    first_night: tuple[Company, Path, list[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Second:
    company, first, _ = first_night
    copy_state(first, company.root)
    before, landed = tables(company.project.current), company.landed()
    published = pq.read_table(company.project.current / "publication.parquet")["published_at"].to_pylist()[0]
    then = datetime.now(UTC)
    company.write("store/store_20260409.csv", store(date(2026, 4, 9), 133, 13))
    company.write("store/store_20260407.csv", store(date(2026, 4, 7), 70, 7))
    newer = deals(number for number in range(1, 31) if number != 10)
    company.write_deals("20260412", newer.replace('"2,000円"', '"2,500円"'))
    run_id = company.night()
    kept = tmp_path_factory.mktemp("kept_second")
    copy_state(company.root, kept)
    copy_state(first, company.root)
    return Second(kept, run_id, before, landed, published.replace(tzinfo=UTC), then)


@pytest.fixture
def corrected(first_night: tuple[Company, Path, list[Any]], second_night: Second) -> Iterator[Company]:
    """The company after its second night, to be given another."""
    company, first, _ = first_night
    copy_state(second_night.kept, company.root)
    yield company
    copy_state(first, company.root)
