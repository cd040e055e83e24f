"""X by its API v2: the updates of one incident are a thread of posts, and every call has its price."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from chatops.domain.errors import DeliveryError, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets.http import Http, name_place
from chatops.outlets.json_calls import Reply, require_target
from chatops.outlets.x_calls import (
    DUPLICATES_LAST,
    MARGIN,
    Access,
    XCalls,
    build_gist,
    is_duplicate,
    may_refuse_thread,
    read_id,
    read_text,
    read_time,
    refuses_reply,
)
from chatops.outlets.x_weight import count_x_weight, has_x_link
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "x"
LABEL = "X"
LIMITS = TextLimits(max_chars=280, count=count_x_weight)
ABILITIES = Abilities(
    retract=True,
    thread=True,
    may_refuse_thread=True,
    settled_by="read_back",
    mentions=True,
    reply=True,
    replies_settled_by="read_back",
    reply_names_author=True,
)
"""No edit: that takes X Premium and the first half hour, and gives the post another id.

Answers name whom they answer, as people's do: else the same words to two people would be a duplicate to X.
"""

PRICE, PRICE_WITH_LINK, PRICE_OF_REPLY = "$0.015", "$0.200", "$0.010"
READ_USD = 0.001
"""https://docs.x.com/x-api/pricing, August 2026. An answer is cheaper than a post where its author named us."""
STAND_ALONE = "X did not let us continue our thread: the approved stand-alone words went out."


def word_cost(words: str) -> str:
    """The price of one post; a link makes it 13 times dearer."""
    if has_x_link(words):
        return f"{PRICE_WITH_LINK} (without its link {PRICE})"
    return f"{PRICE} (with a link {PRICE_WITH_LINK})"


def word_reply_cost(words: str) -> str:
    if has_x_link(words):
        return f"{PRICE_WITH_LINK} (without its link {PRICE_OF_REPLY})"
    return PRICE_OF_REPLY


COST: Callable[[str], str] | None = word_cost


class Settings(Access):
    """`[outlets.x]`. `mentions_daily_usd`: what reading customers' posts may cost in a day (UTC)."""

    link: Literal["always", "first", "never"] = "first"
    mentions_daily_usd: float = Field(
        5.0, ge=0, le=10_000, description="US dollars that reading what customers write may cost a day"
    )


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(
        key=key,
        label=label,
        account=_name_account(settings),
        limits=LIMITS,
        abilities=ABILITIES,
        form="short",
        cost=COST,
        link=settings.link,
        split=settings.split,
        daily_reads=round(settings.mentions_daily_usd / READ_USD),
        reply_cost=word_reply_cost,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return X(settings, build_spec(settings, key=key, label=label), http)


def _name_account(settings: Settings) -> str:
    """An access token begins with the public number of its account: an approval is for that account only."""
    number = re.match(r"[0-9]{1,25}(?=-)", settings.access_token.get_secret_value())
    place = name_place(settings.base_url)
    return f"{place}, account {number[0]}" if number else place


@dataclass(frozen=True, slots=True)
class _Post:
    id: str
    gist: str
    at: datetime


class X:
    """Posts once; what was perhaps posted is looked up in the account's own posts."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._calls = XCalls(settings, http)

    async def send(self, posting: Posting) -> Sent:
        reply_to = posting.earlier[-1] if posting.earlier else None
        reply, note = await self._post(posting.words, reply_to), None
        if reply_to and may_refuse_thread(reply):
            if posting.fallback is None and refuses_reply(reply):
                raise Refused("X does not let us continue our thread, and no stand-alone words were approved.")
            if posting.fallback is None:
                raise self._calls.explain(reply)
            reply, note = await self._post(posting.fallback, None), STAND_ALONE
        if is_duplicate(reply):
            return await self._find_duplicate(posting)
        post_id = read_id(reply.find("data"))
        if not reply.is_fine or post_id is None:
            raise self._calls.explain(reply)
        return Sent(url=self._calls.link(post_id), remote_id=post_id, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        since = _since(posting)
        return self._pick(posting, await self._list_posts(since), since)

    async def retract(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._calls.call("DELETE", f"/2/tweets/{post_id}", is_repeatable=True)
        if reply.status == 404 or (reply.is_fine and reply.find("data", "deleted") is True):
            return Sent(remote_id=post_id)
        raise self._calls.explain(reply)

    async def check(self) -> str:
        account = await self._calls.get_account(anew=True)
        return f"{self._calls.place} knows us as @{account.handle or account.id}; nothing was posted"

    async def _post(self, text: str, reply_to: str | None) -> Reply:
        body: dict[str, Any] = {"text": text}
        if reply_to:
            body["reply"] = {"in_reply_to_tweet_id": reply_to}
        return await self._calls.call("POST", "/2/tweets", body=body)

    async def _find_duplicate(self, posting: Posting) -> Sent:
        """X says that the words stand there already. An answer of ours that got lost, or an older post?"""
        since, said = _since(posting), "X refuses the words as a duplicate"
        try:
            posts = await self._list_posts(since - DUPLICATES_LAST)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if found := self._pick(posting, posts, since):
            return found
        if any(post.gist in _list_gists(posting) for post in posts):
            raise Refused(f"{said}: an earlier post says exactly the same. Change the words.")
        raise Uncertain(f"{said}, but does not show them yet.")

    def _pick(self, posting: Posting, posts: Iterable[_Post], since: datetime) -> Sent | None:
        gists = _list_gists(posting)
        for post in posts:
            if post.gist in gists and post.at >= since and post.id not in posting.earlier:
                note = None if post.gist == gists[0] else STAND_ALONE
                return Sent(url=self._calls.link(post.id), remote_id=post.id, note=note)
        return None

    async def _list_posts(self, since: datetime) -> list[_Post]:
        """Our own, newest first. Raises Uncertain where they do not end."""
        posts, account = await self._calls.list_own(since), await self._calls.get_account()
        if posts is None:
            raise Uncertain("There are too many posts on X since then to look through them. Please look there.")
        return [post for each in posts if (post := _read_post(each, account.handle))]


def _since(posting: Posting) -> datetime:
    """No post of this delivery is older. In a replay our time may run ahead of X's, which knows no future."""
    return min(posting.started_at or posting.first_tried_at, posting.first_tried_at, datetime.now(UTC)) - MARGIN


def _list_gists(posting: Posting) -> list[str]:
    return [build_gist(words) for words in (posting.words, posting.fallback) if words is not None]


def _read_post(data: Mapping[str, Any], handle: str | None) -> _Post | None:
    post_id, text, at = read_id(data), read_text(data), read_time(data)
    if post_id is None or text is None or at is None:
        return None
    # Where a reply begins with the name of whom it answers, that was us.
    text = text.removeprefix(f"@{handle} ") if handle else text
    return _Post(post_id, build_gist(text), at)
