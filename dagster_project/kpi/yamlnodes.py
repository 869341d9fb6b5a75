"""YAML read as text with positions: every scalar stays what was typed, every key knows its line.

YAML's own typing changes meanings (`no` is False, 22:30 is 1350, a bare date becomes a date), so nothing is
typed here: mappings become dict, sequences list, scalars str, and an empty or plain `null` / `~` scalar None.
The specs type the text. Aliases, tags and duplicate keys are refused, and so is Jinja, which dbt would render
wherever a string of ours reaches it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dagster_project.kpi.issues import Issue

Loc = tuple[str | int, ...]

MAX_BYTES = 4_000_000
MAX_NODES = 400_000
MAX_DEPTH = 40
JINJA = ("{{", "{%", "{#")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """One YAML file: plain data, and where each part of it was written (lines and columns from 1)."""

    file: str
    data: Any = None
    positions: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    flow: set[Loc] = field(default_factory=set)  # mappings written as {a: b}
    issues: list[Issue] = field(default_factory=list)

    def position(self, loc: Loc) -> tuple[int, int]:
        """Line and column of `loc`, or of its nearest parent that was written."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.positions:
                return self.positions[loc[:end]]
        return (1, 1)

    def issue(self, loc: Loc, subject: str, message: str, hint: str = "", level: Any = "error") -> Issue:
        line, column = self.position(loc)
        return Issue(self.file, line, column, subject, message, hint, level)


def read(path: Path, shown: str) -> Document:
    """The document in `path`; `shown` is its name in messages. Findings are in `.issues`, never raised."""
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw):,} bytes, more than the {MAX_BYTES:,} that are read"
        return Document(shown, issues=[Issue(shown, 1, 1, "", message, "split it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"byte {error.start} is not UTF-8"
        return Document(shown, issues=[Issue(shown, line, 1, "", message, "save the file as UTF-8")])
    return parse(text, shown)


def parse(text: str, shown: str) -> Document:
    """The document written in `text`."""
    document = Document(shown)
    try:
        _Builder(document, yaml.parse(text, Loader=_LOADER)).build()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = (error.problem or "is not YAML").strip()
        hint = "indent with spaces" if "\\t" in problem else "quote values that hold ': ', '#' or brackets"
        document.issues.append(Issue(shown, line, column, "", f"not YAML: {problem}", hint))
    except yaml.YAMLError as error:
        document.issues.append(Issue(shown, 1, 1, "", f"not YAML: {error}"))
    except _TooMuch as error:
        document.issues.append(Issue(shown, error.line, 1, "", str(error), "split the file"))
    return document


class _TooMuch(Exception):
    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(message)


class _Builder:
    """Builds plain data straight from the event stream, so that an alias bomb is never expanded."""

    def __init__(self, document: Document, events: Any) -> None:
        self.document = document
        self.events = iter(events)
        self.nodes = 0

    def build(self) -> None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.nodes:
                    self._refuse(event, "a second document in one file", "use a file each")
                    return
                self.document.data = self._node(next(self.events), ())

    def _refuse(self, event: Any, message: str, hint: str = "") -> None:
        mark = event.start_mark
        self.document.issues.append(
            Issue(self.document.file, mark.line + 1, mark.column + 1, "", message, hint)
        )

    def _node(self, event: Any, loc: Loc) -> Any:
        self.nodes += 1
        mark = event.start_mark
        if self.nodes > MAX_NODES or len(loc) > MAX_DEPTH:
            raise _TooMuch("too many or too deeply nested values", mark.line + 1)
        self.document.positions.setdefault(loc, (mark.line + 1, mark.column + 1))
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias '*{event.anchor}'", "write the value out; aliases are not read")
            return None
        if event.anchor:
            self._refuse(event, f"anchor '&{event.anchor}'", "write the value out; anchors are not read")
        if event.tag:
            self._refuse(event, f"tag '{event.tag}'", "remove it; every value is read as text")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc)
        return self._mapping(event, loc)

    def _scalar(self, event: Any) -> str | None:
        value: str = event.value
        if "{" in value and any(token in value for token in JINJA):
            self._refuse(event, "template marks '{{', '{%' or '{#'", "definitions are plain text, not Jinja")
        if not value.isprintable() and any(
            unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t" for char in value
        ):
            self._refuse(event, "an invisible or control character", "retype the value")
        if event.style in (None, "") and value in ("", "null", "~"):
            return None
        return value

    def _sequence(self, loc: Loc) -> list[Any]:
        items: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, (*loc, len(items))))
        return items

    def _mapping(self, start: Any, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if start.flow_style:
            self.document.flow.add(loc)
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            mark = event.start_mark
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key that is not plain text", "quote the value this came from")
                self._node(event, (*loc, "?"))
                self._node(next(self.events), (*loc, "?", "?"))
                continue
            key = self._scalar(event) or ""
            here = (*loc, key)
            if key in found:
                first = self.document.positions[here][0]
                self._refuse(event, f"key '{key}' twice", f"first on line {first}; remove one")
                self._node(next(self.events), (*here, "?"))
                continue
            self.document.positions[here] = (mark.line + 1, mark.column + 1)
            found[key] = self._node(next(self.events), here)
        return found
