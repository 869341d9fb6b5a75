"""What dbt does for nobody while it parses and builds, left out: proving our own files, messages unheard.

It looks into classes of dbt's, as dbt has no setting for it: two fifths of a parse, a tenth of a night
without data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def taken() -> Iterator[None]:
    """While dbt reads models and builds them:

    - it does not hold files and what they come to against JSON schemas, which it makes of its classes each
      time. All of them are written here, by hand or by `kpi compile`, and tests hold them against these;
    - it does not read the source of all that called it, Dagster's many layers too, to find out which module
      declares a flag. Only a warning that such a flag is going to change would tell that;
    - it does not make messages of its debugging events, twenty a node, where it has no log of its own. Ours
      (see dbt_log) takes none.
    """
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.dataclass_schema import dbtClassMixin
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    whole: Any = dbtClassMixin.__dict__["validate"]
    look: Any = BehaviorFlagRendered.__dict__["_default_source"]
    fire: Any = EventManager.__dict__["fire_event"]

    def validate(cls: type, data: Any) -> None:
        pass

    def fire_heard(
        manager: EventManager, e: BaseEvent, level: EventLevel | None = None, *given: Any, **named: Any
    ) -> None:
        if manager.loggers or (level or e.level_tag()) is not EventLevel.DEBUG:
            fire(manager, e, level, *given, **named)

    dbtClassMixin.validate = classmethod(validate)  # type: ignore[method-assign,assignment]
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]
    EventManager.fire_event = fire_heard  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        dbtClassMixin.validate = whole  # type: ignore[method-assign]
        BehaviorFlagRendered._default_source = look  # type: ignore[method-assign]
        EventManager.fire_event = fire  # type: ignore[method-assign]
