"""dbt's saved parse → the part of it that a build needs. Pure.

For each node that it builds dbt makes every macro of the manifest ready twice, two thirds of which are for
what we don't have: snapshots, seeds, incremental models, grants. And it writes each node that it knows out in
full twice, built or not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

# Only asked for by name from dbt's own Python (dbt.adapters.sql.impl, dbt.adapters.base.impl, dbt.task.test).
CALLED_BY_DBT = (
    "alter_column_type",
    "check_schema_exists",
    "create_schema",
    "drop_relation",
    "drop_schema",
    "get_columns_in_relation",
    "list_function_relations_without_caching",
    "list_relations_without_caching",
    "list_schemas",
    "materialization_test_default",
    "rename_relation",
    "truncate_relation",
)
ADAPTERS = ("", "default__", "duckdb__")  # what adapter.dispatch puts before a name
NEVER_BUILT = ("exposures", "files", "metrics", "saved_queries", "semantic_models", "unit_tests")
WORD = re.compile(r"\w+")


def needed(saved: Mapping[str, Any], left_out: Collection[str], package: str) -> dict[str, Any]:
    """`saved`, as dbt's parse wrote it, without nodes and macros that the build can't come to.

    left_out: unique ids of nodes that are not built; one that a built node reads stays, as do the macros of
    `package`.
    """
    nodes = _with_all_they_read(saved["nodes"], saved["nodes"].keys() - set(left_out))
    macros = _called(saved["macros"], nodes.values(), package)
    return {**saved, **{kind: {} for kind in NEVER_BUILT}, "nodes": nodes, "macros": macros}


def _with_all_they_read(nodes: Mapping[str, Any], built: Iterable[str]) -> dict[str, Any]:
    found = set(built)
    waiting = list(found)
    while waiting:
        read = set(nodes[waiting.pop()].get("depends_on", {}).get("nodes", ())) & nodes.keys()
        waiting += read - found
        found |= read
    return {unique_id: node for unique_id, node in nodes.items() if unique_id in found}


def _called(macros: Mapping[str, Any], nodes: Iterable[Any], package: str) -> dict[str, Any]:
    """Macros of the package, and all whose name is a word in these, in nodes or in others that are: more than
    are called, as a word may mean anything, but none that is called by its name is missing."""
    named: dict[str, list[str]] = defaultdict(list)
    for unique_id, macro in macros.items():
        named[macro["name"]].append(unique_id)
    found = {unique_id for unique_id, macro in macros.items() if macro["package_name"] == package}
    texts = [macros[unique_id]["macro_sql"] for unique_id in found]
    texts += [text for node in nodes for text in _texts(node)]
    texts += CALLED_BY_DBT
    while texts:
        for word in set(WORD.findall(texts.pop())):
            for prefix in ADAPTERS:
                for unique_id in named.get(prefix + word, ()):
                    if unique_id not in found:
                        found.add(unique_id)
                        texts.append(macros[unique_id]["macro_sql"])
    return {unique_id: macro for unique_id, macro in macros.items() if unique_id in found}


def _texts(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a node what dbt renders: its SQL, the arguments of a test, hooks."""
    config = node.get("config", {})
    hooks = (config.get("pre-hook"), config.get("post-hook"))
    return (node.get("raw_code") or "", str(node.get("test_metadata")), str(hooks))
