"""Whole seconds from one time to another, in the words of each database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class elapsed(FunctionElement[int]):  # noqa: N801 - stands in statements, where functions do
    """`elapsed(a, b)`: whole seconds from `a` to `b`; null where one is null or `b` is earlier."""

    type = Integer()
    inherit_cache = True

    def __init__(self, a: ColumnElement[Any], b: ColumnElement[Any]) -> None:
        super().__init__(a, b)


@compiles(elapsed)
def _on_postgres(element: elapsed, compiler: SQLCompiler, **options: Any) -> str:
    a, b = (compiler.process(each, **options) for each in element.clauses)
    return f"CASE WHEN {b} >= {a} THEN CAST(floor(extract(epoch FROM ({b} - {a}))) AS integer) END"


@compiles(elapsed, "sqlite")
def _on_sqlite(element: elapsed, compiler: SQLCompiler, **options: Any) -> str:
    a, b = (compiler.process(each, **options) for each in element.clauses)
    # Rounded to milliseconds first: days as a fraction are not exact to the last digit.
    return f"CASE WHEN {b} >= {a} THEN CAST(round((julianday({b}) - julianday({a})) * 86400, 3) AS integer) END"
