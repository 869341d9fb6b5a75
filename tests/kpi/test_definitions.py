"""Slips in definitions: found together, each with its place and what to do."""

from pathlib import Path

import pytest

from dagster_project.errors import DefinitionError
from dagster_project.kpi.load import check_definitions, load_definitions, read_settings
from dagster_project.kpi.reserved import HAND_WRITTEN_MODELS, taken_as_entity
from dagster_project.publish.contract import load


def kpi(**changes):
    """One KPI file with a single KPI, some keys changed, added or (None) removed."""
    keys = {
        "name": "extra",
        "label": "{ja: 追加, en: Extra}",
        "type": "simple",
        "entity": "deals",
        "time": "closed_on",
        "agg": "count",
        "unit": "count",
        "direction": "up",
    } | changes
    lines = [f"    {key}: {value}" for key, value in keys.items() if value is not None]
    return "department: extra\nkpis:\n  -\n" + "\n".join(lines) + "\n"


def messages(folder):
    return [str(issue) for issue in check_definitions(folder)[1]]


def test_a_sound_project_resolves(project):
    definitions = load_definitions(project())
    assert [kpi.name for kpi in definitions.kpis] == ["revenue", "orders_won"]
    assert definitions.kpi("revenue").dimensions == ("team", "owner")


def test_the_place_of_a_slip_is_file_line_and_column(project):
    text = kpi(type="ratio", agg=None, numerator="order_won", denominator="orders_won")
    found = messages(project(kpis__extra=text))
    assert found == [
        "kpi_definitions/kpis/extra.yml:11:5: kpi 'extra': "
        "unknown KPI 'order_won' (did you mean 'orders_won'?)"
    ]


def test_all_slips_are_found_at_once(project):
    folder = project(
        kpis__extra=kpi(agg="totl", unit="yen"),
        kpis__more=kpi(name="more", entity="deal"),
        calendar="timezone: Asia/Tokio\n",
    )
    found = " | ".join(messages(folder))
    assert "'agg': 'totl' is not one of" in found
    assert "unknown entity 'deal'" in found
    assert "no time zone 'Asia/Tokio'" in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (kpi(nmae="x"), "unknown key 'nmae' (did you mean 'name'?)"),
        (kpi(label=None), "'label' is missing"),
        (kpi(time="opened_on"), "'opened_on' is no date of record of deals"),
        (kpi(time=None), "time, the date of record, is missing (deals has: created_on, closed_on)"),
        (kpi(agg=None), "agg is missing"),
        (kpi(agg="sum"), "agg sum needs expr"),
        (kpi(agg="sum", expr="stage"), "sum of a text: 'stage' is not a number"),
        (kpi(agg="sum", expr="amont"), "unknown column 'amont' (did you mean 'amount'?)"),
        (kpi(filter="stage"), "'stage' is no condition but a text"),
        (kpi(filter="contact_email = 'x'"), "unknown column 'contact_email'"),
        (kpi(unit="yen"), "unknown unit 'yen'"),
        (kpi(direction="upwards"), "is not one of up, down"),
        (kpi(grains="[day, moth]"), "'moth' is not one of"),
        (kpi(dimensions="[product]"), "entity 'deals' has no dimension 'product'"),
        (kpi(name="revenue"), "defined twice, first at kpi_definitions/kpis/extra.yml:4"),
        (kpi(name="Revenue"), "a name starts with a lower-case letter"),
        (kpi(name="a__b"), "'__' is kept for the measures of a KPI"),
        (kpi(scale="100"), "'scale' belongs to type ratio"),
        (kpi(type="ratio", agg=None), "numerator is missing"),
        (kpi(type="ratio", agg=None, numerator="revenue", denominator="revenue"), "the ratio is always 1"),
        (
            kpi(type="ratio", agg=None, numerator="revenue", denominator="{agg: count, time: created_on}"),
            "write basis: period",
        ),
        (kpi(agg="average", expr="amount", when_no_data="zero"), "an average of nothing is no value"),
        (kpi(type="derivd"), "(did you mean 'derived'?)"),
        (kpi(type="derived", agg=None), "expr is missing"),
        (kpi(type="derived", agg=None, expr="revenue - cost"), "unknown KPI 'cost'"),
        (kpi(type="derived", agg=None, expr="extra + 1"), "is computed from itself"),
        (kpi(type="cumulative", agg=None), "input_metric is missing"),
        (kpi(type="cumulative", agg=None, input_metric="revenue"), "wants either grain_to_date"),
        (kpi(type="cumulative", agg=None, input_metric="revenue", window="soon"), "is no span of time"),
        (kpi(type="conversion", agg=None, base="orders_won"), "conversion is missing"),
        (
            kpi(type="conversion", agg=None, base="revenue", conversion="orders_won"),
            "a conversion counts rows",
        ),
        (kpi(type="stock", time=None), "a stock is open from:"),
        (kpi(**{"type": "stock", "from": "created_on", "until": "stage"}), "'stage' is no date here"),
        (kpi(agg="percentile", expr="amount"), "belong together"),
        (kpi(having="count(*) > 1"), "having belongs to agg count_distinct"),
        (kpi(valid_from="2026-04-01", retired_on="2026-04-01"), "retired before it is valid"),
        (
            "department: extra\nkpis:\n  - {name: x, expr: coalesce(amount, 0), label: X}\n",
            "quote this value",
        ),
        ("department: extra\nkpi: []\n", "unknown key 'kpi' (did you mean 'kpis'?)"),
        ("kpis: []\n", "'department' is missing"),
        ("department: extra\nkpis: {name: x}\n", "'kpis' wants a list"),
    ],
)
def test_a_wrong_kpi_is_named_with_what_to_do(project, text, message):
    assert any(message in found for found in messages(project(kpis__extra=text))), messages(
        project(kpis__extra=text)
    )


