"""Real samples, shipped mappings and a few KPIs give published values: against pandas on the same files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from dagster_project.mappings import mapping_text
from tests.conftest import run_project
from tests.mappings.samples import SAMPLES, project_of

pytestmark = pytest.mark.slow

ZONE = "Asia/Tokyo"
PLATFORMS = ("google_ads", "microsoft_ads", "facebook_ads")
SALES_KPIS = """
  - {name: deals, type: simple, entity: deals, time: created_on, agg: count, unit: count, direction: up}
  - {name: orders_won, type: simple, entity: deals, time: closed_on, agg: count, filter: stage = 'won', unit: count, direction: up}
  - {name: revenue, type: simple, entity: deals, time: closed_on, agg: sum, expr: amount, filter: stage = 'won', unit: USD, direction: up}
  - {name: leads, type: simple, entity: leads, time: created_on, agg: count, unit: count, direction: up}
  - {name: activities, type: simple, entity: activities, time: done_at, agg: count, unit: count, direction: up}
  - {name: stages_reached, type: simple, entity: deal_stages, time: entered_on, agg: count, unit: count, direction: up}
  - name: win_rate
    type: ratio
    entity: deals
    time: closed_on
    numerator: orders_won
    denominator: {agg: count, filter: "stage in ('won', 'lost')"}
    unit: percent
    direction: up
"""  # noqa: E501
AD_KPIS = """
  - {name: ad_cost, type: simple, entity: ad_performance, time: report_on, agg: sum, expr: cost, unit: USD, direction: down}
  - {name: impressions, type: simple, entity: ad_performance, time: report_on, agg: sum, expr: impressions, unit: count, direction: up}
  - {name: clicks, type: simple, entity: ad_performance, time: report_on, agg: sum, expr: clicks, unit: count, direction: up}
  - {name: ctr, type: ratio, numerator: clicks, denominator: impressions, unit: percent, direction: up}
"""  # noqa: E501
TICKET_KPIS = """
  - {name: tickets, type: simple, entity: tickets, time: created_on, agg: count, unit: count, direction: down}
  - {name: resolution_hours, type: simple, entity: tickets, time: closed_on, agg: average, expr: resolution_hours, unit: hours, direction: down}
"""  # noqa: E501


@dataclass
class Published:
    period: pd.DataFrame
    data: Path

    def value(self, kpi: str, dimension: str = "total", segment: str = "total", grain: str = "all") -> float:
        rows = self.period.query(
            "kpi == @kpi and dimension == @dimension and segment == @segment and grain == @grain"
        )
        assert len(rows) == 1, f"{kpi} {dimension}={segment}: {len(rows)} rows"
        return float(rows.value.iloc[0])

    def months(self, kpi: str) -> dict[str, float]:
        rows = self.period.query("kpi == @kpi and dimension == 'total' and grain == 'month'")
        rows = rows[rows.value.notna() & (rows.value != 0)]
        return dict(zip(rows.period_start.astype(str).str[:7], rows.value, strict=True))

    def frame(self, export: str) -> pd.DataFrame:
        (path,) = self.data.glob(export)
        return pd.read_csv(path, dtype=str, keep_default_na=False)


def local(moments: pd.Series) -> pd.Series:
    """UTC as written → local time of the calendar."""
    return pd.to_datetime(moments, format="ISO8601", utc=True).dt.tz_convert(ZONE)


def by_month(days: pd.Series) -> dict[str, float]:
    return days.dt.strftime("%Y-%m").value_counts().astype(float).to_dict()


def prepare(root: Path, name: str, vendor_schemas: Path, day: str) -> None:
    """The samples under the names that the mapping asks for, as exports of `day`."""
    for export, sample in SAMPLES[name].items():
        frame = pd.read_csv(vendor_schemas / sample, dtype=str, keep_default_na=False)
        target = root / "data" / export.replace("20261101", day)
        target.parent.mkdir(parents=True, exist_ok=True)
        frame.pipe(FILLED.get(target.stem.rpartition("_")[0], lambda same: same)).to_csv(target, index=False)


def _mostly_kept(frame: pd.DataFrame) -> pd.DataFrame:
    """The sample's opportunities are all deleted; here only the first two are."""
    return frame.assign(is_deleted=["true", "true"] + ["false"] * (len(frame) - 2))


