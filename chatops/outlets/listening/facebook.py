"""Mastodon's notifications of mentions, boosts and quotes, and answers to them: as public as what they answer."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from chatops.domain.errors import NotSent, Refused
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, KeptMention, Mention, MentionKind
from chatops.domain.wording import OutletSpec
from chatops.outlets.http import Answer, Http
from chatops.outlets.json_calls import READ_BYTES, find_in, list_in, parse_json
from chatops.outlets.listening.newest_first import Page, read_newest_first
from chatops.outlets.listening.plain_text import clean_link, clean_name, clean_text, read_html
from chatops.outlets.mastodon import Settings, build_api, build_body, build_spec
from chatops.outlets.mastodon_calls import CLOCK_SKEW, KEY_AGE, STATUSES, Status, name_status, real_now
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

TYPES: Final = ("mention", "reblog", "quote")
"""Older servers know no quotes, and ignore what they do not know."""
PAGE_NOTIFICATIONS = 80
MOST_ANSWERS = 10
"""Of ours to one post; who answers more often than that has not overlooked it."""
GONE: Final = (404, 410)
ANSWERED_AS: Final = frozenset({"public", "unlisted", "private"})
"""Whatever else a post is, few shall read it, so the answer goes to its author alone."""


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    return MastodonListener(settings, build_spec(settings, key=key, label=label), http)


class _Account(BaseModel):
    """`acct` begins our answer, so it must be a handle and nothing else."""

    id: str = Field(min_length=1, max_length=64)
    acct: str = Field(pattern=r"^\w[\w.-]*(@[\w.:-]+)?$", max_length=320)
    display_name: str | None = None
    followers_count: int | None = None


class _Post(BaseModel):
    """https://docs.joinmastodon.org/entities/Status/; the shape of `quote` is not the same on all servers."""

    id: str = Field(min_length=1, max_length=64)
    created_at: AwareDatetime
    account: _Account
    content: str
    spoiler_text: str | None = None
    visibility: str | None = None
    url: str | None = None
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    quote: Any = None


class _Notice(BaseModel):
    """https://docs.joinmastodon.org/entities/Notification/; of a boost, the status is ours."""

    type: str
    created_at: AwareDatetime
    account: _Account
    status: Any = None


