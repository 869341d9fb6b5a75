"""Which real sample stands for which export of a shipped mapping, and how a mapping becomes a project."""

from __future__ import annotations

import shutil
from pathlib import Path

from dagster_project.kpi.load import check_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.mappings import mapping_text

DAY = "20261101"
SALESFORCE = ("opportunity", "opportunity_history", "lead", "task", "event", "account", "contact", "user")
HUBSPOT = (
    "deal", "deal_pipeline", "deal_pipeline_stage", "deal_stage", "deal_property_history", "contact",
    "company", "engagement_call", "engagement_email", "engagement_meeting", "engagement_note",
    "engagement_task", "engagement_communication", "ticket", "ticket_pipeline_stage", "owner",
)  # fmt: skip
# mapping → {export below the data folder: sample below vendor_schemas}
SAMPLES = {
    "salesforce": {
        f"salesforce/{table}_{DAY}.csv": f"salesforce/sf_{table}_data.csv" for table in SALESFORCE
    },
    "hubspot": {f"hubspot/{table}_{DAY}.csv": f"hubspot/{table}_data.csv" for table in HUBSPOT},
    "google_ads": {
        f"google_ads/{table}_{DAY}.csv": f"ads/google_ads_{table}_data.csv"
        for table in ("campaign_stats", "campaign_history")
    },
    "microsoft_ads": {
        f"microsoft_ads/{table}_{DAY}.csv": f"ads/microsoft_ads_{table}_data.csv"
        for table in ("campaign_performance_daily_report",)
    },
    "facebook_ads": {
        f"facebook_ads/{table}_{DAY}.csv": f"ads/facebook_ads_{table}_data.csv"
        for table in ("basic_ad", "basic_ad_actions", "basic_ad_action_values")
    },
}


def project_of(root: Path, *mappings: str, currency: str = "USD") -> Path:
    """A project that holds nothing but shipped mappings."""
    sources = root / "kpi_definitions" / "sources"
    sources.mkdir(parents=True)
    for name in mappings:
        (sources / f"{name}.yml").write_text(mapping_text(name), "utf-8")
    (root / "kpi_definitions" / "project.yml").write_text(
        f"name: mapped\ncurrency: {currency}\nas_of: latest_data\n", "utf-8"
    )
    return root


def definitions_of(root: Path) -> Definitions:
    """The project's definitions, which must be without any finding."""
    definitions, issues = check_definitions(root)
    assert [str(issue) for issue in issues] == []
    assert definitions is not None
    return definitions


def put_samples(mapping: str, vendor_schemas: Path, data: Path) -> None:
    """The samples, byte by byte, under the names that the mapping asks for."""
    for export, sample in SAMPLES[mapping].items():
        target = data / export
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(vendor_schemas / sample, target)