def test_a_mean_of_a_ratio_is_refused(project):
    rate = kpi(name="aov", agg="average", expr="amount", unit="JPY")
    other = kpi(name="x", type="ratio", agg=None, numerator="aov", denominator="orders_won")
    assert any(
        "a mean of means is wrong" in found for found in messages(project(kpis__a=rate, kpis__b=other))
    )


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (
            "- {entity: a, from: b, key: x}\n  - {entity: b, from: a, key: x}",
            "is made from itself: a → b → a",
        ),
        ("- {entity: a, from: crn, key: deal_id}", "unknown source or entity 'crn' (did you mean 'crm'?)"),
        ("- {entity: a, from: crm, key: dealid}", "unknown column 'dealid' (did you mean 'deal_id'?)"),
        ("- {entity: a, key: x}", "wants either from: (sources or entities) or model:"),
        (
            "- {entity: a, from: crm, key: deal_id, lookups: {reps: {match: {team: owner}, take: [team]}}}",
            "the key of 'reps' is owner",
        ),
        (
            "- {entity: a, from: crm, key: deal_id, columns: {who: contact_email}}",
            "'contact_email' is personal (pii) and never selectable",
        ),
        ("- {entity: a, from: crm, key: deal_id, columns: {n: {nth: closed_on}}}", "nth needs by:"),
        ("- {entity: a, from: crm, key: deal_id, dimensions: {amount: {}}}", "too fine to split by"),
        (
            "- {entity: a, from: crm, key: owner, group_by: owner, columns: {n: amount}}",
            "a column is an aggregate",
        ),
        ("- {entity: a, from: [crm, reps], key: deal_id, times: {owner: {}}}", "not a date of record"),
    ],
)
def test_a_wrong_entity_is_named_with_what_to_do(project, entities, message):
    found = messages(
        project(entities=f"entities:\n  {entities}\n", kpis__sales="department: sales\nkpis: []\n")
    )
    assert any(message in line for line in found), found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files": "../secret.csv"}, "leads out of the data folder"),
        ({"files": "/etc/passwd"}, "leads out of the data folder"),
        ({"files": "s3://bucket/x.csv"}, "leads out of the data folder"),
        ({"format": "{encoding: shift_jis}"}, "'format.encoding': 'shift_jis' is not one of"),
        ({"format": '{delimiter: ";;"}'}, "is not one character"),
        ({"load": "by_key", "key": "[]"}, "load by_key needs a key"),
        ({"load": "by_day"}, "needs a version that tells the day"),
        ({"version": "{from: filename}"}, "needs a pattern"),
        ({"covers": "{through: version - 1 day}"}, "'version' is not declared"),
        ({"covers": "{through: yesterday}"}, "is not a date"),
        ({"columns": "{x: {type: integer, map: {a: b}}}"}, "a map is for text"),
        ({"columns": "{x: {type: date, currency: JPY}}"}, "belong to money"),
        ({"columns": "{x: {type: txt}}"}, "is not one of text"),
        ({"columns": "{order: {type: text}}"}, "reserved by SQL"),
    ],
)
def test_a_wrong_source_is_named_with_what_to_do(project, changes, message):
    keys = {"source": "extra", "files": "x.csv", "load": "full", "columns": "{x: {type: text}}"} | changes
    text = "sources:\n  -\n" + "".join(f"    {key}: {value}\n" for key, value in keys.items())
    found = messages(project(sources__extra=text))
    assert any(message in line for line in found), found


