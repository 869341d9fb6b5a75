"""Dagster's event log in SQLite, without beginning anew at each of a night's many hundred events.

The stock storage makes a new SQLAlchemy engine for every event: it compiles every statement again, and the
last connection to close writes the index of all runs from its log to its file. Files, tables and
transactions are the same here, so that either class reads what the other wrote.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.event import listen
from sqlalchemy.pool import NullPool, QueuePool

if TYPE_CHECKING:
    from dagster._config.config_schema import UserConfigSchema
    from dagster._core.events.log import EventLogEntry
    from dagster._serdes import ConfigurableClassData
    from sqlalchemy.engine import Connection, Engine


class EventLog(SqliteEventLogStorage):
    """Keeps an engine for the index and one for the run at hand, and the index's connection open.

    A run's own file is closed after each event as ever: the UI follows a run by the file's changes, and
    only a connection that closes writes them there.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._known_columns: set[str] = set()
        self._known_tables: set[str] = set()
        self._held: dict[str, Connection] = {}
        super().__init__(base_dir, inst_data)
        self._db_lock = threading.RLock()  # type: ignore[assignment]  # taken again within what it guards

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """home: Dagster's home; the files are where the stock storage has them by default."""
        return {"home": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> EventLog:
        return cls(str(Path(config_value["home"]) / "history" / "runs"), inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        with self._held_transactions([event.run_id]):
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """All of them or none. Dagster batches what a run intends to make, see DAGSTER_EVENT_BATCH_SIZE."""
        with self._held_transactions(dict.fromkeys(event.run_id for event in events)):
            for event in events:
                super().store_event(event)

    @contextmanager
    def _held_transactions(self, runs: Iterable[str]) -> Iterator[None]:
        """One transaction a file for all that is written meanwhile, instead of up to six an event."""
        with self._db_lock, ExitStack() as opened:
            try:
                # the last is committed first: the index never knows an event that the run's file lacks
                for shard in (INDEX_SHARD_NAME, *runs):
                    self._held[shard] = opened.enter_context(self._connect(shard))
                yield
            finally:
                self._held.clear()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard in self._held:
                yield self._held[shard]
                return
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            for former in self._engines.keys() - {INDEX_SHARD_NAME}:
                del self._engines[former]
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool if shard == INDEX_SHARD_NAME else NullPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
            )
            listen(self._engines[shard], "connect", _sparing_the_disk(shard))
        return self._engines[shard]

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        # asked before every event of an asset, and no column is ever dropped
        if column_name not in self._known_columns:
            if not super()._has_asset_key_col_on_connection(conn, column_name):
                return False
            self._known_columns.add(column_name)
        return True

    def has_table(self, table_name: str) -> bool:
        # likewise, and with a connection of its own each time
        if table_name not in self._known_tables:
            if not super().has_table(table_name):
                return False
            self._known_tables.add(table_name)
        return True

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        self._close()
        super().dispose()

    def _close(self) -> None:
        with self._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
            self._known_columns.clear()
            self._known_tables.clear()


def _sparing_the_disk(shard: str) -> Callable[[Any, Any], None]:
    """To wait for the disk at each of a night's many hundred events takes longer than all the rest of them.
    After a power cut the index of all runs may lack its last moments, but is whole; the file of the one run
    that was under way may not be."""
    synchronous = "NORMAL" if shard == INDEX_SHARD_NAME else "OFF"

    def spare(connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA synchronous = {synchronous}")

    return spare