class MastodonListener:
    def __init__(
        self, settings: Settings, spec: OutletSpec, http: Http, now: Callable[[], datetime] = real_now
    ) -> None:
        self.spec = spec
        self._settings = settings
        self._api = build_api(settings, http, now=now)

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        ours = (await self._api.get_account()).id

        async def load(before: str | None) -> Page:
            items = await self._load_notifications(before)
            entries = [entry for entry in (_read_notification(each, ours) for each in items) if entry]
            last_id = items[-1].get("id") if items else None
            return Page(entries=tuple(entries), next=last_id if isinstance(last_id, str) and last_id else None)

        # Each page is one of 300 calls in five minutes: https://docs.joinmastodon.org/api/rate-limits/
        now = self._api.now()
        return await read_newest_first(load, cursor, since=since, now=now, most_again=PAGE_NOTIFICATIONS)

    async def _load_notifications(self, before: str | None) -> list[dict[str, Any]]:
        """https://docs.joinmastodon.org/methods/notifications/#get

        `include_filtered`: whoever has just made an account to ask us is filtered by default.
        """
        limit = PAGE_NOTIFICATIONS
        while True:
            query = [("limit", str(limit)), ("include_filtered", "true"), *(("types[]", each) for each in TYPES)]
            query += [("max_id", before)] if before else []
            answer = await self._api.look(f"/api/v1/notifications?{urlencode(query)}", max_body_bytes=READ_BYTES)
            self._api.require_success(answer)
            if answer.is_whole or limit == 1:
                return self._require_list(parse_json(answer))
            limit //= 2

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        del thread
        post = await self._find_post(mention.remote_id)
        if post is None:
            return ThreadNow(mention=None)
        ours = (await self._api.get_account()).id
        return ThreadNow(mention=_build_mention(post, ours), ours=await self._find_answers(post, ours))

    async def _find_post(self, post_id: str) -> _Post | None:
        """https://docs.joinmastodon.org/methods/statuses/#get; None: deleted, or shown to us no longer."""
        answer = await self._api.look(name_status(post_id), max_body_bytes=READ_BYTES)
        if answer.status in GONE:
            return None
        self._api.require_success(answer)
        return self._api.parse(_Post.model_validate_json, answer)

    async def _find_answers(self, post: _Post, ours: str) -> tuple[Mention, ...] | None:
        """https://docs.joinmastodon.org/methods/statuses/#context; None where the thread is too long to be read."""
        answer = await self._api.look(f"{name_status(post.id)}/context", max_body_bytes=READ_BYTES)
        if answer.status in GONE or not answer.is_whole:
            return None
        self._api.require_success(answer)
        posts = map(_parse_post, list_in(find_in(parse_json(answer), "descendants")))
        found = [each for each in posts if each and each.account.id == ours and each.in_reply_to_id == post.id]
        newest = sorted(found, key=lambda each: each.created_at)[-MOST_ANSWERS:]
        return tuple([replace(_build_mention(each, ours), text=await self._load_words(each)) for each in newest])

    async def _load_words(self, post: _Post) -> str:
        """Exactly as we wrote them, and not as a page shows them."""
        try:
            return await self._api.load_source(post.id)
        except Refused:  # removed since
            return read_html(post.content)

    async def reply(self, posting: ReplyPosting) -> Replied:
        """A repeat of the key answers with the first post, for as long as the server keeps it.

        https://docs.joinmastodon.org/methods/statuses/#create
        """
        if self._api.now() - _find_start(posting) > KEY_AGE:
            found = await self.find_reply(posting)
            if found:
                return found
        post = await self._find_post(posting.answers)
        if post is None:
            return await self._require_earlier(posting)
        visibility = post.visibility if post.visibility in ANSWERED_AS else "direct"
        body = build_body(posting.words, visibility, self._settings.language) | {"in_reply_to_id": post.id}
        answer = await self._api.write("POST", STATUSES, body, key=build_key(posting))
        if answer.status in GONE:
            return await self._require_earlier(posting)
        self._require_taken(answer, posting)
        return _name_replied(self._api.parse_written(answer))

    async def _require_earlier(self, posting: ReplyPosting) -> Replied:
        """The server looks for what is answered before it looks at the key: an earlier try may stand all the same."""
        found = await self.find_reply(posting)
        if found is None:
            raise Refused(
                f"The post is gone from {self._api.place}: the author has deleted it, or shows it to us no longer. "
                "Nothing was sent."
            )
        return found

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        """Among our own posts since it was written. When what they answer is deleted, they answer nothing."""
        async for status in self._api.list_own(_find_start(posting) - CLOCK_SKEW):
            may_be_it = status.in_reply_to_id in (posting.answers, None) and status.id not in posting.own
            if may_be_it and await self._api.says(status.id, posting.words):
                return _name_replied(status)
        return None

    def _require_taken(self, answer: Answer, posting: ReplyPosting) -> None:
        chars = self.spec.limits.count(posting.words)
        self._api.require_taken(answer, chars=chars, max_chars=self._settings.max_chars)

    def _require_list(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            raise NotSent(f"{self._api.place} gives answers that are not Mastodon's. Check base_url.")
        return list_in(data)


def build_key(posting: ReplyPosting) -> str:
    """The Idempotency-Key: one reply of exactly these words."""
    return hashlib.sha256(
        f"{posting.key}\n{posting.answers}\n{posting.words}".encode(errors="surrogatepass")
    ).hexdigest()


def _read_notification(data: dict[str, Any], ours: str) -> tuple[datetime, Mention | None] | None:
    """None where not even its moment can be read."""
    try:
        read = _Notice.model_validate(data)
    except ValidationError:
        return None
    post = _parse_post(read.status)
    if post is None or read.type not in TYPES:
        return read.created_at, None
    if read.type == "reblog":
        return read.created_at, _build_repost(read, post)
    mention = _build_mention(post, ours, quotes_us=read.type == "quote", latest=read.created_at)
    return read.created_at, mention


def _parse_post(data: Any) -> _Post | None:
    try:
        return _Post.model_validate(data)
    except ValidationError:
        return None


def _build_repost(read: _Notice, post: _Post) -> Mention:
    """The boost's own id is not told; a person boosts a post once."""
    return Mention(
        id=f"reblog/{post.id}/{read.account.id}",
        author=_build_author(read.account),
        text="",
        posted_at=read.created_at,
        kind=MentionKind.REPOST,
        about=post.id,
    )


def _build_mention(post: _Post, ours: str, *, quotes_us: bool = False, latest: datetime | None = None) -> Mention:
    """`latest`: when our server heard of it; another server may say of its own posts what it likes."""
    quoted = find_in(post.quote, "quoted_status")
    about = find_in(quoted, "id") or find_in(post.quote, "quoted_status_id")
    quotes_us = quotes_us or find_in(quoted, "account", "id") == ours
    return Mention(
        id=post.id,
        author=_build_author(post.account),
        text=clean_text(f"{post.spoiler_text or ''}\n\n{read_html(post.content)}"),
        posted_at=min(post.created_at, latest) if latest else post.created_at,
        kind=_choose_kind(post, ours, quotes_us=quotes_us),
        url=clean_link(post.url),
        parent=post.in_reply_to_id,
        about=about if isinstance(about, str) else None,
        is_ours=post.account.id == ours,
    )


def _choose_kind(post: _Post, ours: str, *, quotes_us: bool) -> MentionKind:
    if post.visibility == "direct":
        return MentionKind.MESSAGE
    if post.in_reply_to_account_id == ours:
        return MentionKind.REPLY
    return MentionKind.QUOTE if quotes_us else MentionKind.MENTION


def _build_author(account: _Account) -> Author:
    count = account.followers_count
    return Author(
        id=account.id,
        handle=account.acct,
        name=clean_name(account.display_name or ""),
        followers=count if count is not None and count >= 0 else None,  # some are hidden, as -1
    )


def _name_replied(status: Status) -> Replied:
    return Replied(url=status.url, remote_id=status.id)


def _find_start(posting: ReplyPosting) -> datetime:
    return min(posting.first_tried_at, posting.written_at)
