"""A Facebook Page by the Graph API: each update is a post of its own, with all its sections."""

import asyncio
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, OutletSettings
from chatops.outlets.counting import count_utf16
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "facebook"
LABEL = "Facebook"
LIMITS = TextLimits(max_chars=63_206, count=count_utf16)
"""Whether Facebook counts characters or UTF-16 units is documented nowhere: the larger count is safe."""
ABILITIES = Abilities(edit=True, retract=True, settled_by="read_back")
COST: Callable[[str], str] | None = None

API_URL = "https://graph.facebook.com"
MARGIN = timedelta(minutes=5)
"""How far Facebook's clock may be from ours."""
PERMALINK_SECONDS = 5
PAGE_POSTS, MOST_PAGES = 10, 20
"""Graph writes every other letter as six, so that ten posts of usual length stay below what the client reads."""

# https://developers.facebook.com/docs/graph-api/guides/error-handling
_TOKEN_CODES = frozenset((102, 104, 190, 2500))
_PERMISSION_CODES = frozenset((3, 10, *range(200, 300)))
_PACE_CODES = frozenset((4, 17, 32, 341, 613, *range(80_000, 80_015)))
_DUPLICATE_CODES = frozenset((506, 368))
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


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What Graph says of an error: numbers only, its words are not for people."""

    code: int = 0
    subcode: int = 0
    is_transient: bool = False


class Facebook:
    """Posts once; what was perhaps posted is looked up among the page's posts."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._http = http
        self._place = name_place(settings.base_url)

    async def send(self, posting: Posting) -> Sent:
        link, note = self._choose_link(posting), None
        answer = await self._post(posting.words, link)
        if link and _read_trouble(answer).code in _LINK_CODES:
            answer, note = await self._post(posting.words, None), "Facebook did not take the link to our page."
        if _read_trouble(answer).code in _DUPLICATE_CODES:
            return await self._find_duplicate(posting)
        post_id = _read_id(_read_json(answer))
        if not 200 <= answer.status < 300 or post_id is None:
            raise self._explain(answer)
        return Sent(url=await self._find_permalink(post_id), remote_id=post_id, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        since = min(posting.started_at or posting.first_tried_at, posting.first_tried_at, datetime.now(UTC)) - MARGIN
        gist, after = build_gist(posting.words), ""
        for _ in range(MOST_PAGES):
            page = await self._list_posts(since, after)
            posts = page.get("data")
            for each in posts if isinstance(posts, list) else ():
                post_id = _read_id(each)
                if post_id and post_id not in posting.earlier and build_gist(str(each.get("message", ""))) == gist:
                    return Sent(url=_read_permalink(each) or self._link(post_id), remote_id=post_id)
            after = _read_cursor(page)
            if not after:
                return None
        raise Uncertain("There are too many posts on Facebook since then to look through them. Please look there.")

    async def edit(self, posting: Posting) -> Sent:
        post_id = _require_target(posting, "change")
        answer = await self._call("POST", f"/{quote(post_id)}", body={"message": posting.words})
        if not _is_done(answer):
            raise self._explain(answer)
        return Sent(url=await self._find_permalink(post_id), remote_id=post_id)

    async def retract(self, posting: Posting) -> Sent:
        post_id = _require_target(posting, "remove")
        answer = await self._call("DELETE", f"/{quote(post_id)}")
        if _is_gone(answer):
            # Also said to a token that may no longer see the post: then the page itself cannot be read either.
            await self.check()
        elif not _is_done(answer):
            raise self._explain(answer)
        return Sent(remote_id=post_id)

    async def check(self) -> str:
        page = await self._read("/me", {"fields": "name,id"})
        if str(page.get("id")) != self._settings.page_id:
            raise Refused(
                f"The token in {self._settings.page_token_env} is not that of page {self._settings.page_id}: "
                "put the page's own access token there."
            )
        return f"{self._place} knows us as page {self._settings.page_id}; nothing was posted"

    def _choose_link(self, posting: Posting) -> str | None:
        chosen = self._settings.link
        is_wanted = chosen == "always" or (chosen == "first" and not posting.earlier)
        return posting.page_url if is_wanted else None

    async def _post(self, words: str, link: str | None) -> Answer:
        body = {"message": words, "published": True} | ({"link": link} if link else {})
        return await self._call("POST", f"/{self._settings.page_id}/feed", body=body)

    async def _find_duplicate(self, posting: Posting) -> Sent:
        """Facebook says that the words stand there already. An answer of ours that got lost, or an older post?"""
        said = "Facebook refuses the words as a repeat"
        try:
            found = await self.find(posting)
        except DeliveryError as error:
            raise Uncertain(f"{said}, so they may stand there, and looking it up failed: {error}") from None
        if found is None:
            raise Refused(f"{said} of an earlier post, or blocks the page. Change the words, or look at the page.")
        return found

    async def _list_posts(self, since: datetime, after: str) -> dict[str, Any]:
        """Newest first; one by one where ten are more than the client reads."""
        query = {"since": str(int(since.timestamp())), "fields": "id,message,permalink_url,created_time"}
        path, query = f"/{self._settings.page_id}/published_posts", query | ({"after": after} if after else {})
        try:
            return await self._read(path, query | {"limit": str(PAGE_POSTS)})
        except _TooLong:
            return await self._read(path, query | {"limit": "1"})

    async def _find_permalink(self, post_id: str) -> str:
        """Where Facebook shows it. The post stands already: no trouble here may cast doubt on that, or delay it."""
        with suppress(DeliveryError, TimeoutError):
            async with asyncio.timeout(PERMALINK_SECONDS):
                found = await self._read(f"/{quote(post_id)}", {"fields": "permalink_url"})
            return _read_permalink(found) or self._link(post_id)
        return self._link(post_id)

    def _link(self, post_id: str) -> str:
        base = self._settings.base_url
        return f"{'https://www.facebook.com' if base.startswith(API_URL) else base}/{quote(post_id)}"

    async def _read(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Raises NotSent or Refused: reading leaves nothing behind that could be in doubt."""
        try:
            answer = await self._call("GET", path, query)
            read = _read_json(answer)
            if answer.status != 200 or (read is None and answer.is_whole):
                raise self._explain(answer)
        except Uncertain:
            raise NotSent(f"{self._place} gives no answer that can be read.") from None
        if read is None:
            raise _TooLong(f"{self._place} answers with more than can be read.")
        return read

    async def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Answer:
        # In a header, because addresses are written into logs.
        headers, content = {"Authorization": f"Bearer {self._settings.page_token.get_secret_value()}"}, None
        if body is not None:
            try:
                content = json.dumps(body, ensure_ascii=False).encode()
            except ValueError:
                raise Refused("These words hold a character that Facebook cannot carry. Remove it.") from None
            headers["Content-Type"] = "application/json"
        url = f"{self._settings.base_url}{path}{'?' + urlencode(query) if query else ''}"
        # Whoever sets another address means it, wherever it leads.
        is_own = not self._settings.base_url.startswith(API_URL)
        return await self._http.request(method, url, headers=headers, body=content, allow_private=is_own)

    def _explain(self, answer: Answer) -> DeliveryError:
        """What an answer other than success means for the delivery; of Facebook's own words only the code."""
        trouble, variable = _read_trouble(answer), self._settings.page_token_env
        code = trouble.code
        if code in _TOKEN_CODES or (answer.status == 401 and not code):
            return NotSent(f"Facebook refuses the token (error {code}): put a new one of the page into {variable}.")
        if code in _PERMISSION_CODES:
            return NotSent(
                f"Facebook does not let us (error {code}): the token in {variable} needs pages_manage_posts and "
                "pages_read_engagement, from somebody who manages the page."
            )
        if code in _PACE_CODES:
            pause = _read_pause(answer) or answer.retry_after
            return NotSent(f"Facebook has had too many calls and asks us to wait (error {code}).", retry_after=pause)
        if code in _TRANSIENT_CODES or trouble.is_transient or 200 <= answer.status < 300:
            # Not “nothing happened”: https://github.com/arsduo/koala/issues/699 tells of posts that stand all the same.
            return Uncertain("Facebook is in trouble and does not say whether it took this.")
        if code and 400 <= answer.status < 500:
            what = "knows no such post" if _is_gone(answer) else "does not take this"
            return Refused(f"Facebook {what} (error {code}).")
        try:
            require_success(answer, self._place, honours_key=False)
        except DeliveryError as error:
            return error
        return Uncertain(f"{self._place} answered without saying what it did.")


class _TooLong(NotSent):
    """An answer goes on beyond what the client reads."""


def build_gist(text: str) -> str:
    """What stays the same of a text when it is trimmed or its lines are ended otherwise."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _require_target(posting: Posting, verb: str) -> str:
    if posting.target is None:
        raise Refused(f"Facebook never told us the number of this post. Please {verb} it there by hand.")
    return posting.target


def _read_json(answer: Answer) -> dict[str, Any] | None:
    try:
        read = json.loads(answer.body) if answer.is_whole else None
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _read_id(data: object) -> str | None:
    """`PAGE_POST`."""
    found = str(data.get("id")) if isinstance(data, dict) else ""
    return found if re.fullmatch(r"[0-9]{1,32}(_[0-9]{1,32})?", found) else None


def _read_permalink(data: Mapping[str, Any]) -> str | None:
    found = data.get("permalink_url")
    return found if isinstance(found, str) and re.fullmatch(r"https?://[!-~]{1,500}", found) else None


def _read_cursor(page: Mapping[str, Any]) -> str:
    """Where the next page begins; empty where there is none. The address that Graph names is not followed."""
    paging = page.get("paging")
    cursors = paging.get("cursors") if isinstance(paging, dict) and paging.get("next") else None
    return str(cursors.get("after") or "") if isinstance(cursors, dict) else ""


def _read_trouble(answer: Answer) -> _Trouble:
    error = (_read_json(answer) or {}).get("error")
    if not isinstance(error, dict):
        return _Trouble()
    code, subcode = (value if isinstance(value := error.get(name), int) else 0 for name in ("code", "error_subcode"))
    return _Trouble(code, subcode, error.get("is_transient") is True)


def _is_done(answer: Answer) -> bool:
    return answer.status == 200 and (_read_json(answer) or {}).get("success") is True


def _is_gone(answer: Answer) -> bool:
    trouble = _read_trouble(answer)
    return answer.status == 404 or (trouble.code, trouble.subcode) == _GONE


def _read_pause(answer: Answer) -> timedelta | None:
    """Minutes, for each kind of use: https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    try:
        usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", ""))
        minutes = [each["estimated_time_to_regain_access"] for kinds in usage.values() for each in kinds]
        longest = max(minute for minute in minutes if isinstance(minute, int) and minute > 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return min(timedelta(minutes=min(longest, 10_000)), LONGEST_RETRY_AFTER)
