"""What people write to the Telegram bot: comments on the channel's posts, answers, its name, direct messages.

https://core.telegram.org/bots/api#getupdates. In the channel's discussion group the bot sees comments only as an
administrator, or with its privacy mode off (https://core.telegram.org/bots/features#privacy-mode).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, KeptMention, Mention, MentionKind
from chatops.outlets.http import Http
from chatops.outlets.json_calls import find_in, list_in
from chatops.outlets.listening.kept import recall
from chatops.outlets.listening.plain_text import clean_name, clean_text
from chatops.outlets.telegram import PLAIN, BotApi, Settings, build_link, describe, part_id
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

PAGE_UPDATES = 100
COUNTED_FOR = timedelta(days=6)
"""After a week without updates their numbers begin anew anywhere: https://core.telegram.org/bots/api#update"""
KINDS = ("message", "edited_message")
MEDIA = ("photo", "video", "voice", "audio", "document", "sticker", "animation", "video_note", "location")
PARENT_GONE = ("message to be replied not found", "message to reply not found", "reply message not found")
UNREACHABLE = ("bot was blocked", "user is deactivated", "bot can't initiate", "bot was kicked", "have no rights")


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    return TelegramListener(settings, http)


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """Who we are, and where we are at home. `group`: the channel's discussion group, or the chat itself."""

    bot: int
    username: str
    channel: int
    group: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """The next update's number, and when the last one came."""

    offset: int
    at: datetime


