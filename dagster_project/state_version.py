"""The version of the contract that state/ was last written by: `state/contract_version`, one number.

An older program would read newer rows without their new columns, and write rows that lack them.
"""

from __future__ import annotations

import os
from pathlib import Path

from dagster_project import migrations
from dagster_project.errors import UnknownState

FILE = "contract_version"


def claim(state: Path) -> None:
    """To be called before anything is added to state/: from now on it is of this program's version.

    Raises UnknownState, and changes nothing, where a later version has written it.
    """
    if _known(state) == migrations.VERSION:
        return
    state.mkdir(parents=True, exist_ok=True)
    draft = state / f".{FILE}.{os.getpid()}.draft"
    with draft.open("w", encoding="utf-8") as file:
        file.write(f"{migrations.VERSION}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state / FILE)


def refuse(what: Path, version: int) -> UnknownState:
    """The error for `what`, written by a later version of the contract."""
    return UnknownState(
        f"{what}: written by a later version of Shirube (contract {version}, this one knows "
        f"{migrations.VERSION}). "
        "Nothing was read from it or changed in it. Run that version, or a later one, on this project"
    )


def _known(state: Path) -> int | None:
    """The version of state/; None where none is written yet."""
    path = state / FILE
    if not path.is_file():
        return None
    written = path.read_text(encoding="utf-8").strip()
    if not written.isdecimal():
        raise UnknownState(
            f"{path}: holds {written!r}, which is no version of the contract. Nothing was changed. "
            "Bring it back from a backup, or write the contract_version of the last publication into it"
        )
    if int(written) > migrations.VERSION:
        raise refuse(path, int(written))
    return int(written)
