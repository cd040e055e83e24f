"""What people write to us on X, read page by page because each post costs, and our answers to them."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import KeptMention, Mention
from chatops.outlets.http import Http
from chatops.outlets.json_calls import Reply, find_in, list_in
from chatops.outlets.listening.x_mentions import list_versions, read_mention, strip_names
from chatops.outlets.x import Settings
from chatops.outlets.x_calls import (
    DUPLICATES_LAST,
    MARGIN,
    XCalls,
    build_gist,
    is_duplicate,
    read_id,
    read_text,
    read_time,
    refuses_reply,
    tells_gone,
    wants_money,
)
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

PAGE_MENTIONS = 100
"""One page a look: whoever minds the day's budget is asked again after each."""
OVERLAP = timedelta(minutes=2)
"""X shows some mentions late: who reads strictly on misses them. What was read that day is not charged again."""
FIELDS = {
    "tweet.fields": "author_id,conversation_id,created_at,edit_history_tweet_ids,entities,in_reply_to_user_id,"
    "note_tweet,referenced_tweets",
    "expansions": "author_id,referenced_tweets.id",
    "user.fields": "public_metrics",
}
GONE = "The author has deleted this post, or X no longer shows it to us. Nothing was sent."


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    del key, label
    return XListener(XCalls(settings, http))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """`since` is where this look begins, `begun` when it did by X's clock, `token` its next page."""

    since: datetime
    begun: datetime | None = None
    token: str = ""

    def dump(self) -> str:
        return json.dumps({name: str(value or "") for name, value in asdict(self).items()})


class XListener:
    """Reads mentions, looks again before an answer, answers once; what was perhaps answered is looked up."""

    def __init__(self, calls: XCalls) -> None:
        self._calls = calls
        self._read_on, self._read_ids = "", set[str]()
        self._unreported = 0

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        account = await self._calls.get_account()
        place = _parse_cursor(cursor) or _Cursor(since=since)
        # https://docs.x.com/x-api/users/get-mentions
        query = FIELDS | {"start_time": _word_time(place.since), "max_results": str(PAGE_MENTIONS)}
        path = f"/2/users/{account.id}/mentions"
        reply = await self._get(path, query | ({"pagination_token": place.token} if place.token else {}))
        if reply.status == 400 and place.token:
            # X no longer knows the page: from the beginning again at the next look. Repeats are harmless.
            return Heard(cursor=_Cursor(since=place.since).dump(), paid_reads=self._take_paid())
        self._require_read(reply)
        begun = place.begun or reply.read_clock()
        token = reply.find("meta", "next_token")
        if isinstance(token, str) and 0 < len(token) <= 500:
            following = replace(place, begun=begun, token=token)
        else:
            following, token = _Cursor(since=max(begun - OVERLAP, place.since)), None
        return Heard(
            mentions=tuple(self._read_mentions(reply, account.id)),
            cursor=following.dump(),
            is_more=token is not None,
            paid_reads=self._take_paid(),
        )

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        del thread
        account = await self._calls.get_account()
        found, versions = await self._read_newest(mention.remote_id, account.id)
        if found is None:
            return ThreadNow(mention=None)
        posts = await self._list_own(mention.posted_at - MARGIN)
        if posts is None:
            return ThreadNow(mention=found, ours=None)
        ours = [each for post in posts if (each := self._read_own(post, account.id)) and each.parent in versions]
        return ThreadNow(mention=found, ours=tuple(sorted(ours, key=lambda each: each.posted_at)))

    async def reply(self, posting: ReplyPosting) -> Replied:
        _require_id(posting.answers)
        # https://docs.x.com/x-api/posts/create-post
        body = {"text": posting.words, "reply": {"in_reply_to_tweet_id": posting.answers}}
        reply = await self._calls.call("POST", "/2/tweets", body=body)
        if is_duplicate(reply):
            return await self._find_duplicate(posting)
        if tells_gone(reply):
            raise Refused(GONE)
        if refuses_reply(reply) and not wants_money(reply):
            raise Refused(
                "X lets us answer only people who name or quote us, or who write in our own thread. Nothing was sent. "
                "Answer this post in X's own app."
            )
        post_id = read_id(reply.find("data"))
        if not reply.is_fine or post_id is None:
            raise self._calls.explain(reply)
        return Replied(url=self._calls.link(post_id), remote_id=post_id)

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        since = _since(posting)
        posts = await self._list_own(since)
        if posts is None:
            raise Uncertain("There are too many posts of ours on X since then to look through them. Please look there.")
        return self._pick(posting, posts, since)

    async def _find_duplicate(self, posting: ReplyPosting) -> Replied:
        """X says that the words stand there already. This answer, whose receipt got lost, or an older post?"""
        since, said = _since(posting), "X refuses the words as a duplicate"
        try:
            posts = await self._list_own(since - DUPLICATES_LAST)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if found := self._pick(posting, posts or [], since):
            return found
        gists = {build_gist(text) for each in posts or [] if (text := read_text(each))}
        if posts is not None and build_gist(posting.words) in gists:
            raise Refused(f"{said}: an earlier post of ours says exactly the same. Change the words.")
        raise Uncertain(f"{said}, but does not show them yet.")

    def _pick(self, posting: ReplyPosting, posts: list[dict[str, Any]], since: datetime) -> Replied | None:
        gist = build_gist(strip_names(posting.words))
        for each in posts:
            post_id, text, at = read_id(each), read_text(each), read_time(each)
            if post_id is None or text is None or at is None or at < since or post_id in posting.own:
                continue
            if build_gist(strip_names(text)) == gist and _answers(each, posting):
                return Replied(url=self._calls.link(post_id), remote_id=post_id)
        return None

    async def _read_newest(self, post_id: str, account_id: str) -> tuple[Mention | None, list[str]]:
        """The post in its newest wording, and the ids of all its versions: an edit has one of its own."""
        _require_id(post_id)
        for _ in range(2):
            # https://docs.x.com/x-api/posts/get-post-by-id
            reply = await self._get(f"/2/tweets/{post_id}", FIELDS)
            if _tells_not_found(reply):
                return None, []
            self._require_read(reply)
            data = reply.find("data")
            versions = list_versions(data)
            found = self._read_one(data, reply, account_id)
            if found is None:
                raise NotSent(f"{self._calls.place} does not show this post as X does. Try again later.")
            if post_id == versions[-1]:
                break
            post_id = versions[-1]
        return found, versions

    def _read_mentions(self, reply: Reply, account_id: str) -> list[Mention]:
        posts = list_in(reply.find("data"))
        self._note_paid([str(each.get("id")) for each in posts])
        return [found for each in posts if (found := self._read_one(each, reply, account_id))]

    def _read_one(self, data: Mapping[str, Any], reply: Reply, account_id: str) -> Mention | None:
        return read_mention(data, reply.find("includes"), our_id=account_id, link=self._calls.link)

    def _read_own(self, data: Mapping[str, Any], account_id: str) -> Mention | None:
        return read_mention({**data, "author_id": account_id}, None, our_id=account_id, link=self._calls.link)

    async def _list_own(self, since: datetime) -> list[dict[str, Any]] | None:
        posts = await self._calls.list_own(since, ",conversation_id,in_reply_to_user_id,referenced_tweets")
        self._note_paid([str(each.get("id")) for each in posts or []])
        return posts

    async def _get(self, path: str, query: Mapping[str, str]) -> Reply:
        reply = await self._calls.call("GET", path, query, is_repeatable=True)
        if read_id(reply.find("data")):
            self._note_paid([str(reply.find("data", "id"))])
        return reply

    def _require_read(self, reply: Reply) -> None:
        if reply.status == 200 and isinstance(reply.data, dict):
            return
        error = self._calls.explain(reply)
        if reply.status in (400, 403) and isinstance(error, Refused) and not wants_money(reply):
            raise Refused(f"X does not let us read there ({reply.status}): the app may lack the right to read.")
        raise error

    def _note_paid(self, ids: list[str]) -> None:
        """X charges a post once in a day of UTC: https://docs.x.com/x-api/getting-started/pricing"""
        today = datetime.now(UTC).date().isoformat()
        if today != self._read_on:
            self._read_on, self._read_ids = today, set()
        new = set(ids) - self._read_ids
        self._read_ids |= new
        self._unreported += len(new)

    def _take_paid(self) -> int:
        """With what looking again and looking up cost since it was last asked."""
        paid, self._unreported = self._unreported, 0
        return paid


