"""Rows of a publication's tables."""

from __future__ import annotations

from typing import Any

import duckdb


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, given: list[Any] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    answer = connection.execute(query, given or [])
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, values, strict=True)) for values in answer.fetchall()]