def test_a_file_that_nothing_reads_is_a_slip(project):
    assert any(
        "read by nothing (did you mean 'kpis'?)" in line for line in messages(project(kpi__sales="a: b\n"))
    )


def test_errors_of_an_entity_are_not_echoed_by_what_reads_it(project):
    folder = project(
        entities="entities:\n  - {entity: a, from: crn, key: x}\n  - {entity: b, from: a, key: x}\n",
        kpis__sales="department: sales\nkpis: []\n",
    )
    assert len(messages(folder)) == 1


def test_load_raises_with_every_issue(project):
    with pytest.raises(DefinitionError) as caught:
        load_definitions(project(kpis__extra=kpi(unit="yen", time="opened_on", label=None)))
    assert len(caught.value.issues) == 1
    with pytest.raises(DefinitionError) as caught:
        load_definitions(project(kpis__extra=kpi(unit="yen", dimensions="[product]")))
    assert len(caught.value.issues) == 2


def test_each_operand_of_a_ratio_is_a_measure_of_its_own(project):
    text = kpi(name="rate", type="ratio", agg=None, numerator="orders_won", denominator="{agg: count}")
    rate = load_definitions(project(kpis__extra=text)).kpi("rate")
    assert rate.denominator is not None
    assert (rate.numerator.measure.name, rate.denominator.measure.name) == ("orders_won", "rate__denominator")


def test_an_average_is_a_sum_over_the_count_of_the_same_rows(project):
    aov = load_definitions(project(kpis__extra=kpi(agg="average", expr="amount", unit="JPY"))).kpi("extra")
    assert aov.denominator is not None
    assert (aov.numerator.measure.agg, aov.denominator.measure.agg) == ("sum", "count")
    assert aov.denominator.measure.sql == "amount"


def test_distinct_keys_are_simply_counted(project):
    extra = load_definitions(project(kpis__extra=kpi(agg="count_distinct", expr="deal_id"))).kpi("extra")
    assert extra.numerator.measure.agg == "count"


def test_the_hash_follows_meaning_and_not_labels(project):
    first = load_definitions(project(kpis__extra=kpi())).kpi("extra").definition_hash
    relabelled = load_definitions(project(kpis__extra=kpi(label="{en: Other}", owner="me"))).kpi("extra")
    narrowed = load_definitions(project(kpis__extra=kpi(filter="amount > 0"))).kpi("extra")
    assert relabelled.definition_hash == first
    assert narrowed.definition_hash != first


def test_the_hash_follows_the_maps_of_its_source(project):
    folder = project()
    first = load_definitions(folder).kpi("revenue").definition_hash
    path = folder / "kpi_definitions" / "sources" / "crm.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("stage: {type: text}", "stage: {type: text, map: {受注: won}}"), encoding="utf-8"
    )
    assert load_definitions(folder).kpi("revenue").definition_hash != first


