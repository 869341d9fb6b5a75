from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, data=tmp_path / "data", outputs=tmp_path / "outputs")
