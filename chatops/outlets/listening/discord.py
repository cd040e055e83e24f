"""What people in the Discord channel write to the bot, or answer to its posts; answered there.

https://docs.discord.com/developers/resources/channel and …/message. The bot needs View Channel, Read Message History
and Send Messages; without the Message Content intent it sees only the words of those who name it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatops.domain.errors import Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, KeptMention, Mention, MentionKind
from chatops.outlets.discord import NONCE_CHARS, Settings, build_api
from chatops.outlets.discord_calls import (
    ANSWER_GONE,
    CLOCKS_APART,
    PAGE_MESSAGES,
    Channel,
    build_link,
    find_author,
    make_id,
    part_id,
    read_id,
    read_time,
)
from chatops.outlets.http import Http
from chatops.outlets.json_calls import Reply, find_in, list_in
from chatops.outlets.listening.plain_text import clean_name, clean_text
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

MOST_PAGES = 5
ANCESTORS = 20
"""So far up a chain of answers we look for its first post."""
LOOK_UPS = 30
"""So many posts are fetched in one look to find where chains begin."""
KEPT_PARENTS = 5_000
KEPT_HEARD = 200
DEFAULT, REPLY = 0, 19
"""https://docs.discord.com/developers/resources/message#message-object-message-types"""
INVALID_FORM = 50035


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    return DiscordListener(settings, http)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """Up to where we read. `heard` are the latest that concerned us; `is_behind`: the look before ended early."""

    upto: int
    heard: tuple[str, ...] = ()
    is_behind: bool = False


