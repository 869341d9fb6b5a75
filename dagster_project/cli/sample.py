"""`kpi sample DIR`: the exports of a fictitious company, and a project that reads them."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--exports-only", is_flag=True, help="Write the raw exports alone, without kpi_definitions/.")
@click.option("--force", is_flag=True, help="Write into DIR whatever it holds; renew definitions.")
def sample(folder: Path, exports_only: bool, force: bool) -> None:
    """Write the raw exports of a fictitious Japanese company to DIR, with definitions that read them.

    All of it is made up (架空データ): two and a half fiscal years of an SFA, Google Analytics 4, ad platforms
    and a web shop, the same on every machine. Afterwards: kpi --project DIR run
    """
    from dagster_project.sample.write import write_sample

    written = write_sample(folder, definitions=not exports_only, force=force)
    say = click.echo
    say(f"Wrote synthetic data (架空データ) of みちしるべ商事 to {written.folder}:")
    say(f"  {written.start} .. {written.end}, {written.files:,} files, {written.size / 1e6:.0f} MB")
    say(f"  sfa/   {written.leads:,} leads, {written.deals:,} deals (CSV, CP932)")
    say(f"  shop/  {written.orders:,} orders (CSV, UTF-8 with BOM)")
    say(f"  ga4/   {written.events:,} events (NDJSON, a file a day)")
    say("  ads/   daily figures of seven campaigns (CSV)")
    if written.definitions is None:
        say(f"Next: kpi run --data {folder}")
        return
    kept = "kept as they were; --force renews" if written.definitions_kept else "what it measures; its goals"
    say(f"  kpi_definitions/   {kept}")
    say(f"Next: kpi --project {folder} run")
