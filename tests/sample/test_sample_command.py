from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_project.cli.sample import sample
from dagster_project.errors import UsageError
from dagster_project.sample import write


@pytest.fixture(autouse=True)
def three_days_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command without its two and a half years."""
    from datetime import date

    whole = write.write_sample

    def short(folder: Path, **options: bool) -> write.SampleWritten:
        return whole(folder, date(2026, 8, 1), date(2026, 8, 3), **options)

    monkeypatch.setattr(write, "write_sample", short)


def test_the_command_writes_a_project_and_says_what_to_do_next(tmp_path: Path) -> None:
    result = CliRunner().invoke(sample, [str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    assert "架空データ" in result.output
    assert f"kpi --project {tmp_path / 'new'} run" in result.output
    assert (tmp_path / "new" / "kpi_definitions" / "kpis" / "sales.yml").is_file()


def test_exports_only_writes_no_definitions(tmp_path: Path) -> None:
    result = CliRunner().invoke(sample, [str(tmp_path), "--exports-only"])
    assert result.exit_code == 0, result.output
    assert f"kpi run --data {tmp_path}" in result.output
    assert not (tmp_path / "kpi_definitions").exists()


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("theirs")
    result = CliRunner().invoke(sample, [str(tmp_path)])
    assert isinstance(result.exception, UsageError)
    assert "--force" in str(result.exception)