class DiscordListener:
    """Remote ids are CHANNEL/MESSAGE, as the outlet's are.

    Each look goes back ten minutes, since Discord tells of edits and deletions only whom a gateway connects.
    """

    def __init__(self, settings: Settings, http: Http) -> None:
        self._api = build_api(settings, http)
        self._channel = Channel(self._api, str(settings.channel_id))
        self._parents: dict[str, str | None] = {}

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        me, mark = await self._channel.find_me(), _parse_cursor(cursor)
        start = _find_start(mark, since)
        messages, is_more = await self._read_after(start)
        self._remember(messages)
        budget = [LOOK_UPS]
        mentions = [await self._describe(each, me, budget) for each in messages if _concerns(each, me)]
        upto = max([mark.upto if mark else start, *(_number(each) for each in messages)])
        standing = {str(_number(each)) for each in messages}
        earlier = [each for each in (mark.heard if mark else ()) if int(each) > start]
        is_whole = not is_more and not (mark and mark.is_behind)
        gone = [each for each in earlier if each not in standing] if is_whole else []
        found = [part_id(mention.id)[1] for mention in mentions]
        heard = tuple(dict.fromkeys(each for each in (*earlier, *found) if each not in gone))[-KEPT_HEARD:]
        return Heard(
            mentions=tuple(mentions),
            gone=tuple(f"{self._channel.id}/{each}" for each in gone),
            cursor=json.dumps({"upto": str(upto), "heard": heard, "is_behind": is_more}),
            is_more=is_more,
        )

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:  # noqa: ARG002 - the port's
        channel, message_id = self._locate(mention.remote_id)
        reply = await self._api.call("GET", f"{channel.path}/messages/{message_id}", is_repeatable=True)
        if reply.find("code") == ANSWER_GONE:
            return ThreadNow(mention=None)
        self._api.require_fine(reply)
        if read_id(reply.find("id")) != message_id:
            raise reply.doubt()
        me = await channel.find_me()
        following, _ = await self._read_after(int(message_id), channel)
        answers = [each for each in following if find_author(each) == me and _find_parent(each) == message_id]
        guild = await channel.find_guild()
        ours = tuple(_build_mention(each, me, guild) for each in answers)
        return ThreadNow(mention=_build_mention(reply.data, me, guild), ours=ours)

    async def reply(self, posting: ReplyPosting) -> Replied:
        channel, message_id = self._locate(posting.answers)
        body = {
            "content": posting.words,
            "nonce": name_nonce(posting),
            "enforce_nonce": True,
            "message_reference": {"message_id": message_id, "fail_if_not_exists": True},
            # Nobody is called but the one who is answered.
            "allowed_mentions": {"parse": [], "replied_user": True},
        }
        reply = await self._api.call("POST", f"{channel.path}/messages", body=body)
        if _is_parent_missing(reply):
            raise Refused("Discord has no such post any more: the author has deleted it. Nothing was posted.")
        self._api.require_fine(reply)
        if "0" in (read_id(reply.find("id")), read_id(reply.find("channel_id"))):
            raise reply.doubt()
        return await self._name(reply.data, channel)

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        """By nonce where Discord still tells it, which it does not promise; else by author, parent and words."""
        channel, message_id = self._locate(posting.answers)
        me = await channel.find_me()
        start = max(int(message_id), int(make_id(posting.first_tried_at - CLOCKS_APART)))
        messages, is_more = await self._read_after(start, channel)
        for message in messages:
            if is_reply(message, posting, author=me):
                return await self._name(message, channel)
        if is_more:
            raise Uncertain("Too much was written in the channel since then. Please look there.")
        return None

    def _locate(self, remote_id: str) -> tuple[Channel, str]:
        """Also in another channel than the one that is set now."""
        channel_id, message_id = part_id(remote_id)
        is_same = channel_id == self._channel.id
        return (self._channel if is_same else Channel(self._api, channel_id)), message_id

    async def _name(self, message: Mapping[str, Any], channel: Channel) -> Replied:
        message_id = read_id(message.get("id"))
        url = build_link(await channel.find_guild(), channel.id, message_id)
        return Replied(remote_id=f"{channel.id}/{message_id}", url=url)

    async def _read_after(self, start: int, channel: Channel | None = None) -> tuple[list[dict[str, Any]], bool]:
        """What follows that id, oldest first, and whether there is more of it."""
        found: dict[int, dict[str, Any]] = {}
        at = start
        for _ in range(MOST_PAGES):
            page = await (channel or self._channel).list_messages(after=str(at))
            found |= {_number(each): each for each in page if _number(each) > start}
            last = max(map(_number, page), default=0)
            if len(page) < PAGE_MESSAGES or last <= at:
                return [found[number] for number in sorted(found)], False
            at = last
        return [found[number] for number in sorted(found)], True

    def _remember(self, messages: list[dict[str, Any]]) -> None:
        if len(self._parents) > KEPT_PARENTS:
            self._parents.clear()
        for each in _list_shown(messages):
            self._parents[read_id(each.get("id"))] = _find_parent(each)

    async def _describe(self, message: Mapping[str, Any], me: str, budget: list[int]) -> Mention:
        root = await self._find_root(read_id(message.get("id")), budget)
        return _build_mention(message, me, await self._channel.find_guild(), root=root)

    async def _find_root(self, message_id: str, budget: list[int]) -> str:
        """Up the chain of answers; Discord shows only the next one."""
        at = message_id
        for _ in range(ANCESTORS):
            if at not in self._parents:
                if budget[0] <= 0:
                    break
                budget[0] -= 1
                self._parents[at] = await self._fetch_parent(at)
            parent = self._parents[at]
            if parent is None:
                break
            at = parent
        return at

    async def _fetch_parent(self, message_id: str) -> str | None:
        """None also where it is gone: then the chain begins there."""
        reply = await self._api.call("GET", f"{self._channel.path}/messages/{message_id}", is_repeatable=True)
        if reply.find("code") == ANSWER_GONE:
            return None
        self._api.require_fine(reply)
        return _find_parent(reply.data) if isinstance(reply.data, dict) else None


def name_nonce(posting: ReplyPosting) -> str:
    """One reply of exactly these words, in the 25 characters that a nonce may have."""
    shown = f"{posting.key}\n{posting.answers}\n{posting.words}"
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:NONCE_CHARS]


