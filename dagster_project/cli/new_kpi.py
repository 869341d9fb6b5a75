"""`kpi new kpi`: a KPI written into its department's file, once it passes the check."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import click

from dagster_project.errors import DefinitionError, UsageError
from dagster_project.project import Project

TYPES = ("simple", "ratio", "derived", "cumulative", "conversion", "stock")


@click.command()
@click.argument("name")
@click.option("--type", "kind", type=click.Choice(TYPES), help="Default: simple.")
@click.option("--department", metavar="NAME", help="Whose file it goes to; a new one gets a file.")
@click.option("--entity", metavar="NAME", help="The table that it is measured on.")
@click.option("--label-ja", metavar="TEXT", help="Its name for people, in Japanese.")
@click.option("--label-en", metavar="TEXT", help="In English; default: from the name.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other key of a KPI; repeat it for several.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the definition and write nothing.")
@click.pass_obj
def kpi(
    project: Project,
    name: str,
    kind: str | None,
    department: str | None,
    entity: str | None,
    label_ja: str | None,
    label_en: str | None,
    given: tuple[str, ...],
    only_print: bool,
) -> None:
    """Write the definition of a KPI NAME to the end of its department's file.

    Asks for what it can't do without; where nobody can be asked, it must be given. Nothing is written that
    would not pass kpi check: exit 2 with every finding.
    """
    from dagster_project.kpi.life.draft import REQUIRED, appended, item
    from dagster_project.kpi.load import load_definitions

    definitions = load_definitions(project.root)
    if any(name in (known.name, *known.formerly) for known in definitions.kpis):
        raise UsageError(f"there is a KPI '{name}' already; see: kpi explain {name}")
    values = {"name": name, "type": kind or _ask("type", TYPES, "simple"), **_settings(given)}
    if entity is not None:
        values["entity"] = entity
    department = department or _ask("department", sorted({known.department for known in definitions.kpis}))
    known_names = {
        "entity": [found.name for found in definitions.entities],
        "agg": ["count", "sum", "average", "count_distinct", "min", "max", "median"],
    }
    for key in REQUIRED[values["type"]]:
        if key not in values:
            values[key] = _ask(key, known_names.get(key, ()), "count" if key == "agg" else None)
    if values["type"] == "simple" and values["agg"] not in ("count", "") and "expr" not in values:
        values["expr"] = _ask("expr")
    if values["type"] == "cumulative" and not {"window", "grain_to_date"} & values.keys():
        values["grain_to_date"] = _ask("grain_to_date", ("month", "quarter", "half", "fiscal_year"))
    if "unit" not in values:
        values["unit"] = _unit(values) or _ask("unit", ("count", "percent", "days", "hours", "JPY"))
    if "direction" not in values:
        values["direction"] = _ask("direction", ("up", "down"), "up")
    label = {"ja": label_ja} if label_ja else {}
    label["en"] = label_en or name.replace("_", " ").capitalize()
    if only_print:
        click.echo(item(values, label, 2), nl=False)
        return
    path = project.definitions / "kpis" / f"{department}.yml"
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    text = appended(before, department, values, label)
    _check(project, path.relative_to(project.root), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    shown = path.relative_to(project.root).as_posix()
    line = text.count("\n", 0, text.rindex(f"- name: {name}")) + 1
    click.echo(f"{shown}:{line}: kpi '{name}' is written, and passes kpi check.")
    tests = f"kpi_definitions/tests/{department}.yml"
    click.echo(f"Next: a value by hand in {tests}, kpi test {name}, kpi compile.")


def _settings(given: tuple[str, ...]) -> dict[str, str]:
    from dagster_project.kpi.issues import suggest
    from dagster_project.kpi.life.draft import keys

    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not value.strip():
            raise UsageError(f"--set {text}: write KEY=VALUE, such as --set agg=count")
        if key not in keys() or key in ("name", "type", "label"):
            hint = suggest(key, keys()) or "see: docs/language.md"
            raise UsageError(f"--set {text}: a KPI has no key '{key}' to be set; {hint}")
        found[key] = value.strip()
    return found


def _ask(key: str, choices: tuple[str, ...] | list[str] = (), default: str | None = None) -> str:
    """What a person answers; the default where nobody can be asked. Raises UsageError without either."""
    if not _is_terminal():
        if default is not None:
            return default
        option = f"--{key}" if key in ("type", "department", "entity") else f"--set {key}=..."
        known = f" (one of {', '.join(choices)})" if choices else ""
        raise UsageError(f"{key} is missing: give it with {option}{known}")
    shown = f"{key} ({', '.join(choices)})" if choices else key
    answer: str = click.prompt(shown, default=default, type=str)
    return answer.strip()


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _unit(values: dict[str, str]) -> str | None:
    """The unit where the type or the aggregate says it."""
    if values["type"] in ("ratio", "conversion"):
        return "percent"
    if values["type"] in ("simple", "stock") and values.get("agg") in ("count", "count_distinct"):
        return "count"
    return None


def _check(project: Project, path: Path, text: str) -> None:
    """Raises DefinitionError where the definitions, with this file in them, don't pass the check."""
    from dagster_project.goals.load import check_goals
    from dagster_project.kpi.load import FOLDER, check_definitions

    with tempfile.TemporaryDirectory(prefix="kpi-new-") as folder:
        root = Path(folder)
        shutil.copytree(project.definitions, root / FOLDER)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        definitions, issues = check_definitions(root)
        if definitions is not None:
            issues += check_goals(root, definitions)[1]
    if errors := [issue for issue in issues if issue.level == "error"]:
        raise DefinitionError(errors)
