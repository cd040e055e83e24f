"""Bluesky's notifications of mentions, answers, quotes and reposts, and answers to them under a key of our own."""

import hashlib
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, KeptMention, Mention, MentionKind
from chatops.domain.wording import OutletSpec
from chatops.outlets.bluesky import (
    Named,
    Record,
    Settings,
    Standing,
    build_api,
    build_post,
    build_spec,
    make_tid,
    name_link,
)
from chatops.outlets.bluesky_calls import Call, Json, name_trouble, real_now
from chatops.outlets.http import Http
from chatops.outlets.json_calls import find_in, list_in, parse_json
from chatops.outlets.listening.newest_first import Page, read_newest_first
from chatops.outlets.listening.plain_text import clean_name, clean_text, write_link
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting, ThreadNow

KINDS: Final = {
    "mention": MentionKind.MENTION,
    "reply": MentionKind.REPLY,
    "quote": MentionKind.QUOTE,
    "repost": MentionKind.REPOST,
}
PAGE_NOTIFICATIONS = 100
CURSOR_CHARS = 1_000
KEYS_FROM_MICROS, KEYS_MICROS = 1_672_531_200_000_000, 365 * 86_400 * 1_000_000
"""The moments that our keys look like: those of 2023."""
Query = dict[str, str | list[str]]

FEED, DEFS = "app.bsky.feed", "app.bsky.feed.defs"


