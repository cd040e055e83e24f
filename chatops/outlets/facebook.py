"""A Facebook Page by the Graph API: each update is a post of its own, with all its sections."""

import asyncio
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, OutletSettings
from chatops.outlets.counting import count_utf16
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "facebook"
LABEL = "Facebook"
LIMITS = TextLimits(max_chars=63_206, count=count_utf16)
"""Whether Facebook counts characters or UTF-16 units is documented nowhere: the larger count is safe."""
ABILITIES = Abilities(edit=True, retract=True, settled_by="read_back")
COST: Callable[[str], str] | None = None

API_URL = "https://graph.facebook.com"
POST_FIELDS = "id,message,permalink_url,created_time"
MARGIN = timedelta(minutes=5)
"""How far Facebook's clock may be from ours."""
REPEATS_LAST = timedelta(days=7)
"""How far back to look for what Facebook calls a repeat of the page's last post."""
PERMALINK_SECONDS = 5
PAGE_POSTS, MOST_PAGES = 50, 10
"""Graph writes many letters as six (`\\u00e9`): more posts of full length would be longer than what is read."""

# https://developers.facebook.com/docs/graph-api/guides/error-handling
_TOKEN_CODES = frozenset((102, 104, 190, 2500))
_PERMISSION_CODES = frozenset((3, 10, *range(200, 300)))
_PACE_CODES = frozenset((4, 17, 32, 341, 613, *range(80_000, 80_015)))
_DUPLICATE = 506
_DUPLICATE_CODES = frozenset((_DUPLICATE, 368))
"""368 is also for what Facebook calls abuse; https://github.com/arsduo/koala/issues/422 tells of repeats."""
_TRANSIENT_CODES = frozenset((1, 2))
_LINK_CODES = frozenset((100, 1500, 1_609_005))
_GONE = (100, 33)


def _check_page_id(page_id: str) -> str:
    if not re.fullmatch(r"[0-9]{1,32}", page_id):
        raise ValueError('must be the number of the page in quotes, like "1234"')
    return page_id


