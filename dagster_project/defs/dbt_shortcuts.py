"""What dbt does at its every start, and a build on what was parsed before need not do again.

It looks into classes of dbt's, as dbt has no setting for it: a fifteenth of a night without data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

VALIDATED_BY_THE_PARSE = ("dbt.contracts.project", "dbt.adapters.duckdb.credentials")


@contextmanager
def starting_from_a_parse() -> Iterator[None]:
    """While dbt builds what it parsed from the very same dbt_project.yml and profiles.yml:

    - it does not hold these against JSON schemas again, which it puts together from its classes each time;
    - it does not read the source of all that called it, Dagster's many layers too, to find out which module
      declares a flag. Only a warning that such a flag is going to change would tell that.
    """
    from dbt_common.behavior_flags import BehaviorFlagRendered
    from dbt_common.dataclass_schema import dbtClassMixin

    whole: Any = dbtClassMixin.__dict__["validate"]
    look: Any = BehaviorFlagRendered.__dict__["_default_source"]

    def validate(cls: type, data: Any) -> None:
        if cls.__module__ not in VALIDATED_BY_THE_PARSE:
            whole.__func__(cls, data)

    dbtClassMixin.validate = classmethod(validate)  # type: ignore[method-assign,assignment]
    BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]
    try:
        yield
    finally:
        dbtClassMixin.validate = whole  # type: ignore[method-assign]
        BehaviorFlagRendered._default_source = look  # type: ignore[method-assign]
