"""dbt's log, .kpi/logs/dbt.log: what dbt says, from level info on.

Written by a callback of dbt's rather than by its own file log, which puts every one of a night's 1,700
debugging messages into words, looks through the environment for secrets in it, and only then drops it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

FILE = "dbt.log"
BYTES = 10 * 2**20
LEVELS = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


@contextmanager
def written_to(folder: Path) -> Iterator[Callable[[Any], None]]:
    """A callback that appends dbt's events to the log in `folder`; secrets of the environment are masked."""
    from dbt_common.events.functions import env_scrubber

    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / FILE, maxBytes=BYTES, backupCount=5, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)-7s] [%(threadName)s]: %(message)s"))
    log = logging.Logger("dbt", logging.INFO)
    log.addHandler(handler)

    def listen(event: Any) -> None:
        level = LEVELS.get(event.info.level)
        if level is not None:
            log.log(level, "%s", env_scrubber(event.info.msg))

    try:
        yield listen
    finally:
        handler.close()
