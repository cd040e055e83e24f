"""What people write to a Facebook Page: comments, posts of visitors, posts that tag it; and our answers to them."""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import KeptMention, Mention, MentionKind
from chatops.outlets.facebook import Settings
from chatops.outlets.facebook_calls import (
    DUPLICATE,
    MARGIN,
    REPEATS_LAST,
    FacebookCalls,
    build_gist,
    denies,
    is_gone,
    read_code,
    read_cursor,
    read_id,
    read_permalink,
    repeats_itself,
)
from chatops.outlets.http import Http
from chatops.outlets.json_calls import Reply, find_in, list_in
from chatops.outlets.listening.facebook_mentions import build_comment, build_post, check_id
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

POSTS_BACK = timedelta(days=7)
"""Comments are read below posts that are no older."""
OVERLAP = timedelta(minutes=10)
"""Read again at each look, which costs nothing and shows what was edited lately."""
MOST_CALLS = 10
"""In one look; the rest is for the next."""
PAGE_SIZES = (20, 4)
"""Posts, and comments of each. A page of long ones may be more than we read: then a smaller one."""
ANSWER_PAGE, ANSWER_PAGES = 50, 10
POST_FIELDS = "id,message,from,created_time,permalink_url"
COMMENT_FIELDS = f"{POST_FIELDS},parent{{id,from}}"
_log = logging.getLogger(__name__)
GONE = "The author has deleted this, or hidden it from us. Nothing was sent."


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    del key, label
    return FacebookListener(FacebookCalls(settings, http))


ELSEWHERE = "comments elsewhere"
COMMENTS = ("comments", ELSEWHERE)


class _Step(NamedTuple):
    """One page to read: of the `feed`, of what is `tagged`, or of the comments below one of their posts."""

    edge: str
    post_id: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """`since` is where this look begins, `begun` when it did by Facebook's clock, `todo` what is left of it.

    `is_torn`: Facebook no longer knew one of its pages, so the next look begins where this one did.
    """

    since: datetime
    begun: datetime | None = None
    todo: tuple[_Step, ...] = (_Step("tagged"), _Step("feed"))
    is_torn: bool = False

    def dump(self) -> str:
        begun = self.begun.isoformat() if self.begun else None
        return json.dumps({"since": self.since.isoformat(), "begun": begun, "todo": self.todo, "is_torn": self.is_torn})