def _first_version(campaigns: pd.DataFrame) -> pd.DataFrame:
    """The later ones lie after the day that the other exports here were written."""
    return campaigns[campaigns.updated_at < "2021-07"]


def _with_stages(deals: pd.DataFrame) -> pd.DataFrame:
    """The sample's deals have no stage, amount or closing day; here they get them in turn."""
    turns = [STAGES[at % 4] for at in range(len(deals))]
    closing = local(deals.property_createdate) + pd.Timedelta(days=30)
    return deals.assign(
        deal_pipeline_stage_id=turns,
        property_amount=[f"{1000 + at}.25" for at in range(len(deals))],
        property_closedate=closing.dt.tz_convert("UTC").dt.strftime("%Y-%m-%d %H:%M:%S"),
        is_deleted=["true"] + ["false"] * (len(deals) - 1),
    )


def _with_a_lost_stage(stages: pd.DataFrame) -> pd.DataFrame:
    """No stage of the sample is lost; here the one of STAGES is."""
    return stages.assign(is_closed=stages.is_closed.where(stages.stage_id != STAGES[1], "TRUE"))


def _lately(engagements: pd.DataFrame) -> pd.DataFrame:
    """One row or two of 2014 and 2023; here they are of the months that the other samples are of."""
    return engagements.assign(property_hs_timestamp="2020-06-02" + engagements.property_hs_timestamp.str[10:])


def _a_few(owners: pd.DataFrame) -> pd.DataFrame:
    return owners[:5]


FILLED = {
    "opportunity": _mostly_kept,
    "opportunity_history": _mostly_kept,
    "campaign_history": _first_version,
    "deal": _with_stages,
    "deal_pipeline_stage": _with_a_lost_stage,
    **{f"engagement_{kind}": _lately for kind in ("call", "email", "note", "task", "communication")},
    "owner": _a_few,
}
# One that the sample calls won, one made lost, one open, and one that no list of stages knows.
STAGES = ["", "", "", "unheard-of"]


def write_kpis(root: Path, kpis: str) -> None:
    folder = root / "kpi_definitions" / "kpis"
    folder.mkdir()
    given = [{"label": kpi["name"], **kpi} for kpi in yaml.safe_load(kpis)]
    (folder / "all.yml").write_text(yaml.safe_dump({"department": "sales", "kpis": given}), "utf-8")


def in_one_project(*names: str) -> dict[str, Any]:
    """The ad mappings brought together as their comments say: one ad_performance with the inputs of all."""
    parts = [yaml.safe_load(mapping_text(name)) for name in names]
    whole: dict[str, Any] = {"sources": [], "entities": []}
    united: dict[str, Any] | None = None
    for part in parts:
        whole["sources"] += part["sources"]
        for entity in part["entities"]:
            if entity["entity"] == "ad_performance" and united is not None:
                united["from"] += entity["from"]
                continue
            whole["entities"].append(entity)
            if entity["entity"] == "ad_performance":
                united = entity
    assert united is not None
    whole["entities"].remove(united)
    whole["entities"].append(united)
    united["times"] = {"report_on": {"from": "2018-09-01"}}
    return whole


@pytest.fixture(scope="module")
def salesforce_and_ads(real_data, tmp_path_factory) -> Published:
    vendor_schemas = real_data("vendor_schemas")
    root = project_of(tmp_path_factory.mktemp("mapped") / "salesforce_and_ads", "salesforce")
    ads = yaml.safe_dump(in_one_project(*PLATFORMS), allow_unicode=True, sort_keys=False)
    (root / "kpi_definitions" / "sources" / "ads.yml").write_text(ads, "utf-8")
    for name in ("salesforce", *PLATFORMS):
        prepare(root, name, vendor_schemas, "20210701")
    write_kpis(root, SALES_KPIS + AD_KPIS)
    answer = run_project(root)
    assert answer["as_of"] == "2021-06-30"
    return Published(pd.read_parquet(root / "outputs" / "current" / "kpi_period.parquet"), root / "data")


