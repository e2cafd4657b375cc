"""What each role includes."""

from __future__ import annotations

from bot.store.agent_tables import Role

INCLUDED = {
    Role.AGENT: {Role.AGENT},
    Role.LEAD: {Role.AGENT, Role.LEAD},
    Role.MAINTAINER: {Role.AGENT, Role.MAINTAINER},
    Role.ADMIN: set(Role),
}


def may(role: Role, needed: Role) -> bool:
    """Whether somebody with `role` may do what takes `needed`."""
    return needed in INCLUDED[role]
