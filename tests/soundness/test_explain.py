"""`kpi explain` tells of a KPI of a company that has published."""

import re

from click.testing import CliRunner

from dagster_project.cli.main import cli
from dagster_project.errors import UsageError


def explain(night, *arguments):
    return CliRunner().invoke(
        cli, ["--project", str(night.root), "explain", *arguments], standalone_mode=False
    )


def test_a_kpi_is_told_from_its_words_to_its_last_values(night):
    text = explain(night, "buyers").stdout
    assert "number of different `customer` in deals (`stage = 'won'`)" in text
    assert re.search(r"^Definition, kpi_definitions/kpis/all.yml:9 \(hash [0-9a-f]{12}\)$", text, re.M)
    assert "- {name: buyers, label: Buyers, type: simple, entity: deals, time: closed_on" in text
    assert "SQL, kpi/anew_deals__closed_on.sql" in text
    assert "SQL, marts/deals.sql" not in text
    assert "entity deals (kpi_definitions/entities.yml:2) from source crm, source reps" in text
    assert re.search(r"1 file in force, the newest: deals.csv \(arrived [-0-9]+ [0-9:]+, 1,400 rows\)", text)
    readers = re.findall(r"^  KPI (\w+) ", text, re.M)
    assert {"buyers_28d", "retention"} <= set(readers)
    assert "closed" not in readers
    values = re.findall(r"^  (\d{4}-\d\d-01) +([\d,]+)  count  (\w+)", text, re.M)
    months = night.period[
        (night.period.kpi == "buyers") & (night.period.grain == "month") & (night.period.dimension == "total")
    ].sort_values("period_start")
    assert [int(value.replace(",", "")) for _, value, _ in values] == [
        int(value) for value in months.value.tail(6)
    ]


def test_the_whole_sql_is_printed_on_demand(night):
    text = explain(night, "buyers", "--sql").stdout
    assert "SQL, marts/deals.sql" in text
    assert "SQL, staging/stg_crm.sql" in text


def test_an_unknown_kpi_goal_or_node_is_refused_with_the_nearest(night):
    for name, hint in (("buyer", "did you mean 'buyers'?"), ("goal.node", "no goal 'goal'")):
        error = explain(night, name).exception
        assert isinstance(error, UsageError)
        assert hint in str(error)
