"""The definitions of a project as they were at a revision of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from dagster_project.errors import DefinitionError, UsageError
from dagster_project.kpi.load import FOLDER, load_definitions
from dagster_project.kpi.model import Definitions
from dagster_project.project import Project


def is_tracked(project: Project) -> bool:
    """Whether the definitions are in a git repository with at least one commit that holds them."""
    try:
        _archive(project, "HEAD")
    except UsageError:
        return False
    return True


def definitions_at(project: Project, revision: str) -> Definitions:
    """The definitions at `revision`. Raises UsageError where git does not know it or they don't read."""
    archive = _archive(project, revision)
    with tempfile.TemporaryDirectory(prefix="kpi-diff-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            # Python 3.11 has the filter only from 3.11.4 on; Debian 12 comes with an older one.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)
        try:
            return load_definitions(Path(folder))
        except DefinitionError as error:
            first = error.issues[0]
            raise UsageError(
                f"the definitions at {revision} don't pass the check of today ({len(error.issues)} to mend, "
                f"the first: {first}); compare with a later revision, or with: kpi diff --published"
            ) from error


def _archive(project: Project, revision: str) -> bytes:
    if revision.startswith("-"):
        raise UsageError(f"'{revision}' is no revision of git; write HEAD, a branch or a commit")
    command = ["git", "-C", str(project.root), "archive", "--format=tar", revision, "--", FOLDER]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"git is not to be had ({error}); compare with: kpi diff --published") from error
    if done.returncode:
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["git said nothing"])[0]
        raise UsageError(
            f"no definitions at revision '{revision}' ({reason}); "
            "write HEAD, a branch or a commit, or compare with: kpi diff --published"
        )
    return done.stdout
