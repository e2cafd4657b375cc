"""Sessions of agents whose second factor an OpenID provider saw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("desksession", sa.Column("vouched", sa.Boolean, nullable=False, server_default=sa.false()))
