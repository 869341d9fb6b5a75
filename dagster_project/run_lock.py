"""One run of a project at a time.

The lock is the operating system's on an open file: a run that is killed frees it, none is left behind.
Who holds it is written beside, for the message that the second run gives.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from dagster_project.errors import Busy


class RunLock:
    """A context manager that holds the lock of the project whose work folder is `work`.

    Entering raises Busy, at once, with who holds it and since when.
    """

    def __init__(self, work: Path, run_id: str = "") -> None:
        self.run_id = run_id
        self._owner = work / "run.owner.json"
        self._lock = FileLock(work / "run.lock", timeout=0)

    def __enter__(self) -> RunLock:
        self._owner.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise Busy(
                f"another run of this project is at work{self._holder()}; try again when it is done"
            ) from None
        owner = {
            "run_id": self.run_id,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "user": _user(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        draft = self._owner.with_suffix(".draft")
        draft.write_text(json.dumps(owner), encoding="utf-8")
        draft.replace(self._owner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner.unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            owner = json.loads(self._owner.read_text(encoding="utf-8"))
            return (
                f": run {owner['run_id'] or '(unnamed)'} of {owner['user']} on {owner['host']}, "
                f"process {owner['pid']}, since {owner['since']}"
            )
        except (OSError, ValueError, KeyError):
            return ""  # it has only just begun, or is just ending


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
