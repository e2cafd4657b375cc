"""What is wrong with a bot, each with what to change."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Chat, ChatFullInfo, ChatMember, WebhookInfo
from telegram.error import TelegramError

from channels.telegram.announcing import RIGHT
from channels.telegram.client import Client, told
from channels.telegram.settings import TelegramSettings, TelegramStaff


async def wrong(client: Client, settings: TelegramSettings) -> Sequence[str]:
    """Empty where the bot can do all that its settings ask for."""
    try:
        me = await client.identity()
        webhook = await client.get_webhook_info()
    except Exception as error:  # noqa: BLE001 - an answer that cannot be read is one of the things that are wrong
        return [told(error)]
    found = [*_groups(me)] if settings.groups else []
    found += await _staff(client, settings.staff) if settings.staff else []
    found += _webhook(webhook, settings)
    places = {one.place.partition(":")[0] for one in settings.announce}
    return found + [reason for place in sorted(places) if (reason := await _unposted(client, place, me))]


async def _unposted(client: Client, place: str, me: dict[str, object]) -> str:
    """Why the bot cannot post there; "" where it can."""
    id_ = me.get("id")
    try:
        chat = await client.get_chat(place)
        member = await client.get_chat_member(place, id_ if isinstance(id_, int) else 0)
    except Exception as error:  # noqa: BLE001 - the same
        return f"announce: {place}: {told(error)}: {RIGHT}"
    return "" if _may_post(chat, member) else f"announce: the bot may not post in {place}: {RIGHT}"


def _may_post(chat: ChatFullInfo, member: ChatMember) -> bool:
    """In a channel it needs the right, in a group whoever is in it has it, unless it was taken away."""
    match member.status:
        case ChatMember.ADMINISTRATOR:
            return chat.type != Chat.CHANNEL or bool(getattr(member, "can_post_messages", False))
        case ChatMember.MEMBER:
            allowed = chat.permissions
            return chat.type != Chat.CHANNEL and (allowed is None or bool(allowed.can_send_messages))
        case ChatMember.RESTRICTED:
            return bool(getattr(member, "can_send_messages", False))
        case _:
            return False


async def _staff(client: Client, staff: TelegramStaff) -> list[str]:
    try:
        group, member = await client.group(staff.group)
    except TelegramError as error:
        return [f"staff.group: the bot cannot see it; add it to the group: {told(error)}"]
    found = []
    if not group.get("is_forum"):
        found.append("staff.group: the group has no topics; turn them on in its settings")
    if not member.get("can_manage_topics"):
        found.append("staff.group: make the bot an administrator there with the right to manage topics")
    return found


def _groups(me: dict[str, object]) -> list[str]:
    found = []
    if me.get("can_join_groups") is False:
        found.append(
            "groups: the bot may not join any; allow it with /setjoingroups at @BotFather, or set groups: false"
        )
    if me.get("can_read_all_group_messages") is False:
        found.append(
            "groups: privacy mode is on, so the bot hears commands and replies there but not who mentions it; "
            "turn it off with /setprivacy at @BotFather, or set groups: false"
        )
    return found


def _webhook(webhook: WebhookInfo, settings: TelegramSettings) -> list[str]:
    if not settings.webhook_url:
        reason = "webhook_url: a webhook is set for this bot, so it cannot poll; set it here, or call deleteWebhook"
        return [reason] if webhook.url else []
    if webhook.url and webhook.url != settings.webhook_url:
        return ["webhook_url: Telegram calls another address now; it changes when Frontdesk starts"]
    if webhook.url and webhook.last_error_message and webhook.pending_update_count:
        return [f"webhook_url: Telegram cannot reach it: {webhook.last_error_message}"]
    return []
