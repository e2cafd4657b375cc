"""How SQLite answers what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from bot.store.database import Database


def steps(database: Database, work: Callable[[], object]) -> list[str]:
    """The steps of every query of `work`, in order: SEARCH by an index, SCAN of a whole table."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(database._engine, "before_cursor_execute", listen)
    work()
    event.remove(database._engine, "before_cursor_execute", listen)
    with database._engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values) for statement, values in asked]
        return [str(row[3]) for plan in plans for row in plan]
