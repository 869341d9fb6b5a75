"""The folders of publications: built aside, named whole, put in force by one link, pruned when old.

outputs/
├── current -> versions/20261101T031500Z-3f2a9c     the one pointer, flipped by a rename
└── versions/
    ├── 20261101T031500Z-3f2a9c/                    complete publications, never changed
    └── .20261102T031500Z-88b1e0.building/          what a run builds; nobody reads it
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from dagster_project.errors import NothingPublished

BUILDING = ".building"
KEPT = 3
KEPT_FOR = timedelta(hours=24)
FILE_MODE = 0o640
FOLDER_MODE = 0o750


def start(outputs: Path, run_id: str) -> Path:
    """A fresh folder to build `run_id` in; what killed runs left half built is removed."""
    versions = outputs / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for left in versions.glob(f".*{BUILDING}"):
        shutil.rmtree(left, ignore_errors=True)
    for left in outputs.glob(".current.*"):
        left.unlink(missing_ok=True)
    building = versions / f".{run_id}{BUILDING}"
    building.mkdir(mode=FOLDER_MODE)
    return building


def seal(building: Path) -> None:
    """Put every file's mode right and its bytes on the disk."""
    for path in sorted(building.rglob("*")):
        if path.is_file():
            path.chmod(FILE_MODE)
            _sync(path)
    building.chmod(FOLDER_MODE)
    _sync(building)


def name_whole(building: Path, run_id: str) -> Path:
    """Give the complete folder its final name; returns the new path."""
    version = building.with_name(run_id)
    building.rename(version)
    _sync(version.parent)
    return version


def flip(outputs: Path, version: Path) -> None:
    """Point `outputs/current` at `version`, in one step that a reader sees whole or not at all."""
    current = outputs / "current"
    if current.is_dir() and not current.is_symlink():
        raise NothingPublished(
            f"{current} is a folder, not the link that publishing writes. Move it away and run again."
        )
    link = outputs / f".current.{version.name}"
    link.unlink(missing_ok=True)
    # Relative, so that the outputs folder can be moved or mounted elsewhere.
    link.symlink_to(Path("versions") / version.name, target_is_directory=True)
    os.replace(link, current)
    _sync(outputs)


def prunable(outputs: Path, now: datetime) -> list[Path]:
    """Publications that may go.

    The one in force, the newest three and all younger than 24 hours stay: a reader that resolved `current`
    may still be at work in them.
    """
    in_force, folder = (outputs / "current").resolve().name, outputs / "versions"
    if not folder.is_dir():
        return []
    versions = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    versions.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    return [
        version
        for version in versions[KEPT:]
        if version.name != in_force and now.timestamp() - version.stat().st_mtime > KEPT_FOR.total_seconds()
    ]


def prune(outputs: Path, now: datetime) -> list[str]:
    """Remove old publications; returns their names."""
    old = prunable(outputs, now)
    for version in old:
        shutil.rmtree(version, ignore_errors=True)
    return [version.name for version in old]


def set_aside(building: Path, work: Path) -> Path | None:
    """Keep a refused build for diagnosis (the last one only) if a rename can do it; else remove it."""
    aside = work / "refused_publication"
    try:
        work.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        building.rename(aside)
    except OSError:
        shutil.rmtree(building, ignore_errors=True)
        return None
    return aside


def require_space(outputs: Path, expected_bytes: int) -> None:
    """Raises NothingPublished where the disk has no room for `expected_bytes`."""
    free = shutil.disk_usage(outputs).free
    if free < expected_bytes:
        raise NothingPublished(
            f"{outputs}: {free // 2**20} MB are free and the publication needs about "
            f"{expected_bytes // 2**20 + 1} MB. Free some space and run again; the last publication stays."
        )


def size(folder: Path) -> int:
    """Bytes of the files in `folder`; 0 where it does not exist."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
