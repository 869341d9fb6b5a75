"""The company whose web events are counted, as a project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from dagster_project.project import Project
from tests.rewrites.company import write_definitions


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    write_definitions(tmp_path)
    with patch.dict(os.environ):
        yield Project(root=tmp_path, data=tmp_path / "data", outputs=tmp_path / "outputs")
