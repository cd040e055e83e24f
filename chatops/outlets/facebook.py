"""A Facebook Page by the Graph API: each update is a post of its own, with all its sections."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from chatops.domain.errors import DeliveryError, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets.counting import count_utf16
from chatops.outlets.facebook_calls import (
    DUPLICATE,
    MARGIN,
    REPEATS_LAST,
    Access,
    FacebookCalls,
    build_gist,
    is_done,
    is_gone,
    read_code,
    read_cursor,
    read_id,
    read_permalink,
    read_time,
    refuses_link,
    repeats_itself,
)
from chatops.outlets.http import Http, name_place
from chatops.outlets.json_calls import Reply, list_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "facebook"
LABEL = "Facebook"
LIMITS = TextLimits(max_chars=63_206, count=count_utf16)
"""Whether Facebook counts characters or UTF-16 units is documented nowhere: the larger count is safe."""
COMMENT_LIMITS = TextLimits(max_chars=8_000, count=count_utf16)
"""Of a comment; reported by many, documented nowhere."""
ABILITIES = Abilities(
    edit=True, retract=True, settled_by="read_back", mentions=True, reply=True, replies_settled_by="read_back"
)
COST: Callable[[str], str] | None = None

POST_FIELDS = "id,message,permalink_url,created_time"
LISTEN_EVERY_SECONDS = 60
"""Two calls each time: a page that engaged one person has 4,800 a day. Webhooks tell sooner."""
PAGE_POSTS, MOST_PAGES = 50, 10
"""Graph writes many letters as six (`\\u00e9`): more posts of full length would be longer than what is read."""


class Settings(Access):
    """`[outlets.facebook]`. `link`: whether our page's address is attached, with the preview that Facebook makes."""

    app_secret: SecretStr | None = Field(
        None, description="the app's secret, where Facebook tells us of comments by webhook"
    )
    app_secret_env: str = "FACEBOOK_APP_SECRET"  # noqa: S105 - the name of the variable
    verify_token: SecretStr | None = Field(
        None, description="words of your own, typed into Facebook's webhook form too"
    )
    verify_token_env: str = "FACEBOOK_VERIFY_TOKEN"  # noqa: S105
    link: Literal["always", "first", "never"] = "never"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(
        key=key,
        label=label,
        account=f"{name_place(settings.base_url)}, page {settings.page_id}",
        limits=LIMITS,
        abilities=ABILITIES,
        form="page",
        cost=COST,
        listen_every_seconds=LISTEN_EVERY_SECONDS,
        reply_limits=COMMENT_LIMITS,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Facebook(settings, build_spec(settings, key=key, label=label), http)


class Facebook:
    """Posts once; what was perhaps posted is looked up among the page's posts."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._calls = FacebookCalls(settings, http)

    async def send(self, posting: Posting) -> Sent:
        link, note = self._choose_link(posting), None
        reply = await self._post(posting.words, link)
        if link and refuses_link(read_code(reply)):
            reply, note = await self._post(posting.words, None), "Facebook did not take the link to our page."
        if repeats_itself(code := read_code(reply)):
            return await self._find_duplicate(posting, code)
        post_id = read_id(reply.data)
        if not reply.is_fine or post_id is None:
            raise self._calls.explain(reply)
        return Sent(url=await self._calls.find_permalink(post_id), remote_id=post_id, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        return await self._search(build_gist(posting.words), _since(posting), without=posting.earlier)

    async def edit(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._calls.post(f"/{quote(post_id)}", {"message": posting.words}, is_repeatable=True)
        if not is_done(reply):
            raise self._calls.explain(reply)
        return Sent(url=await self._calls.find_permalink(post_id), remote_id=post_id)

    async def retract(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._calls.delete(f"/{quote(post_id)}")
        if is_gone(reply):
            # Also said to a token that may no longer see the post: then the page itself cannot be read either.
            await self._calls.check()
        elif not is_done(reply):
            raise self._calls.explain(reply)
        return Sent(remote_id=post_id)

    async def check(self) -> str:
        return await self._calls.check()

    def _choose_link(self, posting: Posting) -> str | None:
        chosen = self._settings.link
        is_wanted = chosen == "always" or (chosen == "first" and not posting.earlier)
        return posting.page_url if is_wanted else None

    async def _post(self, words: str, link: str | None) -> Reply:
        body = {"message": words, "published": True} | ({"link": link} if link else {})
        return await self._calls.post(f"/{self._settings.page_id}/feed", body)

    async def _find_duplicate(self, posting: Posting, code: int) -> Sent:
        """Facebook says that its last post says the same. An answer of ours that got lost, or an older post?"""
        said = f"Facebook refuses the words as a repeat (error {code})"
        try:
            if found := await self.find(posting):
                return found
            older = await self._search(build_gist(posting.words), _since(posting) - REPEATS_LAST)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if older or code != DUPLICATE:
            raise Refused(f"{said}: an earlier post says the same, or the page is blocked. Change the words.")
        raise Uncertain(f"{said}, but does not show them yet.")

    async def _search(self, gist: str, since: datetime, *, without: tuple[str, ...] = ()) -> Sent | None:
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._list_posts(since, after)
            for each in list_in(page.find("data")):
                post_id = read_id(each)
                if post_id and post_id not in without and _read_gist(each, since) == gist:
                    return Sent(url=read_permalink(each) or self._calls.link(post_id), remote_id=post_id)
            after = read_cursor(page)
            if not after:
                return None
        raise Uncertain("There are too many posts on Facebook since then to look through them. Please look there.")

    async def _list_posts(self, since: datetime, after: str) -> Reply:
        """Newest first."""
        query = {"since": str(int(since.timestamp())), "limit": str(PAGE_POSTS), "fields": POST_FIELDS}
        return await self._calls.read(
            f"/{self._settings.page_id}/published_posts", query | ({"after": after} if after else {})
        )


def _since(posting: Posting) -> datetime:
    """No post of this delivery is older. In a replay our time may run ahead of Facebook's, which knows no future."""
    return min(posting.started_at or posting.first_tried_at, posting.first_tried_at, datetime.now(UTC)) - MARGIN


def _read_gist(data: Mapping[str, Any], since: datetime) -> str | None:
    """None where the post is older: what `since` is compared with is documented nowhere."""
    at = read_time(data)
    return build_gist(str(data.get("message", ""))) if at and at >= since else None