def build_listener(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Listener:
    return BlueskyListener(settings, build_spec(settings, key=key, label=label), http)


class _Author(BaseModel):
    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$", max_length=2048)
    handle: str = Field(pattern=r"^[A-Za-z0-9.-]+$", max_length=253)
    displayName: str = ""  # noqa: N815 - as it comes


class _View(Named):
    """A post or a notification: who wrote what, and when the network saw it; `createdAt` may be any moment.

    https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/notification/listNotifications.json
    """

    author: _Author
    record: Json
    indexedAt: AwareDatetime  # noqa: N815


class _Answers(BaseModel):
    root: Named
    parent: Named


class BlueskyListener:
    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._api = build_api(settings, http)

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        """https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications"""
        ours = await self._api.get_did()

        async def load(page: str | None) -> Page:
            query: Query = {"limit": str(PAGE_NOTIFICATIONS), "reasons": [*KINDS]}
            query |= {"cursor": page} if page else {}
            data = await self._ask("app.bsky.notification.listNotifications", query)
            notifications = list_in(find_in(data, "notifications"))
            entries = [entry for entry in (self._read(each, ours) for each in notifications) if entry]
            following = find_in(data, "cursor")
            is_usable = isinstance(following, str) and 0 < len(following) <= CURSOR_CHARS
            return Page(entries=tuple(entries), next=following if is_usable else None)

        return await read_newest_first(load, cursor, since=since, now=real_now())

    async def _ask(self, name: str, query: Query) -> Json:
        answer = await self._api.read(Call(name=name, query=query))
        self._api.require_success(answer)
        data = parse_json(answer)
        if not isinstance(data, dict):
            raise NotSent(f"{self._api.place} gives answers that are not Bluesky's. Check base_url.")
        return data

    def _read(self, data: Json, ours: str) -> tuple[datetime, Mention | None] | None:
        """None where not even its moment can be read."""
        view, kind = _parse_view(data), KINDS.get(str(data.get("reason")))
        if view is None:
            return None
        if kind is MentionKind.REPOST:
            return view.indexedAt, _build_repost(view, data.get("reasonSubject"))
        return view.indexedAt, self._build_mention(view, ours, kind) if kind else None

    def _build_mention(self, view: _View, ours: str, kind: MentionKind) -> Mention:
        answers, is_ours = _parse_answers(view.record), view.author.did == ours
        return Mention(
            id=view.uri,
            author=_build_author(view.author),
            text=str(view.record.get("text", "")) if is_ours else clean_text(read_text(view.record)),
            posted_at=view.indexedAt,
            kind=kind,
            url=name_link(self._settings.app_url, view.uri),
            thread=answers.root.uri if answers else view.uri,
            parent=answers.parent.uri if answers else None,
            about=_find_quoted(view.record),
            is_ours=is_ours,
        )

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        """https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread"""
        del thread
        query = {"uri": mention.remote_id, "depth": "1", "parentHeight": "0"}
        answer = await self._api.read(Call(name=f"{FEED}.getPostThread", query=query))
        if name_trouble(answer) == "NotFound":
            return ThreadNow(mention=None)
        self._api.require_success(answer)
        shown = find_in(parse_json(answer), "thread")
        if find_in(shown, "$type") == f"{DEFS}#notFoundPost":
            return ThreadNow(mention=None)
        if find_in(shown, "$type") == f"{DEFS}#blockedPost":
            raise Refused(f"{self._api.place} does not show us this post: one of the two accounts blocks the other.")
        view = self._require_view(find_in(shown, "post"))
        ours = await self._api.get_did()
        below = [_parse_view(each.get("post")) for each in list_in(find_in(shown, "replies"))]
        answers = sorted((each for each in below if each and each.author.did == ours), key=lambda each: each.indexedAt)
        return ThreadNow(
            mention=self._build_mention(view, ours, mention.kind),
            ours=tuple(self._build_mention(each, ours, MentionKind.REPLY) for each in answers),
        )

    def _require_view(self, data: Any) -> _View:
        view = _parse_view(data)
        if view is None:
            raise NotSent(f"{self._api.place} shows this post in a way that cannot be read.")
        return view

    async def reply(self, posting: ReplyPosting) -> Replied:
        target = await self._find_target(posting.answers)
        if isinstance(target, str):
            return await self._require_earlier(posting, target)
        record = build_post(posting.words, posting.written_at, self._settings.language, answers=target)
        answer = await self._api.put_post(build_key(posting), record)
        trouble = name_trouble(answer)
        if trouble == "InvalidSwap":  # it stands there, and the post that it answers has changed since
            found = await self.find_reply(posting)
            if found is None:
                raise NotSent(f"{self._api.place} had the answer, and has it no more.")
            return found
        if trouble == "InvalidRequest" and isinstance(why := await self._find_target(posting.answers), str):
            return await self._require_earlier(posting, why)
        limits = self.spec.limits
        self._api.require_taken(answer, chars=limits.count(posting.words), max_chars=limits.max_chars)
        try:
            return self._name_replied(Named.model_validate_json(answer.body))
        except ValueError:
            raise Uncertain(f"{self._api.place} took the answer, it seems, but says so unreadably.") from None

    async def _find_target(self, uri: str) -> Standing | str:
        """What an answer must name, as it stands now; its root as the post itself names it. Words: why it cannot be.

        https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
        """
        data = await self._ask(f"{FEED}.getPosts", {"uris": [uri]})
        posts = [each for each in list_in(data.get("posts")) if each.get("uri") == uri]
        if not posts:
            return f"The post is gone from {self._api.place}: the author has deleted it, or shows it to us no longer."
        view = self._require_view(posts[0])
        if find_in(posts[0], "viewer", "replyDisabled") is True:
            return f"Whoever began this thread on {self._api.place} does not let us answer in it."
        answers, post = _parse_answers(view.record), view.to_ref()
        return Standing(post, answers.root.to_ref() if answers else post)

    async def _require_earlier(self, posting: ReplyPosting, why: str) -> Replied:
        """An earlier try may stand all the same."""
        found = await self.find_reply(posting)
        if found is None:
            raise Refused(f"{why} Nothing was sent.")
        return found

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        answer = await self._api.look_up_post(build_key(posting))
        if answer is None:
            return None
        record = self._api.parse(Record.model_validate_json, answer)
        if record.value.text != posting.words:
            raise Refused(f"{self._api.place} has other words under the key of this answer. Please look there.")
        return self._name_replied(record)

    def _name_replied(self, named: Named) -> Replied:
        return Replied(url=name_link(self._settings.app_url, named.uri), remote_id=named.uri)


def build_key(posting: ReplyPosting) -> str:
    """The record key: of the reply's name and of what it answers, and of no clock.

    It must look like a moment, https://atproto.com/specs/tid, and one of the future might be refused one day.
    """
    drawn = int.from_bytes(hashlib.sha256(f"{posting.key}\n{posting.answers}".encode()).digest()[:8], "big")
    micros, clock_id = divmod(drawn, 1 << 10)
    return make_tid(KEYS_FROM_MICROS + micros % KEYS_MICROS, clock_id)


def _parse_view(data: Any) -> _View | None:
    """None for what cannot be read, or lies in another repository than its author's."""
    try:
        view = _View.model_validate(data)
    except ValidationError:
        return None
    return view if view.uri.startswith(f"at://{view.author.did}/") else None


def _parse_answers(record: Json) -> _Answers | None:
    try:
        return _Answers.model_validate(record.get("reply"))
    except ValidationError:
        return None


def _find_quoted(record: Json) -> str | None:
    """In a record of its own, or beside pictures.

    https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/recordWithMedia.json
    """
    embed = record.get("embed")
    uri = find_in(embed, "record", "uri") or find_in(embed, "record", "record", "uri")
    return uri if isinstance(uri, str) else None


def _build_repost(view: _View, subject: object) -> Mention:
    return Mention(
        id=view.uri,
        author=_build_author(view.author),
        text="",
        posted_at=view.indexedAt,
        kind=MentionKind.REPOST,
        about=subject if isinstance(subject, str) else None,
    )


def _build_author(author: _Author) -> Author:
    return Author(id=author.did, handle=author.handle, name=clean_name(author.displayName))


def read_text(record: Json) -> str:
    """Links are only shown cut, and whole in the facets: https://docs.bsky.app/docs/advanced-guides/post-richtext"""
    text = record.get("text")
    if not isinstance(text, str):
        return ""
    content = text.encode(errors="surrogatepass")
    pieces, last = [], 0
    for begin, end, url in sorted(_list_links(record.get("facets"), len(content))):
        if begin >= last:
            shown = content[begin:end].decode(errors="replace")
            pieces += [content[last:begin].decode(errors="replace"), write_link(shown, url)]
            last = end
    return "".join([*pieces, content[last:].decode(errors="replace")])


def _list_links(facets: Any, size_bytes: int) -> list[tuple[int, int, str]]:
    links = []
    for facet in list_in(facets)[:100]:
        begin, end = find_in(facet, "index", "byteStart"), find_in(facet, "index", "byteEnd")
        urls = [each.get("uri") for each in list_in(facet.get("features"))]
        url = next((each for each in urls if isinstance(each, str)), None)
        is_within = type(begin) is int and type(end) is int and 0 <= begin < end <= size_bytes
        if is_within and url:
            links.append((begin, end, url))
    return links