def _parse_cursor(cursor: str | None) -> _Cursor | None:
    if cursor is None:
        return None
    with suppress(ValueError, KeyError, TypeError):  # another version's, or broken: as if it were the first look
        data = json.loads(cursor)
        begun = datetime.fromisoformat(data["begun"]) if data["begun"] else None
        return _Cursor(since=datetime.fromisoformat(data["since"]), begun=begun, token=str(data["token"]))
    return None


def _word_time(at: datetime) -> str:
    """Whole seconds; in a replay our time may run ahead of X's, which knows no future."""
    return min(at, datetime.now(UTC) - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(posting: ReplyPosting) -> datetime:
    """No try to send this is older."""
    return min(posting.first_tried_at, datetime.now(UTC)) - MARGIN


def _answers(data: Mapping[str, Any], posting: ReplyPosting) -> bool:
    """It answers that post, or another version of it: an edit has an id of its own."""
    references = list_in(data.get("referenced_tweets"))
    parents = [each.get("id") for each in references if each.get("type") == "replied_to"]
    if posting.answers in parents:
        return True
    same_thread = posting.thread is not None and data.get("conversation_id") == posting.thread
    return bool(parents) and same_thread and data.get("in_reply_to_user_id") == posting.author.id


def _tells_not_found(reply: Reply) -> bool:
    """A post that is gone, or not for us, is an error within a success."""
    kinds = [str(each.get("type")) for each in list_in(reply.find("errors"))]
    is_partial = any(kind.endswith(("resource-not-found", "not-authorized-for-resource")) for kind in kinds)
    return reply.status in (200, 404) and find_in(reply.data, "data") is None and (is_partial or reply.status == 404)


def _require_id(post_id: str) -> None:
    if not re.fullmatch(r"[0-9]{1,25}", post_id):
        raise Refused("This is no post of X.")