class FacebookListener:
    """Reads comments and tags, looks again before an answer, answers once; what was perhaps sent is looked up."""

    def __init__(self, calls: FacebookCalls) -> None:
        self._calls = calls
        self._has_complained = False

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        place = _parse_cursor(cursor) or _Cursor(since=since)
        todo, heard = list(place.todo), dict[str, Mention]()
        for number in range(MOST_CALLS):
            if not todo:
                break
            step = todo[-1]
            try:
                page = await self._read_step(step, place.since)
            except DeliveryError as error:
                if isinstance(error, Refused) and step.after:
                    # It no longer knows that page: what stood there is read at the next look.
                    place = replace(place, is_torn=True)
                    todo.pop()
                    continue
                if number == 0:
                    raise
                break  # what was read is not lost
            todo.pop()
            if page is None:
                continue
            place = replace(place, begun=place.begun or page.read_clock())
            for mention in self._read_page(page, step, place.since):
                heard.setdefault(mention.id, mention)
            todo += _list_further(page, step)
        following = replace(place, todo=tuple(todo)) if todo else _conclude(place)
        return Heard(mentions=tuple(heard.values()), cursor=following.dump(), is_more=bool(todo))

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        remote_id, is_comment = _require_id(mention.remote_id), mention.kind is MentionKind.COMMENT
        reply = await self._calls.get(f"/{remote_id}", {"fields": COMMENT_FIELDS if is_comment else POST_FIELDS})
        if await self._is_really_gone(reply):
            return ThreadNow(mention=None)
        data = self._require_object(reply)
        found = self._read_comment(data, thread or remote_id) if is_comment else self._read_post(data)
        if found is None:
            raise NotSent("Facebook does not show this as it should. Try again later.")
        thread_id = found.thread or remote_id
        ours = await self._list_ours(remote_id, thread_id, None)
        if ours is not None and is_comment and found.parent != thread_id:
            # Facebook's own app answers an answer beside it, and begins with the name of whom it answers.
            beside = await self._list_ours(str(found.parent), thread_id, found.posted_at)
            named = [each for each in beside or () if each.text.startswith(found.author.name)]
            ours = [*ours, *named] if beside is not None else None
        return ThreadNow(
            mention=found, ours=None if ours is None else tuple(sorted(ours, key=lambda each: each.posted_at))
        )

    async def reply(self, posting: ReplyPosting) -> Replied:
        # https://developers.facebook.com/docs/graph-api/reference/object/comments
        path = f"/{_require_id(posting.answers)}/comments"
        reply = await self._calls.post(path, {"message": posting.words})
        if repeats_itself(code := read_code(reply)):
            return await self._find_duplicate(posting, code)
        if is_gone(reply):
            raise Refused(GONE)
        comment_id = read_id(reply.data)
        if not reply.is_fine or comment_id is None:
            raise self._calls.explain(reply)
        return Replied(url=await self._calls.find_permalink(comment_id), remote_id=comment_id)

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        return await self._search(posting, min(posting.first_tried_at, datetime.now(UTC)) - MARGIN)

    async def _find_duplicate(self, posting: ReplyPosting, code: int) -> Replied:
        """Facebook says that it has these words. This answer, whose receipt got lost, or an older one?"""
        said = f"Facebook refuses the words as a repeat (error {code})"
        try:
            if found := await self.find_reply(posting):
                return found
            older = await self._search(posting, posting.first_tried_at - REPEATS_LAST)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if older or code != DUPLICATE:
            raise Refused(f"{said}: an earlier answer says the same, or the page is blocked. Change the words.")
        raise Uncertain(f"{said}, but does not show them yet.")

    async def _search(self, posting: ReplyPosting, since: datetime) -> Replied | None:
        """Below what it answers. Facebook may have put it beside that, where it cannot be told from other answers."""
        gist, thread = build_gist(posting.words), posting.thread or posting.answers
        reply = await self._calls.get(f"/{_require_id(posting.answers)}", {"fields": "id"})
        if await self._is_really_gone(reply):
            return None
        self._require_object(reply)
        below = await self._list_ours(posting.answers, thread, since)
        if found := _pick(below, gist, posting.own):
            return Replied(url=found.url, remote_id=found.id)
        parent = await self._find_parent(posting)
        beside = await self._list_ours(parent, thread, since) if parent else []
        if below is None or beside is None:
            raise Uncertain("There are too many comments on Facebook to look through them. Please look there.")
        if _pick(beside, gist, posting.own):
            raise Uncertain("The same words of ours stand beside this comment on Facebook. Please look there.")
        return None

    async def _find_parent(self, posting: ReplyPosting) -> str | None:
        """Of a comment that answers a comment; posts have no such field."""
        if posting.answers == (posting.thread or posting.answers):
            return None
        data = self._require_object(await self._calls.get(f"/{posting.answers}", {"fields": COMMENT_FIELDS}))
        return check_id(find_in(data, "parent", "id"))

    async def _list_ours(self, remote_id: str, post_id: str, since: datetime | None) -> list[Mention] | None:
        """Our comments right below; None where they do not end."""
        query = {"fields": COMMENT_FIELDS, "limit": str(ANSWER_PAGE), "order": "reverse_chronological"}
        query |= {"since": str(int(since.timestamp()))} if since else {}
        found: list[Mention] = []
        for _ in range(ANSWER_PAGES):
            page = await self._calls.read(f"/{remote_id}/comments", query)
            comments = [self._read_comment(each, post_id) for each in list_in(page.find("data"))]
            found += [each for each in comments if each and each.is_ours and (not since or each.posted_at >= since)]
            after = read_cursor(page)
            if not after:
                return found
            query["after"] = after
        return None

    async def _read_step(self, step: _Step, since: datetime) -> Reply | None:
        """None where the post is gone whose comments were to be read."""
        for size in PAGE_SIZES:
            reply = await self._calls.get(*self._build_call(step, since, size))
            if reply.answer.is_whole:
                break
        if step.edge in COMMENTS and await self._is_really_gone(reply):
            return None
        if step == _Step("tagged") and denies(read_code(reply)):
            self._complain(read_code(reply))
            return None
        self._require_object(reply)
        return reply

    def _complain(self, code: int) -> None:
        """Once: that tags cannot be read must not keep us from the comments."""
        if not self._has_complained:
            self._has_complained = True
            _log.warning("Facebook does not let us read who tags the page (error %s); comments are read.", code)

    def _build_call(self, step: _Step, since: datetime, size: int) -> tuple[str, dict[str, str]]:
        """https://developers.facebook.com/docs/graph-api/reference/page/feed, …/tagged and …/object/comments"""
        moment = min(since, datetime.now(UTC) - OVERLAP)  # in a replay our time may run ahead of Facebook's
        begin = int(moment.timestamp())
        query = {"limit": str(size)} | ({"after": step.after} if step.after else {})
        order = {"filter": "stream", "order": "reverse_chronological", "since": str(begin)}
        if step.edge in COMMENTS:
            return f"/{step.post_id}/comments", query | order | {"fields": COMMENT_FIELDS}
        nested = "".join(f".{name}({value})" for name, value in order.items())
        fields = f"{POST_FIELDS},comments{nested}.limit({size}){{{COMMENT_FIELDS}}}"
        back = int((moment - POSTS_BACK).timestamp())
        return f"/{self._calls.page_id}/{step.edge}", query | {"fields": fields, "since": str(back)}

    def _read_page(self, page: Reply, step: _Step, since: datetime) -> list[Mention]:
        found: list[Mention | None] = []
        for each in list_in(page.find("data")):
            if step.edge in COMMENTS:
                found += self._read_comments([each], step.post_id, is_elsewhere=step.edge == ELSEWHERE)
                continue
            post = self._read_post(each)
            if post and not post.is_ours and post.posted_at >= min(since, datetime.now(UTC) - OVERLAP):
                found.append(post)
            if post_id := read_id(each):
                below = list_in(find_in(each, "comments", "data"))
                found += self._read_comments(below, post_id, is_elsewhere=step.edge == "tagged")
        return [each for each in found if each]

    def _read_comments(
        self, comments: list[dict[str, Any]], post_id: str, *, is_elsewhere: bool
    ) -> list[Mention | None]:
        """Below what only tags us people talk among themselves: to us speaks who answers a comment of ours."""
        ours = self._calls.page_id
        heard = [each for each in comments if not is_elsewhere or find_in(each, "parent", "from", "id") == ours]
        return [self._read_comment(each, post_id) for each in heard]

    def _read_comment(self, data: dict[str, Any], post_id: str) -> Mention | None:
        remote_id = read_id(data)
        if remote_id is None:
            return None
        url = read_permalink(data) or self._calls.link(remote_id)
        return build_comment(data, remote_id=remote_id, post_id=post_id, page_id=self._calls.page_id, url=url)

    def _read_post(self, data: dict[str, Any]) -> Mention | None:
        remote_id = read_id(data)
        if remote_id is None:
            return None
        url = read_permalink(data) or self._calls.link(remote_id)
        return build_post(data, remote_id=remote_id, page_id=self._calls.page_id, url=url)

    def _require_object(self, reply: Reply) -> dict[str, Any]:
        if reply.status != 200 or not isinstance(reply.data, dict):
            raise self._calls.explain(reply)
        return reply.data

    async def _is_really_gone(self, reply: Reply) -> bool:
        """It is also said to a token that may no longer see it: then the page itself cannot be read either."""
        if not is_gone(reply):
            return False
        await self._calls.check()
        return True