LOG = """\
entities:
  - {entity: visits, from: crm, key: [], times: {closed_on: {}}}
"""


def test_rows_without_a_key_are_told_apart_by_the_line_they_were_landed_from(project):
    folder = project(entities__visits=LOG)
    assert load_definitions(folder).entity("visits").key == ("_file", "_line")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("from: crm", "from: crm, group_by: owner, columns: {n: count(*)}"), "rows can't be told apart"),
        (("key: []", "key: [], snapshot: true"), "nothing is the same row the next night"),
    ],
)
def test_what_needs_a_key_is_refused_without_one(project, changed, message):
    assert message in " | ".join(messages(project(entities__visits=LOG.replace(*changed))))


def test_no_entity_takes_the_name_of_a_model_written_by_hand():
    models = Path(__file__).parents[2] / "dbt" / "models"
    by_hand = {path.stem for path in models.rglob("*.sql") if "generated" not in path.parts}
    assert by_hand == HAND_WRITTEN_MODELS


def test_no_entity_may_take_the_name_of_a_published_table():
    assert [table.name for table in load().tables if not taken_as_entity(table.name)] == []


def test_no_entity_may_take_the_name_of_a_generated_table():
    generated = Path(__file__).parents[2] / "dbt" / "models" / "generated" / "kpi"
    names = [path.stem for path in generated.glob("*.sql")]
    assert "things_events__event_at" in names
    assert [name for name in names if not taken_as_entity(name)] == []


def test_a_column_named_like_an_sql_type_is_read_as_a_column(project):
    text = kpi(agg="sum", expr="number", filter="date >= '2026-01-01' and time is not null")
    folder = project(
        sources__log="sources:\n  - source: log\n    files: l.csv\n    load: full\n    columns: "
        "{date: date, time: timestamp, number: number, text: text}\n",
        entities__log="entities:\n  - {entity: log_rows, from: log, key: text, dimensions: {text: {}}}\n",
        kpis__extra=text.replace("deals", "log_rows").replace("closed_on", "date"),
    )
    extra = load_definitions(folder).kpi("extra")
    assert extra.numerator.measure.sql == "number"
    assert extra.numerator.measure.filter == "date >= '2026-01-01' and not time is null"


def test_a_broken_file_does_not_make_what_reads_it_unknown(project):
    ratio = kpi(name="rate", type="ratio", agg=None, numerator="orders_lost", denominator="orders_won")
    folder = project(
        kpis__extra="department: x\nkpis:\n  - name: orders_lost\n   label: x\n", kpis__more=ratio
    )
    assert [line for line in messages(folder) if "not YAML" not in line] == []


def test_a_kpi_has_no_more_grains_than_what_it_is_computed_from(project):
    base = kpi(name="monthly", grains="[month, quarter]")
    share = kpi(
        name="share", type="derived", agg=None, entity=None, time=None, expr="1 - monthly / orders_won"
    )
    share = share.replace("unit: count", "unit: percent")
    definitions = load_definitions(project(kpis__a=base, kpis__b=share))
    assert definitions.kpi("share").grains == ("month", "quarter")


def test_an_offset_leaves_only_grains_that_have_a_counterpart(project):
    growth = kpi(type="derived", agg=None, entity=None, time=None, expr="revenue / before", unit="percent")
    growth += "    input_metrics: [{name: revenue, alias: before, offset_window: 1 quarter}]\n"
    definitions = load_definitions(project(kpis__a=growth))
    assert definitions.kpi("extra").grains == ("day", "month", "quarter")


def test_a_slip_in_the_settings_is_told_together_with_those_of_other_files(project):
    folder = project(project="language: ja\nlanguage: ja\n", kpis__extra=kpi(agg="counts"))
    with pytest.raises(DefinitionError) as refused:
        read_settings(folder)
    assert [issue.file for issue in refused.value.issues] == [
        "kpi_definitions/kpis/extra.yml",
        "kpi_definitions/project.yml",
    ]
