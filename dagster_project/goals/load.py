"""The goals of a project: kpi_definitions/goals/*.yml read, every name looked up, every target solved."""

from __future__ import annotations

from pathlib import Path

from dagster_project.errors import DefinitionError
from dagster_project.goals.model import Goal
from dagster_project.goals.resolve.goal import resolve_goal
from dagster_project.goals.spec.goal import GoalSpec
from dagster_project.kpi.issues import Issue
from dagster_project.kpi.model import Definitions
from dagster_project.kpi.spec.base import Written, read_spec
from dagster_project.kpi.yamlnodes import read


def check_goals(project: Path, definitions: Definitions) -> tuple[tuple[Goal, ...], list[Issue]]:
    """The goals of the project folder that are sound, by file name, and every finding about the others."""
    goals: dict[str, Goal] = {}
    issues: list[Issue] = []
    for path in sorted((project / "kpi_definitions" / "goals").glob("*.yml")):
        document = read(path, path.relative_to(project).as_posix())
        issues += document.issues
        if document.issues or document.data is None:
            continue
        name = document.data.get("goal") if isinstance(document.data, dict) else None
        subject = f"goal '{name}'" if isinstance(name, str) else "goal"
        spec, found = read_spec(GoalSpec, document.data, document, (), subject)
        issues += found
        if spec is None:
            continue
        goal, found = resolve_goal(
            Written(spec, document, (), subject), definitions, project / "kpi_definitions"
        )
        issues += found
        if spec.goal in goals:
            first = goals[spec.goal].where
            message = f"a second goal of this name; the first is in {first.file}:{first.line}"
            issues.append(document.issue(("goal",), subject, message, "rename one"))
        elif goal is not None:
            goals[spec.goal] = goal
    return tuple(goals.values()), sorted(set(issues))


def load_goals(project: Path, definitions: Definitions) -> tuple[Goal, ...]:
    """The goals of the project folder. Raises DefinitionError with every issue."""
    goals, issues = check_goals(project, definitions)
    errors = [issue for issue in issues if issue.level == "error"]
    if errors:
        raise DefinitionError(errors)
    return goals