def _conclude(place: _Cursor) -> _Cursor:
    if place.is_torn or place.begun is None:
        return _Cursor(since=place.since)
    return _Cursor(since=max(place.begun - OVERLAP, place.since))


def _pick(mentions: list[Mention] | None, gist: str, own: tuple[str, ...]) -> Mention | None:
    return next((each for each in mentions or () if build_gist(each.text) == gist and each.id not in own), None)


def _list_further(page: Reply, step: _Step) -> list[_Step]:
    """What this page leaves to read; comments first, so that never much is left."""
    after = read_cursor(page)
    further = [step._replace(after=after)] if after else []
    if step.edge in COMMENTS:
        return further
    for each in list_in(page.find("data")):
        post_id, paging = read_id(each), find_in(each, "comments", "paging")
        below = find_in(paging, "cursors", "after") if find_in(paging, "next") else None
        if post_id and isinstance(below, str) and below:
            further.append(_Step(ELSEWHERE if step.edge == "tagged" else "comments", post_id, below))
    return further


def _parse_cursor(cursor: str | None) -> _Cursor | None:
    if cursor is None:
        return None
    with suppress(ValueError, KeyError, TypeError):  # another version's, or broken: as if it were the first look
        data = json.loads(cursor)
        begun = datetime.fromisoformat(data["begun"]) if data["begun"] else None
        todo = tuple(_Step(*map(str, step)) for step in data["todo"])
        return _Cursor(since=datetime.fromisoformat(data["since"]), begun=begun, todo=todo, is_torn=data["is_torn"])
    return None


def _require_id(remote_id: str) -> str:
    if check_id(remote_id) is None:
        raise Refused("This is nothing on Facebook.")
    return remote_id
