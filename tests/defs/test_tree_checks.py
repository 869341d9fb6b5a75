"""What Dagster is told of equations that don't hold in the data."""

from __future__ import annotations

import dagster as dg
import pandas as pd
import pytest

from dagster_project.defs.gap import _checked
from dagster_project.goals.gap.tables import GapTables


@pytest.mark.parametrize(("status", "passed"), [("holds", True), ("unknown", True), ("mismatch", False)])
def test_a_mismatch_is_a_warning_with_its_amount_and_never_an_error(status, passed):
    checks = pd.DataFrame(
        {
            "goal": ["g"], "equation": ["orders = deals * rate"], "status": [status], "difference": [-6.0],
            "likely_reason": ["timing"],
        }
    )  # fmt: skip
    result = _checked(GapTables(checks, pd.DataFrame(), pd.DataFrame()))
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
    told = result.metadata["mismatches"].value
    assert told == ([] if passed else ["g: orders = deals * rate is off by -6 (timing)"])
