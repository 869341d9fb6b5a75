"""A proposed source mapping as YAML, to be edited by who knows the data."""

from __future__ import annotations

import json
import re

from dagster_project.kpi.model import Format
from dagster_project.landing.column_guess import Guess, source_name
from dagster_project.landing.files import stem
from dagster_project.landing.inspection import Inspection

_DATED = (
    (r"(?<![0-9])20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?![0-9])", "%Y%m%d"),
    (r"(?<![0-9])20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?![0-9])", "%Y-%m-%d"),
    (r"(?<![0-9])20[0-9]{2}_(?:0[1-9]|1[0-2])_(?:0[1-9]|[12][0-9]|3[01])(?![0-9])", "%Y_%m_%d"),
)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_yaml(found: Inspection, files: str | None = None) -> str:
    """The proposal as a document that the definition language loads. `files`: the glob, if it is known."""
    base = stem(found.path.name)
    dated = next(((m, pattern) for regex, pattern in _DATED if (m := re.search(regex, base))), None)
    plain = base.replace(dated[0].group(), "") if dated else base
    name = source_name(plain.strip("_- "))
    glob = files or found.path.name
    load, version = _load(found, dated is not None), ""
    if dated:
        head, _, tail = glob.rpartition("/")
        glob = f"{head}/" * bool(head) + tail.replace(dated[0].group(), "*")
        before = base[: dated[0].start()].replace("%", "%%")
        version = f"{{from: filename, pattern: {_text(before + dated[1])}}}"
    lines = [
        f"# Proposed by `kpi source inspect` from {found.path.name}"
        + (f": {found.rows:,} rows." if found.rows else ".")
    ]
    lines += [f"# {remark}" for remark in found.remarks]
    lines += ["sources:", f"  - source: {name}", f"    files: {_text(glob)}"]
    if found.ga4:
        lines += ["    preset: ga4_events", f"    format: {_format(found.form)}", "    load: by_day"]
        lines += ['    version: {from: filename, pattern: "events_%Y%m%d"}', "    provisional_for: 4 days"]
        return "\n".join(lines) + "\n"
    lines += [f"    format: {_format(found.form)}", f"    load: {load}"]
    if version:
        lines.append(f"    version: {version}")
    lines += [f"    key: [{', '.join(found.key if load != 'by_day' else ())}]", "    columns:"]
    lines += [_column(guess) for guess in found.columns]
    return "\n".join(lines) + "\n"


def _load(found: Inspection, dated: bool) -> str:
    if not dated:
        return "full"
    days = [guess.days for guess in found.columns if guess.days and not guess.pii]
    return "by_day" if found.ga4 or any(len(each) == 1 for each in days) else "full"


def _format(form: Format) -> str:
    parts = [f"type: {form.type}"]
    if form.type in ("csv", "ndjson"):
        parts.append(f"encoding: {form.encoding}")
    if form.type == "csv" and form.delimiter != ",":
        parts.append(f"delimiter: {_text(form.delimiter)}")
    if form.skip_rows:
        parts.append(f"skip_rows: {form.skip_rows}")
    if form.comment:
        parts.append(f"comment: {_text(form.comment)}")
    if form.stop_at:
        parts.append(f"stop_at: {_text(form.stop_at)}")
    if not form.final_newline:
        parts.append("final_newline: false")
    return "{" + ", ".join(parts) + "}"


def _column(guess: Guess) -> str:
    parts = [] if guess.header == guess.name else [f"from: {_text(guess.header)}"]
    parts.append(f"type: {guess.type}")
    if guess.currency:
        parts.append(f"currency: {guess.currency}")
    if guess.formats:
        parts.append(f"formats: [{', '.join(_text(each) for each in guess.formats)}]")
    if guess.null_values:
        parts.append(f"null_values: [{', '.join(_text(each) for each in guess.null_values)}]")
    if guess.pii:
        parts.append("pii: true")
    comment = f"  # {'; '.join(guess.notes)}" if guess.notes else ""
    return f"      {guess.name}: {{{', '.join(parts)}}}{comment}"