class Settings(OutletSettings):
    """`[outlets.facebook]`. `link`: whether our page's address is attached, with the preview that Facebook makes."""

    base_url: BaseUrl = API_URL
    page_id: Annotated[str, AfterValidator(_check_page_id)] = Field(description='page_id = "1234"')
    page_token: SecretStr = Field(description="the page's own access token, made from a long-lived one")
    page_token_env: str = "FACEBOOK_PAGE_TOKEN"  # noqa: S105 - the name of the variable
    link: Literal["always", "first", "never"] = "never"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = f"{name_place(settings.base_url)}, page {settings.page_id}"
    return OutletSpec(key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, form="page", cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Facebook(settings, build_spec(settings, key=key, label=label), http)


class Facebook:
    """Posts once; what was perhaps posted is looked up among the page's posts."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        # In a header, because addresses are written into logs.
        self._api = JsonApi(
            http, settings.base_url, {"Authorization": f"Bearer {settings.page_token.get_secret_value()}"}
        )

    async def send(self, posting: Posting) -> Sent:
        link, note = self._choose_link(posting), None
        reply = await self._post(posting.words, link)
        if link and _read_code(reply) in _LINK_CODES:
            reply, note = await self._post(posting.words, None), "Facebook did not take the link to our page."
        if (code := _read_code(reply)) in _DUPLICATE_CODES:
            return await self._find_duplicate(posting, code)
        post_id = _read_id(reply.data)
        if not reply.is_fine or post_id is None:
            raise self._explain(reply)
        return Sent(url=await self._find_permalink(post_id), remote_id=post_id, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        return await self._search(build_gist(posting.words), _since(posting), without=posting.earlier)

    async def edit(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._api.call("POST", f"/{quote(post_id)}", body={"message": posting.words}, is_repeatable=True)
        if not _is_done(reply):
            raise self._explain(reply)
        return Sent(url=await self._find_permalink(post_id), remote_id=post_id)

    async def retract(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._api.call("DELETE", f"/{quote(post_id)}", is_repeatable=True)
        if _is_gone(reply):
            # Also said to a token that may no longer see the post: then the page itself cannot be read either.
            await self.check()
        elif not _is_done(reply):
            raise self._explain(reply)
        return Sent(remote_id=post_id)

    async def check(self) -> str:
        page = await self._read("/me", {"fields": "name,id"})
        if str(page.find("id")) != self._settings.page_id:
            raise Refused(
                f"The token in {self._settings.page_token_env} is not that of page {self._settings.page_id}: "
                "put the page's own access token there."
            )
        return f"{self._api.place} knows us as page {self._settings.page_id}; nothing was posted"

    def _choose_link(self, posting: Posting) -> str | None:
        chosen = self._settings.link
        is_wanted = chosen == "always" or (chosen == "first" and not posting.earlier)
        return posting.page_url if is_wanted else None

    async def _post(self, words: str, link: str | None) -> Reply:
        body = {"message": words, "published": True} | ({"link": link} if link else {})
        return await self._api.call("POST", f"/{self._settings.page_id}/feed", body=body)

    async def _find_duplicate(self, posting: Posting, code: int) -> Sent:
        """Facebook says that its last post says the same. An answer of ours that got lost, or an older post?"""
        said = f"Facebook refuses the words as a repeat (error {code})"
        try:
            if found := await self.find(posting):
                return found
            older = await self._search(build_gist(posting.words), _since(posting) - REPEATS_LAST)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if older or code != _DUPLICATE:
            raise Refused(f"{said}: an earlier post says the same, or the page is blocked. Change the words.")
        raise Uncertain(f"{said}, but does not show them yet.")

    async def _search(self, gist: str, since: datetime, *, without: tuple[str, ...] = ()) -> Sent | None:
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._list_posts(since, after)
            for each in list_in(page.find("data")):
                post_id = _read_id(each)
                if post_id and post_id not in without and _read_gist(each, since) == gist:
                    return Sent(url=_read_permalink(each) or self._link(post_id), remote_id=post_id)
            after = _read_cursor(page)
            if not after:
                return None
        raise Uncertain("There are too many posts on Facebook since then to look through them. Please look there.")

    async def _list_posts(self, since: datetime, after: str) -> Reply:
        """Newest first."""
        query = {"since": str(int(since.timestamp())), "limit": str(PAGE_POSTS), "fields": POST_FIELDS}
        return await self._read(
            f"/{self._settings.page_id}/published_posts", query | ({"after": after} if after else {})
        )

    async def _find_permalink(self, post_id: str) -> str:
        """Where Facebook shows it. The post stands already: no trouble here may cast doubt on that, or delay it."""
        with suppress(DeliveryError, TimeoutError):
            async with asyncio.timeout(PERMALINK_SECONDS):
                found = await self._read(f"/{quote(post_id)}", {"fields": "permalink_url"})
            return _read_permalink(found.data) or self._link(post_id)
        return self._link(post_id)

    def _link(self, post_id: str) -> str:
        base = self._settings.base_url
        return f"{'https://www.facebook.com' if base.startswith(API_URL) else base}/{quote(post_id)}"

    async def _read(self, path: str, query: Mapping[str, str]) -> Reply:
        """Raises NotSent or Refused: reading leaves nothing behind that could be in doubt."""
        reply = await self._api.call("GET", path, query=query, is_repeatable=True)
        if reply.status != 200 or not isinstance(reply.data, dict):
            raise self._explain(reply)
        return reply

    def _explain(self, reply: Reply) -> DeliveryError:
        """What an answer other than success means for the delivery; of Facebook's own words only the code."""
        code = _read_code(reply)
        if known := self._explain_code(code, reply):
            return known
        if code in _TRANSIENT_CODES or reply.find("error", "is_transient") is True:
            # Not “nothing happened”: https://github.com/arsduo/koala/issues/699 tells of posts that stand all the same.
            text = f"Facebook is in trouble and does not say whether it took this (error {code})."
            return NotSent(text) if reply.is_repeatable else Uncertain(text)
        if code and 400 <= reply.status < 500:
            what = "knows no such post" if _is_gone(reply) else "does not take this"
            return Refused(f"Facebook {what} (error {code}).")
        try:
            reply.require_success()
        except DeliveryError as error:
            return error
        return reply.doubt()

    def _explain_code(self, code: int, reply: Reply) -> NotSent | None:
        variable = self._settings.page_token_env
        if code in _TOKEN_CODES or (reply.status == 401 and not code):
            text = f"Facebook refuses the token (error {code}): put a new one of the page into {variable}."
            return NotSent(text, needs_person=True)
        if code in _PERMISSION_CODES:
            return NotSent(
                f"Facebook does not let us (error {code}): the token in {variable} needs pages_manage_posts and "
                "pages_read_engagement, from somebody who manages the page.",
                needs_person=True,
            )
        if code in _PACE_CODES:
            pause = _read_pause(reply.answer) or reply.answer.retry_after
            return NotSent(f"Facebook has had too many calls and asks us to wait (error {code}).", retry_after=pause)
        return None


def build_gist(text: str) -> str:
    """What stays the same of a text when it is trimmed or its lines are ended otherwise."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _since(posting: Posting) -> datetime:
    """No post of this delivery is older. In a replay our time may run ahead of Facebook's, which knows no future."""
    return min(posting.started_at or posting.first_tried_at, posting.first_tried_at, datetime.now(UTC)) - MARGIN


def _read_gist(data: Mapping[str, Any], since: datetime) -> str | None:
    """None where the post is older: what `since` is compared with is documented nowhere."""
    try:
        at = datetime.fromisoformat(str(data.get("created_time")))
    except ValueError:
        return None
    is_new = (at if at.tzinfo else at.replace(tzinfo=UTC)) >= since
    return build_gist(str(data.get("message", ""))) if is_new else None


def _read_id(data: object) -> str | None:
    """`PAGE_POST`."""
    found = str(find_in(data, "id"))
    return found if re.fullmatch(r"[0-9]{1,32}(_[0-9]{1,32})?", found) else None


def _read_permalink(data: Mapping[str, Any]) -> str | None:
    found = data.get("permalink_url")
    return found if isinstance(found, str) and re.fullmatch(r"https?://[!-~]{1,500}", found) else None


def _read_cursor(page: Reply) -> str:
    """Where the next page begins; empty where there is none. The address that Graph names is not followed."""
    return str(page.find("paging", "cursors", "after") or "") if page.find("paging", "next") else ""


def _read_code(reply: Reply) -> int:
    code = reply.find("error", "code")
    return code if isinstance(code, int) else 0


def _is_done(reply: Reply) -> bool:
    return reply.is_fine and reply.find("success") is True


def _is_gone(reply: Reply) -> bool:
    return reply.status == 404 or (_read_code(reply), reply.find("error", "error_subcode")) == _GONE


def _read_pause(answer: Answer) -> timedelta | None:
    """Minutes, for each kind of use: https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    try:
        usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", ""))
        minutes = [each["estimated_time_to_regain_access"] for kinds in usage.values() for each in kinds]
        longest = max(minute for minute in minutes if isinstance(minute, int) and minute > 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return min(timedelta(minutes=min(longest, 10_000)), LONGEST_RETRY_AFTER)
