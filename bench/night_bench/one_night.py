"""One night as `kpi run` runs it, in this process: `python -m night_bench.one_night FOLDER [OPTION ...]`.

Prints JSON: CPU seconds of the process by phase, and of the night's job by step.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import time
from collections import defaultdict
from typing import Any

BETWEEN = "dagster, between steps"


class Steps:
    """CPU seconds of each step, by the events that Dagster tells its log as it begins and ends one."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._last = time.process_time()
        make = logging.Logger.makeRecord

        def made(logger: logging.Logger, *given: Any, **more: Any) -> logging.LogRecord:
            record = make(logger, *given, **more)
            event = getattr(record, "dagster_event", None)
            if event is not None and event.event_type_value in ("STEP_START", "STEP_SUCCESS", "STEP_FAILURE"):
                self.tell(event.step_key, begins=event.event_type_value == "STEP_START")
            return record

        logging.Logger.makeRecord = made  # type: ignore[method-assign,assignment]

    def tell(self, step: str, *, begins: bool) -> None:
        now = time.process_time()
        self.seconds[BETWEEN if begins else step] += now - self._last
        self._last = now


def main(root: str, *options: str) -> int:
    steps = Steps()
    from dagster_project.cli.main import main as kpi

    sys.argv = ["kpi", "--project", root, "run", "--json", *options]
    code, printed = 0, io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            kpi()
        except SystemExit as ended:
            code = int(ended.code or 0)
    if code:
        print(printed.getvalue(), file=sys.stderr)
        return code
    told = json.loads(printed.getvalue())
    laps: dict[str, float] = dict(told["cpu_seconds"])
    laps["imports, start, summary"] = time.process_time() - sum(laps.values())
    inside = {name: seconds for name, seconds in steps.seconds.items() if name != BETWEEN}
    if inside and "job" in laps:
        laps["dagster"] = laps.pop("job") - sum(inside.values()) + laps.pop("dagster definitions", 0.0)
        laps |= inside
    print(json.dumps({"laps": laps, "publication": told["publication"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
