"""The kpi_definitions folder, read and resolved in one go: every finding of every file at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.errors import DefinitionError
from dagster_project.kpi.issues import Issue, suggest
from dagster_project.kpi.model import Definitions, ProjectSettings
from dagster_project.kpi.resolve.entities import resolve_entities
from dagster_project.kpi.resolve.kpis import resolve_kpis
from dagster_project.kpi.resolve.settings import resolve_calendar, resolve_project
from dagster_project.kpi.resolve.sources import resolve_sources
from dagster_project.kpi.spec.base import SpecT, Written, read_spec
from dagster_project.kpi.spec.entities import EntitySpec
from dagster_project.kpi.spec.kpis import KpiSpec
from dagster_project.kpi.spec.settings import CalendarSpec, ProjectSpec
from dagster_project.kpi.spec.sources import SourceSpec
from dagster_project.kpi.text import identifier
from dagster_project.kpi.yamlnodes import Document, Loc, read

FOLDER = "kpi_definitions"
SINGLE_FILES = ("project", "calendar", "entities")
FOLDERS = ("sources", "entities", "kpis", "goals", "tests")


@dataclass
class _Reader:
    """Collects specs and findings file by file."""

    root: Path
    issues: list[Issue] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # names of what is written, but can't be read

    def document(self, path: Path) -> Document:
        document = read(path, path.relative_to(self.root.parent).as_posix())
        self.issues += document.issues
        if document.data is None and document.issues:
            text = path.read_bytes().decode("utf-8", "replace")
            self.broken |= set(re.findall(r"\b(?:name|entity|source):\s*[\"']?([a-z][a-z0-9_]*)", text))
        return document

    def documents(self, name: str) -> Iterator[Document]:
        """`name`.yml and everything in the folder `name`/, in order of name."""
        paths = [self.root / f"{name}.yml", *sorted((self.root / name).glob("*.yml"))]
        for path in paths:
            if path.is_file():
                document = self.document(path)
                if document.data is not None:
                    yield document

    def single(self, name: str, kind: type[SpecT]) -> Written[SpecT]:
        """The one spec of `name`.yml, or its defaults where there is no such file."""
        path = self.root / f"{name}.yml"
        document = self.document(path) if path.is_file() else Document(f"{FOLDER}/{name}.yml")
        spec, issues = read_spec(kind, document.data or {}, document, (), name)
        self.issues += issues
        return Written(spec or kind(), document, (), name)

    def sections(self, document: Document, accepted: tuple[str, ...]) -> dict[str, object]:
        """The top-level keys of a file that may hold only `accepted`."""
        if not isinstance(document.data, dict):
            hint = f"start with {accepted[0]}:"
            self.issues.append(document.issue((), "", "the file wants keys and values", hint))
            return {}
        for key in document.data:
            if key not in accepted:
                hint = suggest(key, accepted) or f"accepted: {', '.join(accepted)}"
                self.issues.append(document.issue((key,), "", f"unknown key '{key}'", hint))
        return document.data

    def items(
        self, document: Document, section: str, kind: type[SpecT], name_key: str, noun: str
    ) -> Iterator[Written[SpecT]]:
        """Each item of a list as its spec; a wrong one becomes issues and hides no other."""
        values = document.data.get(section)
        if values is None:
            return
        if not isinstance(values, list):
            self.issues.append(document.issue((section,), "", f"'{section}' wants a list", "- name: ..."))
            return
        for index, value in enumerate(values):
            loc: Loc = (section, index)
            name = value.get(name_key) if isinstance(value, dict) else None
            subject = f"{noun} '{name}'" if isinstance(name, str) else noun
            spec, issues = read_spec(kind, value, document, loc, subject)
            self.issues += issues
            if spec is not None:
                yield Written(spec, document, loc, subject)
            elif isinstance(name, str):
                self.broken.add(name)


@dataclass(frozen=True)
class Checked:
    """`definitions`: those that could be resolved. `broken`: names that are written but could not; whoever
    names one of them is not wrong for that."""

    definitions: Definitions
    issues: list[Issue]
    broken: frozenset[str]

    @property
    def is_sound(self) -> bool:
        return not any(issue.level == "error" for issue in self.issues)


def check_definitions(project: Path) -> tuple[Definitions | None, list[Issue]]:
    """The definitions of the project folder, and every finding; None where one of them is an error."""
    checked = checked_definitions(project)
    return (checked.definitions if checked.is_sound else None), checked.issues


def checked_definitions(project: Path) -> Checked:
    """As much of the definitions as can be resolved, and every finding of every file."""
    reader = _Reader(project / FOLDER)
    settings, issues = resolve_project(reader.single("project", ProjectSpec))
    reader.issues += issues
    calendar, issues = resolve_calendar(reader.single("calendar", CalendarSpec))
    reader.issues += issues
    _unknown_files(reader)
    source_specs: list[Written[SourceSpec]] = []
    entity_specs: list[Written[EntitySpec]] = []
    for document in (*reader.documents("sources"), *reader.documents("entities")):
        reader.sections(document, ("sources", "entities"))
        if isinstance(document.data, dict):
            source_specs += reader.items(document, "sources", SourceSpec, "source", "source")
            entity_specs += reader.items(document, "entities", EntitySpec, "entity", "entity")
    kpi_specs = [pair for document in reader.documents("kpis") for pair in _kpis(reader, document)]
    sources, issues = resolve_sources(source_specs, settings.currency)
    reader.issues += issues
    broken = reader.broken | {item.spec.source for item in source_specs} - {source.name for source in sources}
    entities, issues, failed = resolve_entities(entity_specs, sources, settings.currency, broken)
    reader.issues += issues
    kpis, issues = resolve_kpis(kpi_specs, entities, sources, failed)
    reader.issues += issues
    broken = failed | {item.spec.name for _, item in kpi_specs} - {kpi.name for kpi in kpis}
    definitions = Definitions(settings, calendar, sources, entities, kpis)
    return Checked(definitions, sorted(set(reader.issues)), frozenset(broken))


def load_definitions(project: Path) -> Definitions:
    """The definitions of the project folder. Raises DefinitionError with every issue."""
    definitions, issues = check_definitions(project)
    if definitions is None:
        raise DefinitionError([issue for issue in issues if issue.level == "error"])
    return definitions


def read_settings(project: Path) -> ProjectSettings:
    """project.yml alone. Raises DefinitionError: where it is wrong, with what is wrong in every other file
    too, which else would come to light one after the other."""
    reader = _Reader(project / FOLDER)
    settings, issues = resolve_project(reader.single("project", ProjectSpec))
    if reader.issues or issues:
        raise DefinitionError([issue for issue in check_definitions(project)[1] if issue.level == "error"])
    return settings


def _kpis(reader: _Reader, document: Document) -> Iterator[tuple[str, Written[KpiSpec]]]:
    sections = reader.sections(document, ("department", "kpis"))
    department = sections.get("department")
    try:
        name = identifier(department) if isinstance(department, str) else ""
    except ValueError as error:
        reader.issues.append(document.issue(("department",), "", f"'department': {error}"))
        name = ""
    if sections and not isinstance(department, str):
        reader.issues.append(document.issue((), "", "'department' is missing", "department: sales"))
    if isinstance(document.data, dict):
        for item in reader.items(document, "kpis", KpiSpec, "name", "kpi"):
            yield name, item


def _unknown_files(reader: _Reader) -> None:
    """A file that nothing reads is a slip: a misspelt folder would lose its KPIs silently."""
    for path in sorted(reader.root.rglob("*.y*ml")):
        relative = path.relative_to(reader.root)
        known = (
            (len(relative.parts) == 1 and path.stem in SINGLE_FILES)
            or (len(relative.parts) == 2 and relative.parts[0] in FOLDERS)
        ) and path.suffix == ".yml"
        if not known:
            hint = suggest(
                path.stem if len(relative.parts) == 1 else relative.parts[0], (*SINGLE_FILES, *FOLDERS)
            )
            shown = path.relative_to(reader.root.parent).as_posix()
            message = "this file is read by nothing"
            files = ", ".join(f"{name}.yml" for name in SINGLE_FILES)
            hint = hint or f"known: {files}, and .yml files in {', '.join(FOLDERS)}"
            reader.issues.append(Issue(shown, 1, 1, "", message, hint))