@pytest.fixture(scope="module")
def hubspot(real_data, tmp_path_factory) -> Published:
    vendor_schemas = real_data("vendor_schemas")
    stages = pd.read_csv(vendor_schemas / "hubspot/deal_pipeline_stage_data.csv", dtype=str)
    STAGES[0] = stages.stage_id[stages.closed_won == "TRUE"].iloc[0]
    STAGES[1:3] = stages.stage_id[stages.closed_won == "FALSE"].iloc[:2]
    root = project_of(tmp_path_factory.mktemp("mapped") / "hubspot", "hubspot")
    prepare(root, "hubspot", vendor_schemas, "20210701")
    mapping = root / "kpi_definitions" / "sources" / "hubspot.yml"
    text = mapping.read_text("utf-8")
    assert text.count("times: {done_at: {}}") == 1
    mapping.write_text(text.replace("times: {done_at: {}}", "times: {done_at: {from: 2019-10-01}}"), "utf-8")
    write_kpis(root, SALES_KPIS + TICKET_KPIS)
    answer = run_project(root)
    assert answer["as_of"] == "2021-06-30"
    return Published(pd.read_parquet(root / "outputs" / "current" / "kpi_period.parquet"), root / "data")


# --- Salesforce -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opportunities(salesforce_and_ads) -> pd.DataFrame:
    deals = salesforce_and_ads.frame("salesforce/opportunity_2*.csv")
    deals = deals[(deals.is_deleted == "false") & (deals._fivetran_active == "true")]
    assert 0 < len(deals) < 10
    return deals


def test_salesforce_deals_count_on_their_local_day_without_deleted_and_superseded_ones(
    salesforce_and_ads, opportunities
):
    assert salesforce_and_ads.months("deals") == by_month(local(opportunities.created_date))
    assert salesforce_and_ads.value("deals") == len(opportunities)


def test_salesforce_win_rate_and_revenue_are_those_of_the_flags(salesforce_and_ads, opportunities):
    closed = opportunities[opportunities.is_closed == "true"]
    won = closed[closed.is_won == "true"]
    assert 0 < len(won) < len(closed)
    assert salesforce_and_ads.value("win_rate") == pytest.approx(len(won) / len(closed), abs=1e-12)
    assert salesforce_and_ads.months("orders_won") == by_month(pd.to_datetime(won.close_date))
    amounts = pd.to_numeric(won.amount.replace("", "0"))
    assert salesforce_and_ads.value("revenue") == pytest.approx(amounts.sum(), abs=1e-9)


def test_salesforce_leads_activities_and_stages_come_out(salesforce_and_ads):
    leads = salesforce_and_ads.frame("salesforce/lead_2*.csv")
    tasks = salesforce_and_ads.frame("salesforce/task_2*.csv")
    events = salesforce_and_ads.frame("salesforce/event_2*.csv")
    done = tasks[tasks.is_closed == "TRUE"].completed_date_time
    assert salesforce_and_ads.months("leads") == by_month(local(leads.created_date))
    moments = pd.concat([local(done), local(events.start_date_time)])
    assert salesforce_and_ads.months("activities") == by_month(moments)
    assert salesforce_and_ads.value("activities", "activity_kind", "call") == (events.type == "Call").sum()
    history = salesforce_and_ads.frame("salesforce/opportunity_history_2*.csv")
    first = history[history.is_deleted == "false"].sort_values("_fivetran_start")
    first = first.drop_duplicates(["id", "stage_name"])
    assert salesforce_and_ads.months("stages_reached") == by_month(local(first._fivetran_start))


# --- ads --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platforms(salesforce_and_ads) -> pd.DataFrame:
    """cost, clicks, impressions by platform, summed by pandas."""
    google = salesforce_and_ads.frame("google_ads/campaign_stats_2*.csv")
    microsoft = salesforce_and_ads.frame("microsoft_ads/*.csv")
    facebook = salesforce_and_ads.frame("facebook_ads/basic_ad_2*.csv")
    sums = {
        "google": (pd.to_numeric(google.cost_micros).sum() / 1e6, google.clicks, google.impressions),
        "microsoft": (pd.to_numeric(microsoft.spend).sum(), microsoft.clicks, microsoft.impressions),
        "facebook": (pd.to_numeric(facebook.spend).sum(), facebook.inline_link_clicks, facebook.impressions),
    }
    return pd.DataFrame(
        {
            name: {
                "ad_cost": cost,
                "clicks": pd.to_numeric(clicks).sum(),
                "impressions": pd.to_numeric(impressions).sum(),
            }
            for name, (cost, clicks, impressions) in sums.items()
        }
    )