class TelegramListener:
    """Remote ids are CHAT/MESSAGE. One listener to a bot: what one reads, another does not get."""

    def __init__(self, settings: Settings, http: Http) -> None:
        self._api = BotApi(settings, http)
        self._chat_id = settings.chat_id
        self._house: _House | None = None

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        """Asking from a number on confirms what lies before it, so nothing is confirmed before it was kept."""
        house = await self._find_house()
        now, mark = datetime.now(UTC), _parse_cursor(cursor)
        is_counted = mark is not None and now - mark.at < COUNTED_FOR
        wanted: dict[str, Any] = {"limit": PAGE_UPDATES, "timeout": 0, "allowed_updates": KINDS}
        if mark is not None and is_counted:
            wanted["offset"] = mark.offset
        updates = await self._get_updates(wanted)
        numbers = [number for each in updates if (number := _read_number(each.get("update_id"))) is not None]
        if numbers:
            mark = _Mark(offset=max(numbers) + 1, at=now)
        mentions = [mention for each in updates if (mention := _read_update(each, house, since)) is not None]
        return Heard(mentions=tuple(mentions), cursor=_write_cursor(mark), is_more=len(numbers) >= PAGE_UPDATES)

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:  # noqa: ARG002 - the port's
        """A bot cannot read a chat: what is known of a message is what its updates said."""
        return ThreadNow(mention=recall(mention), ours=None)

    async def reply(self, posting: ReplyPosting) -> Replied:
        chat_id, message_id = part_id(posting.answers)
        arguments = {"chat_id": chat_id, "text": posting.words, **PLAIN}
        # https://core.telegram.org/bots/api#replyparameters: without the message it is refused, unless we allow it.
        arguments["reply_parameters"] = {"message_id": int(message_id), "allow_sending_without_reply": False}
        reply = await self._api.call("sendMessage", arguments)
        said = describe(reply)
        if any(words in said for words in PARENT_GONE):
            raise Refused("Telegram has no such message any more: the author has deleted it. Nothing was posted.")
        if reply.status == HTTPStatus.FORBIDDEN or any(words in said for words in UNREACHABLE):
            raise Refused("They have blocked the bot, or it may not write in that chat. Nothing was posted.")
        self._api.require_ok(reply)
        sent_to, sent = (
            _read_number(reply.find("result", "chat", "id")),
            _read_number(reply.find("result", "message_id")),
        )
        if sent_to is None or sent is None:
            raise reply.doubt()
        url = build_link(str(sent_to), str(sent), reply.find("result", "chat", "username"))
        return Replied(remote_id=f"{sent_to}/{sent}", url=url if sent_to < 0 else None)

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("Telegram does not let bots read a chat. Look into the conversation there.")

    async def _get_updates(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        reply = await self._api.call("getUpdates", wanted, is_repeatable=True)
        if reply.status == HTTPStatus.CONFLICT and "webhook" in describe(reply):
            raise Refused("A web hook is set for this Telegram bot, so nothing can be read here. Call deleteWebhook.")
        if reply.status == HTTPStatus.CONFLICT:
            raise NotSent("Another program reads this Telegram bot's messages. Stop it, or give each a bot of its own.")
        self._api.require_ok(reply)
        if not isinstance(reply.find("result"), list):
            raise reply.doubt()
        return list_in(reply.find("result"))

    async def _find_house(self) -> _House:
        """Asked once; a discussion group that is linked later is known after a restart."""
        if self._house is None:
            me = await self._api.call("getMe", is_repeatable=True)
            self._api.require_ok(me)
            chat = await self._api.call("getChat", {"chat_id": self._chat_id}, is_repeatable=True)
            self._api.require_ok(chat)
            bot, here = _read_number(me.find("result", "id")), _read_number(chat.find("result", "id"))
            if bot is None or here is None:
                raise chat.doubt()
            is_channel = chat.find("result", "type") == "channel"
            group = _read_number(chat.find("result", "linked_chat_id")) if is_channel else here
            username = clean_name(me.find("result", "username")).lower()
            self._house = _House(bot=bot, username=username, channel=here, group=group)
        return self._house


def _read_update(update: Mapping[str, Any], house: _House, since: datetime) -> Mention | None:
    """None: it does not concern us, is older, or is not what it should be."""
    kind = next((each for each in KINDS if isinstance(update.get(each), dict)), None)
    if kind is None:
        return None
    message: dict[str, Any] = update[kind]
    chat, number, at = find_in(message, "chat", "id"), _read_number(message.get("message_id")), _read_time(message)
    if _read_number(chat) is None or number is None or at is None or (at < since and kind == "message"):
        return None
    concern, words = _find_concern(message, house), _read_words(message)
    author = _read_author(message)
    if concern is None or words is None or author is None:
        return None
    is_private = find_in(message, "chat", "type") == "private"
    parent = _find_parent(message)
    topic = _read_number(message.get("message_thread_id"))
    thread = str(chat) if is_private else f"{chat}/{topic}" if topic is not None else parent or f"{chat}/{number}"
    return Mention(
        id=f"{chat}/{number}",
        author=author,
        text=words,
        posted_at=at,
        kind=concern,
        url=None if is_private else build_link(str(chat), str(number), find_in(message, "chat", "username")),
        thread=thread,
        parent=parent,
        is_ours=author.id == str(chat) and not is_private,
    )


def _find_concern(message: Mapping[str, Any], house: _House) -> MentionKind | None:
    if message.get("is_automatic_forward") is True:
        return None  # our own post, copied into its group
    if find_in(message, "chat", "type") == "private":
        return None if str(message.get("text")).startswith("/start") else MentionKind.MESSAGE
    is_at_home = house.group is not None and find_in(message, "chat", "id") == house.group
    return _find_group_concern(message, house) if is_at_home else None


def _find_group_concern(message: Mapping[str, Any], house: _House) -> MentionKind | None:
    answered = message.get("reply_to_message")
    # An anonymous administrator speaks for the group, and so for us: what they answer counts as answered.
    if find_in(message, "sender_chat", "id") == house.group:
        return MentionKind.REPLY if isinstance(answered, dict) else None
    if find_in(answered, "sender_chat", "id") == house.channel:
        return MentionKind.COMMENT
    if find_in(answered, "from", "id") == house.bot:
        return MentionKind.REPLY
    return MentionKind.MENTION if _names(message, house.username) else None


def _names(message: Mapping[str, Any], username: str) -> bool:
    said = f"{message.get('text') or ''}\n{message.get('caption') or ''}"[:20_000].lower()
    return bool(username) and re.search(rf"(?<![\w@]){re.escape('@' + username)}(?!\w)", said) is not None


def _find_parent(message: Mapping[str, Any]) -> str | None:
    """The post itself where the group's copy of it is answered: https://core.telegram.org/bots/api#messageoriginchannel"""
    answered = message.get("reply_to_message")
    origin = find_in(answered, "forward_origin")
    if find_in(answered, "is_automatic_forward") is True and find_in(origin, "type") == "channel":
        chat, number = _read_number(find_in(origin, "chat", "id")), _read_number(find_in(origin, "message_id"))
    else:
        chat, number = _read_number(find_in(message, "chat", "id")), _read_number(find_in(answered, "message_id"))
    return f"{chat}/{number}" if chat is not None and number is not None else None


def _read_author(message: Mapping[str, Any]) -> Author | None:
    """A person; or a channel or group in whose name somebody writes. No other bots."""
    chat = message.get("sender_chat")
    if isinstance(chat, dict):
        number, name = _read_number(chat.get("id")), clean_name(chat.get("title"))
        handle = clean_name(chat.get("username"))
        return Author(id=str(number), handle=handle or name or str(number), name=name) if number is not None else None
    sender = message.get("from")
    number = _read_number(find_in(sender, "id"))
    if not isinstance(sender, dict) or number is None or sender.get("is_bot") is True:
        return None
    name = f"{clean_name(sender.get('first_name'))} {clean_name(sender.get('last_name'))}".strip()
    return Author(id=str(number), handle=clean_name(sender.get("username")) or str(number), name=name)


def _read_words(message: Mapping[str, Any]) -> str | None:
    """None: something happened that is no message, such as somebody joining."""
    said = message.get("text") if isinstance(message.get("text"), str) else message.get("caption")
    shown = next((each for each in MEDIA if message.get(each)), None)
    if not isinstance(said, str) and shown is None:
        return None
    words = clean_text(said) if isinstance(said, str) else ""
    return f"{words}\n[{shown.replace('_', ' ')}]".strip() if shown else words


def _read_time(message: Mapping[str, Any]) -> datetime | None:
    seconds = _read_number(message.get("date"))
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < 1e11 else None


def _read_number(value: object) -> int | None:
    """Up to 52 bits, as the documentation promises."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return value if is_number and isinstance(value, int) else None


def _parse_cursor(cursor: str | None) -> _Mark | None:
    """Ours, from the ledger; None where it cannot be read, which only makes us read again."""
    try:
        said = json.loads(cursor or "null")
        return _Mark(offset=int(said["offset"]), at=datetime.fromtimestamp(float(said["at"]), UTC))
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _write_cursor(mark: _Mark | None) -> str | None:
    return json.dumps({"offset": mark.offset, "at": round(mark.at.timestamp())}) if mark else None
