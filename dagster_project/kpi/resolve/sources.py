"""Sources, resolved: what landing needs to know about an export."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Covers, Format, Source, SourceColumn, Version
from dagster_project.kpi.resolve.rates import with_rates
from dagster_project.kpi.spec.base import Written
from dagster_project.kpi.spec.sources import CoversSpec, SourceSpec
from dagster_project.kpi.text import parse_date
from dagster_project.kpi.units import is_currency

_SHAPING = ("files", "load", "covers", "no_file", "expected_lag", "provisional_for")


def resolve_sources(
    written: Sequence[Written[SourceSpec]], currency: str
) -> tuple[tuple[Source, ...], list[Issue]]:
    """All sources in the order written, and every finding. `currency`: of money that names none."""
    issues: list[Issue] = []
    sources: dict[str, Source] = {}
    for item in written:
        name = item.spec.source
        if name in sources:
            first = sources[name].where
            issues.append(item.issue((), f"named twice, first at {first.file}:{first.line}", "rename one"))
            continue
        issues += _findings(item)
        try:
            sources[name] = _resolve(item, currency)
        except ValueError as error:
            issues.append(item.issue(("covers", "through"), str(error)))
    sources, found = with_rates({item.spec.source: item for item in reversed(written)}, sources, currency)
    return tuple(sources.values()), [*issues, *found]


def _findings(item: Written[SourceSpec]) -> list[Issue]:
    spec, found = item.spec, []
    path = PurePosixPath(spec.files.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", spec.files):
        found.append(
            item.issue(("files",), f"'{spec.files}' leads out of the data folder", "name a path below it")
        )
    delimiter = spec.format.delimiter
    if len(delimiter.replace("\\t", "\t")) != 1:
        found.append(item.issue(("format", "delimiter"), f"'{delimiter}' is not one character"))
    if spec.preset is not None:
        if spec.columns:
            found.append(
                item.issue(("columns",), f"preset {spec.preset} brings its columns", "remove columns")
            )
        if spec.format.type not in ("ndjson", "parquet"):
            found.append(item.issue(("format",), f"preset {spec.preset} is read from ndjson or parquet"))
    elif not spec.columns:
        found.append(
            item.issue((), "no columns declared", f"see what the file holds: kpi source inspect {spec.files}")
        )
    for name in spec.key:
        if name not in spec.columns:
            found.append(item.issue(("key",), f"unknown column '{name}'", suggest(name, spec.columns)))
    if spec.load == "by_key" and not spec.key:
        found.append(item.issue(("load",), "load by_key needs a key", "name the key columns"))
    if spec.files.count("[") != spec.files.count("]"):
        found.append(item.issue(("files",), f"'{spec.files}' has a bracket without its partner"))
    if spec.load == "by_key" and spec.version is None:
        message = "without a version the row in the greater file name counts as the newest"
        found.append(item.issue(("load",), message, "version: {from: filename, pattern: ...}", "warning"))
    if spec.load == "by_day" and (spec.version is None or spec.version.from_ == "mtime"):
        found.append(
            item.issue(
                ("load",), "load by_day needs a version that tells the day", "version: {from: filename, ...}"
            )
        )
    found += _version_findings(item)
    for name, column in spec.columns.items():
        place = ("columns", name)
        if name == "version":
            found.append(item.issue(place, "'version' is the export's own time", "choose another name"))
        if column.map and column.type != "text":
            found.append(item.issue((*place, "map"), f"a map is for text, not {column.type}"))
        if (column.currency or column.tax) and column.type != "money":
            found.append(item.issue(place, f"currency and tax belong to money, not {column.type}"))
        if column.currency and not is_currency(column.currency):
            message = f"'{column.currency}' is no currency code"
            found.append(item.issue((*place, "currency"), message, "such as JPY or USD"))
        if column.timezone and column.type != "timestamp":
            found.append(
                item.issue((*place, "timezone"), f"a time zone belongs to a timestamp, not {column.type}")
            )
        if column.formats and column.type not in ("date", "timestamp"):
            found.append(
                item.issue((*place, "formats"), f"formats belong to dates and times, not {column.type}")
            )
    return found


def _version_findings(item: Written[SourceSpec]) -> list[Issue]:
    version = item.spec.version
    if version is None:
        return []
    if version.from_ == "filename" and not version.pattern:
        return [item.issue(("version",), "from: filename needs a pattern", 'e.g. pattern: "deals_%Y%m%d"')]
    if version.pattern is not None and not _is_strptime(version.pattern):
        hint = "%Y, %m and %d stand for year, month and day"
        return [item.issue(("version", "pattern"), f"'{version.pattern}' is no strptime pattern", hint)]
    if version.from_ == "column":
        column = item.spec.columns.get(version.column or "")
        if column is None:
            hint = suggest(version.column or "", item.spec.columns)
            return [item.issue(("version",), f"unknown column '{version.column}'", hint)]
        if column.type not in ("date", "timestamp"):
            return [item.issue(("version",), f"column '{version.column}' is no date or timestamp")]
    return []


def _is_strptime(pattern: str) -> bool:
    """Whether `pattern` reads back what it writes: an unknown directive does not."""
    try:
        datetime.strptime(datetime(2026, 4, 1).strftime(pattern), pattern)
    except ValueError:
        return False
    return "%" in pattern


def _resolve(item: Written[SourceSpec], currency: str) -> Source:
    spec = item.spec
    columns = tuple(
        SourceColumn(
            name=name,
            headers=tuple(column.from_) or (name,),
            type=column.type,
            required=column.required,
            values=tuple(column.map.items()),
            otherwise=column.else_,
            formats=tuple(column.formats),
            timezone=column.timezone,
            currency=(column.currency or currency) if column.type == "money" else None,
            tax=column.tax,
            unit=column.unit,
            null_values=tuple(column.null_values),
            pii=column.pii,
        )
        for name, column in spec.columns.items()
    )
    form = Format(**{**spec.format.model_dump(), "delimiter": spec.format.delimiter.replace("\\t", "\t")})
    version = spec.version
    # Only what changes landed rows counts: a longer expected_lag must not land everything anew.
    shape = spec.model_dump(mode="json", exclude={*_SHAPING, "min_rows_share"})
    return Source(
        name=spec.source,
        files=spec.files,
        format=form,
        load=spec.load,
        columns=columns,
        key=tuple(spec.key),
        version=Version(version.from_, version.pattern, version.column) if version else None,
        covers=_covers(spec.covers, version is not None) if spec.covers else None,
        no_file=spec.no_file,
        expected_lag_days=spec.expected_lag,
        provisional_days=spec.provisional_for,
        preset=spec.preset,
        quarantine_limit=spec.quarantine_limit,
        min_rows_share=spec.min_rows_share,
        where=item.where,
        mapping_hash=hashlib.sha256(repr((shape, currency)).encode()).hexdigest()[:12],
    )


def _covers(spec: CoversSpec, has_version: bool) -> Covers:
    if spec.through is None:
        return Covers(start=spec.from_)
    match = re.fullmatch(r"version(?:\s*-\s*(\d+)\s*days?)?", spec.through.strip())
    if match is None:
        return Covers(start=spec.from_, through=parse_date(spec.through))
    if not has_version:
        raise ValueError(
            "'version' is not declared for this source; add version: {from: filename, pattern: ...}"
        )
    return Covers(start=spec.from_, through_version_days=-int(match[1] or 0))
