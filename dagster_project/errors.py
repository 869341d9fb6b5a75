"""Every error that Shirube raises on purpose, and the exit code of the command that meets it.

    ShirubeError
    ├── UsageError            exit 2   the command was called wrongly, or no project is there
    ├── DefinitionError       exit 2   the YAML definitions are wrong; carries every issue
    ├── GeneratedFilesStale   exit 1   committed generated files are not what the definitions say
    ├── NothingPublished      exit 1   a blocking check failed or the run broke; the last publication stays
    ├── UnknownState          exit 1   state/ was written by a later version; nothing is read or changed
    └── Busy                  exit 1   another run of the same project is at work

This module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

EXIT_OK = 0
EXIT_NOTHING_PUBLISHED = 1
EXIT_TESTS_FAILED = 1
EXIT_WRONG = 2
EXIT_MARKS = 3  # only under --strict: published, with marks


class ShirubeError(Exception):
    """Base of all errors meant for a person; `str(error)` says what is wrong and what to do."""

    exit_code = EXIT_NOTHING_PUBLISHED


class UsageError(ShirubeError):
    """The command was called wrongly, or the project folder is not one."""

    exit_code = EXIT_WRONG


class DefinitionError(ShirubeError):
    """The definitions are wrong. `issues` holds every finding (`dagster_project.kpi.issues.Issue`)."""

    exit_code = EXIT_WRONG

    def __init__(self, issues: Sequence[Any]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))


class GeneratedFilesStale(ShirubeError):
    """Committed generated files differ from what the definitions compile to."""


class NothingPublished(ShirubeError):
    """The run did not publish; the publication before it is untouched."""


class UnknownState(ShirubeError):
    """What is kept in state/ is of a version of the contract that this program does not know."""


class Busy(ShirubeError):
    """Another run of this project holds the lock."""