def is_reply(message: Mapping[str, Any], posting: ReplyPosting, *, author: str) -> bool:
    if message.get("nonce") == name_nonce(posting):
        return True
    known = {part_id(each)[1] for each in posting.own}
    return (
        find_author(message) == author
        and message.get("nonce") is None
        and _find_parent(message) == part_id(posting.answers)[1]
        and str(message.get("content")).split() == posting.words.split()
        and message.get("id") not in known
    )


def _is_parent_missing(reply: Reply) -> bool:
    return (
        reply.status == 400 and reply.find("code") == INVALID_FORM and bool(reply.find("errors", "message_reference"))
    )


def _find_start(mark: _Mark | None, since: datetime) -> int:
    earliest = int(make_id(since))
    if mark is None:
        return earliest
    if mark.is_behind:
        return max(earliest, mark.upto)
    return max(earliest, mark.upto - (int(CLOCKS_APART.total_seconds() * 1000) << 22))


def _parse_cursor(cursor: str | None) -> _Mark | None:
    """Ours, from the ledger; None where it cannot be read, which only makes us read again."""
    try:
        said = json.loads(cursor or "null")
        heard = tuple(str(int(each)) for each in said["heard"])
        return _Mark(upto=int(said["upto"]), heard=heard, is_behind=said["is_behind"] is True)
    except (ValueError, KeyError, TypeError):
        return None


def _concerns(message: Mapping[str, Any], me: str) -> bool:
    """People who name the bot or answer it, and the bot's own answers to people; no other bots, no hooks."""
    answered = find_in(message.get("referenced_message"), "author", "id")
    if _number(message) == 0 or message.get("type", DEFAULT) not in (DEFAULT, REPLY):
        return False
    if find_author(message) == me:
        return _find_parent(message) is not None and answered not in (None, me)
    if find_in(message.get("author"), "bot") is True or message.get("webhook_id") is not None:
        return False
    return answered == me or any(each.get("id") == me for each in list_in(message.get("mentions")))


def _build_mention(message: Mapping[str, Any], me: str, guild: str | None, *, root: str | None = None) -> Mention:
    message_id, channel_id = read_id(message.get("id")), read_id(message.get("channel_id"))
    parent = _find_parent(message)
    author = message.get("author")
    handle = clean_name(find_in(author, "username"))
    return Mention(
        id=f"{channel_id}/{message_id}",
        author=Author(
            id=read_id(find_in(author, "id")), handle=handle, name=clean_name(find_in(author, "global_name")) or handle
        ),
        text=_read_words(message),
        posted_at=read_time(message_id),
        kind=MentionKind.REPLY if parent is not None else MentionKind.MENTION,
        url=build_link(guild, channel_id, message_id),
        thread=f"{channel_id}/{root or parent or message_id}",
        parent=f"{channel_id}/{parent}" if parent is not None else None,
        is_ours=find_author(message) == me,
    )


def _read_words(message: Mapping[str, Any]) -> str:
    """https://docs.discord.com/developers/reference#message-formatting"""
    content = message.get("content")
    text = content if isinstance(content, str) else ""
    names = {each.get("id"): clean_name(each.get("username")) for each in list_in(message.get("mentions"))}
    text = re.sub(r"<@!?(\d{1,20})>", lambda found: f"@{names.get(found[1]) or 'somebody'}", text)
    text = re.sub(r"<a?(:\w{1,40}:)\d{1,20}>", r"\1", text)
    files = [clean_name(each.get("filename")) for each in list_in(message.get("attachments"))[:10]]
    return clean_text("\n".join([text, *(f"[{name}]" for name in files if name)]))


def _list_shown(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The messages, and those that they show as answered."""
    for each in messages:
        yield each
        if isinstance(shown := each.get("referenced_message"), dict):
            yield shown


def _find_parent(message: Mapping[str, Any]) -> str | None:
    if message.get("type") != REPLY:  # forwards and pins refer to messages, too
        return None
    parent = read_id(find_in(message.get("message_reference"), "message_id"))
    return parent if parent != "0" else None


def _number(message: Mapping[str, Any]) -> int:
    return int(read_id(message.get("id")))
