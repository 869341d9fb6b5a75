"""Which errors are worth another try: definitions and data don't get better by waiting, locks may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from dagster_project.errors import ShirubeError

TRANSIENT = (duckdb.IOException, TimeoutError, BlockingIOError, InterruptedError, ConnectionError)
RETRIES = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)


class Transient(Exception):
    """Something outside of the run got in its way."""


@contextmanager
def told_apart() -> Iterator[None]:
    """Let passing trouble through to the step's RetryPolicy; anything else fails the step at once."""
    try:
        yield
    except (dg.Failure, dg.RetryRequested, Transient, *TRANSIENT):
        raise
    except Exception as error:
        # what was raised on purpose speaks for itself; of anything else the kind is half the message
        words = str(error) if isinstance(error, ShirubeError) else f"{type(error).__name__}: {error}"
        raise dg.Failure(description=words, allow_retries=False) from error
