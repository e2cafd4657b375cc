"""The tables without the ORM, for what every message takes: through it a statement costs three times as much."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Row, insert
from sqlmodel import Session, SQLModel

from bot.store.tables import Message

Table = TypeVar("Table", bound=SQLModel)

#: A row of some columns, by their names.
Found = Row[*tuple[Any, ...]]

ADDRESS = SQLModel.metadata.tables["address"]
CONTACT = SQLModel.metadata.tables["contact"]
CONVERSATION = SQLModel.metadata.tables["conversation"]
FILE = SQLModel.metadata.tables["file"]
MESSAGE = SQLModel.metadata.tables["message"]

#: Where `Message.raw` keeps `Inbound.beside` and `Inbound.whole`; no platform has such names.
BESIDE, WHOLE = "frontdesk.beside", "frontdesk.whole"

#: Whoever asks for more than an id can be is answered without asking the database, which would not take the number.
LARGEST_ID = 2**31 - 1

_ADD = insert(MESSAGE)
_DEFAULTS = {
    name: field.get_default(call_default_factory=True)
    for name, field in Message.model_fields.items()
    if name != "id" and not field.is_required()
}


def add_message(session: Session, **values: Any) -> int:
    """A new message, with the defaults of `Message` for what `values` leave out; its id."""
    key: Any = session.connection().execute(_ADD, _DEFAULTS | values).inserted_primary_key
    return int(key[0])


def row_of(session: Session, table: type[Table], id_: int) -> Table | None:
    """The row of that id, which may be any number."""
    return session.get(table, id_) if 0 < id_ <= LARGEST_ID else None