@pytest.mark.parametrize("platform", ["google", "microsoft", "facebook"])
def test_ad_cost_clicks_and_ctr_of_a_platform_are_the_sums_of_its_export(
    salesforce_and_ads, platforms, platform
):
    for kpi in ("ad_cost", "clicks", "impressions"):
        value = salesforce_and_ads.value(kpi, "platform", platform)
        assert value == pytest.approx(platforms[platform][kpi], rel=1e-12), kpi
    ctr = platforms[platform]["clicks"] / platforms[platform]["impressions"]
    assert salesforce_and_ads.value("ctr", "platform", platform) == pytest.approx(ctr, rel=1e-12)


def test_three_platforms_stand_in_one_ad_performance(salesforce_and_ads, platforms):
    whole = platforms.sum(axis=1)
    assert salesforce_and_ads.value("ad_cost") == pytest.approx(whole["ad_cost"], rel=1e-12)
    assert salesforce_and_ads.value("ctr") == pytest.approx(whole["clicks"] / whole["impressions"], rel=1e-12)


# --- HubSpot ----------------------------------------------------------------------------------------------


def test_hubspot_win_rate_takes_won_and_lost_from_the_list_of_stages(hubspot):
    deals = hubspot.frame("hubspot/deal_2*.csv")
    deals = deals[deals.is_deleted == "false"]
    won = deals[deals.deal_pipeline_stage_id == STAGES[0]]
    lost = deals[deals.deal_pipeline_stage_id == STAGES[1]]
    assert len(won) > 5
    assert len(lost) > 5
    assert hubspot.value("win_rate") == pytest.approx(len(won) / (len(won) + len(lost)), abs=1e-12)
    assert hubspot.months("orders_won") == by_month(local(won.property_closedate))
    assert hubspot.value("revenue") == pytest.approx(pd.to_numeric(won.property_amount).sum(), abs=1e-9)


def test_hubspot_deals_count_on_their_local_day_and_an_unknown_stage_is_none(hubspot):
    deals = hubspot.frame("hubspot/deal_2*.csv")
    deals = deals[deals.is_deleted == "false"]
    assert hubspot.months("deals") == by_month(local(deals.property_createdate))
    unknown = (deals.deal_pipeline_stage_id == STAGES[3]).sum()
    assert unknown
    assert hubspot.value("deals", "stage", "(none)") == unknown


def test_hubspot_leads_tickets_and_stage_entries_come_out(hubspot):
    contacts = hubspot.frame("hubspot/contact_2*.csv")
    tickets = hubspot.frame("hubspot/ticket_2*.csv")
    entries = hubspot.frame("hubspot/deal_stage_2*.csv")
    assert hubspot.months("leads") == by_month(local(contacts.property_createdate))
    assert hubspot.months("tickets") == by_month(local(tickets.property_createdate))
    assert hubspot.months("stages_reached") == by_month(
        local(entries.date_entered.str.replace(r" (\d):", r" 0\1:", regex=True))
    )
    closed = tickets[(tickets.property_closed_date != "") & (tickets.property_closed_date < "2021-07")]
    assert len(closed) == 22
    took = local(closed.property_closed_date) - local(closed.property_createdate)
    hours = took.dt.total_seconds() / 3600
    assert hubspot.value("resolution_hours") == pytest.approx(hours.mean(), rel=1e-9)


def test_hubspot_activities_are_all_kinds_of_engagements(hubspot):
    kinds = {"call": "call", "email": "email", "note": "note", "task": "task", "communication": "message"}
    for table, kind in kinds.items():
        rows = hubspot.frame(f"hubspot/engagement_{table}_2*.csv")
        assert hubspot.value("activities", "activity_kind", kind) == len(rows), kind
    meetings = hubspot.frame("hubspot/engagement_meeting_2*.csv")
    since = (local(meetings.start_time) >= "2019-10-01").sum()
    assert 0 < since < 93  # 93 of the 100 were not written in 1970
    assert hubspot.value("activities", "activity_kind", "meeting") == since
