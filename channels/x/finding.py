"""What became of something sent, where the answer to it got lost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from channels.errors import MayHaveArrived
from channels.words import Outbound
from channels.x.announcing import is_board
from channels.x.api import Api
from channels.x.events import Payload, answered, first_id, identity, text_of
from channels.x.text import without_mentions

#: By how much X's clock and ours may differ.
SKEW = timedelta(seconds=5)

#: Pages of a hundred that are looked through.
MOST_PAGES = 3


async def find(api: Api, outbound: Outbound, text: str, others: Collection[str]) -> str | None:
    """The id of what says `text` and was sent after `outbound` was made, and is none of `others`; None where it is not.

    Raises an error of the contract where X cannot tell.
    """
    since = max(first_id(outbound.created_at - SKEW), outbound.behind, key=_number)
    place, token = outbound.place, None
    for _ in range(MOST_PAGES):
        ask = _posts(place.account, since, token) if place.public else _messages(place.handle, token)
        body = (await api.ask(ask)).body
        data = body.get("data")
        events = [one for one in data if isinstance(one, dict) and identity(one)] if isinstance(data, list) else []
        fresh = [one for one in events if int(identity(one)) > int(since) and identity(one) not in others]
        for event in fresh:
            if _ours(event, outbound) and _same(text_of(event), text):
                return identity(event)
        meta = body.get("meta")
        token = meta.get("next_token") if isinstance(meta, dict) else None
        if not isinstance(token, str) or any(int(identity(one)) < int(since) for one in events):
            return None
    raise MayHaveArrived("too much was sent since then")


def _number(identity: str) -> int:
    return int(identity) if identity.isdecimal() else 0


def _ours(event: Payload, outbound: Outbound) -> bool:
    if not outbound.place.public:
        return event.get("sender_id") == outbound.place.account
    if is_board(outbound.place):
        return not answered(event)
    post = outbound.answering.get("post")
    return isinstance(post, dict) and answered(event) == identity(post)


def _same(found: str, sent: str) -> bool:
    return without_mentions(found).split() == without_mentions(sent).split()


def _messages(handle: str, token: str | None) -> Callable[[Any], Any]:
    """Those with one person: a window of its own, which reading does not use up."""
    return lambda client: client.get_direct_message_events(
        participant_id=handle,
        dm_event_fields=["id", "text", "event_type", "created_at", "sender_id", "entities"],
        event_types="MessageCreate",
        max_results=100,
        **({"pagination_token": token} if token else {}),
    )


def _posts(me: str, since: str, token: str | None) -> Callable[[Any], Any]:
    return lambda client: client.get_users_tweets(
        me,
        since_id=since,
        tweet_fields=["attachments", "created_at", "entities", "note_tweet", "referenced_tweets"],
        max_results=100,
        user_auth=True,
        **({"pagination_token": token} if token else {}),
    )
