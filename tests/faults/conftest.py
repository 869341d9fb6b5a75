"""One company, run once; every test begins with that first night and gives it another."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.faults.company import Company, copy_state, write_company

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
