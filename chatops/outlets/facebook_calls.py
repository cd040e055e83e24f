"""Calls of the Graph API as one Page, with what each refusal means; for posting and for listening."""

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.outlets import BaseUrl, OutletSettings
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http
from chatops.outlets.json_calls import JsonApi, Reply, find_in

API_URL = "https://graph.facebook.com"
MARGIN = timedelta(minutes=5)
"""How far Facebook's clock may be from ours."""
REPEATS_LAST = timedelta(days=7)
"""How far back to look for what Facebook calls a repeat of the page's last post."""
PERMALINK_SECONDS = 5

# https://developers.facebook.com/docs/graph-api/guides/error-handling
_TOKEN_CODES = frozenset((102, 104, 190, 2500))
_PERMISSION_CODES = frozenset((3, 10, *range(200, 300)))
_PACE_CODES = frozenset((4, 17, 32, 341, 613, *range(80_000, 80_015)))
DUPLICATE = 506
_DUPLICATE_CODES = frozenset((DUPLICATE, 368))
"""368 is also for what Facebook calls abuse; https://github.com/arsduo/koala/issues/422 tells of repeats."""
_TRANSIENT_CODES = frozenset((1, 2))
_LINK_CODES = frozenset((100, 1500, 1_609_005))
_UNKNOWN = 100
_GONE = (_UNKNOWN, 33)


def _check_page_id(page_id: str) -> str:
    if not re.fullmatch(r"[0-9]{1,32}", page_id):
        raise ValueError('must be the number of the page in quotes, like "1234"')
    return page_id


class Access(OutletSettings):
    """The page, and the token that speaks for it."""

    base_url: BaseUrl = API_URL
    page_id: Annotated[str, AfterValidator(_check_page_id)] = Field(description='page_id = "1234"')
    page_token: SecretStr = Field(description="the page's own access token, made from a long-lived one")
    page_token_env: str = "FACEBOOK_PAGE_TOKEN"  # noqa: S105 - the name of the variable


class FacebookCalls:
    """One page's calls; none is repeated."""

    def __init__(self, access: Access, http: Http) -> None:
        self._access = access
        self.page_id = access.page_id
        # In a header, because addresses are written into logs.
        self._api = JsonApi(http, access.base_url, {"Authorization": f"Bearer {access.page_token.get_secret_value()}"})

    async def post(self, path: str, body: Mapping[str, object], *, is_repeatable: bool = False) -> Reply:
        return await self._api.call("POST", path, body=body, is_repeatable=is_repeatable)

    async def delete(self, path: str) -> Reply:
        return await self._api.call("DELETE", path, is_repeatable=True)

    async def get(self, path: str, query: Mapping[str, str]) -> Reply:
        """Any answer; `read` wants success."""
        return await self._api.call("GET", path, query=query, is_repeatable=True)

    async def check(self) -> str:
        page = await self.read("/me", {"fields": "name,id"})
        if str(page.find("id")) != self.page_id:
            raise Refused(
                f"The token in {self._access.page_token_env} is not that of page {self.page_id}: "
                "put the page's own access token there."
            )
        return f"{self._api.place} knows us as page {self.page_id}; nothing was posted"

    async def find_permalink(self, post_id: str) -> str:
        """Where Facebook shows it. The post stands already: no trouble here may cast doubt on that, or delay it."""
        with suppress(DeliveryError, TimeoutError):
            async with asyncio.timeout(PERMALINK_SECONDS):
                found = await self.read(f"/{quote(post_id)}", {"fields": "permalink_url"})
            return read_permalink(found.data) or self.link(post_id)
        return self.link(post_id)

    def link(self, post_id: str) -> str:
        base = self._access.base_url
        return f"{'https://www.facebook.com' if base.startswith(API_URL) else base}/{quote(post_id)}"

    async def read(self, path: str, query: Mapping[str, str]) -> Reply:
        """Raises NotSent or Refused: reading leaves nothing behind that could be in doubt."""
        reply = await self.get(path, query)
        if reply.status != 200 or not isinstance(reply.data, dict):
            raise self.explain(reply)
        return reply

    def explain(self, reply: Reply) -> DeliveryError:
        """What an answer other than success means for the delivery; of Facebook's own words only the code."""
        code = read_code(reply)
        if known := self._explain_code(code, reply):
            return known
        if code in _TRANSIENT_CODES or reply.find("error", "is_transient") is True:
            # Not “nothing happened”: https://github.com/arsduo/koala/issues/699 tells of posts that stand all the same.
            text = f"Facebook is in trouble and does not say whether it took this (error {code})."
            return NotSent(text) if reply.is_repeatable else Uncertain(text)
        if code and 400 <= reply.status < 500:
            what = "knows no such post" if is_gone(reply) else "does not take this"
            return Refused(f"Facebook {what} (error {code}).")
        try:
            reply.require_success()
        except DeliveryError as error:
            return error
        return reply.doubt()

    def _explain_code(self, code: int, reply: Reply) -> NotSent | None:
        variable = self._access.page_token_env
        if code in _TOKEN_CODES or (reply.status == 401 and not code):
            text = f"Facebook refuses the token (error {code}): put a new one of the page into {variable}."
            return NotSent(text, needs_person=True)
        if code in _PERMISSION_CODES:
            return NotSent(
                f"Facebook does not let us (error {code}): the token in {variable} needs pages_manage_posts and "
                "pages_read_engagement (to answer customers also pages_read_user_content and pages_manage_engagement), "
                "from somebody who manages the page.",
                needs_person=True,
            )
        if code in _PACE_CODES:
            pause = _read_pause(reply.answer) or reply.answer.retry_after
            return NotSent(f"Facebook has had too many calls and asks us to wait (error {code}).", retry_after=pause)
        return None


def build_gist(text: str) -> str:
    """What stays the same of a text when it is trimmed or its lines are ended otherwise."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def read_time(data: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(data.get("created_time")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_id(data: object) -> str | None:
    """`PAGE_POST`."""
    found = str(find_in(data, "id"))
    return found if re.fullmatch(r"[0-9]{1,32}(_[0-9]{1,32})?", found) else None


def read_permalink(data: Mapping[str, Any]) -> str | None:
    found = data.get("permalink_url")
    return found if isinstance(found, str) and re.fullmatch(r"https?://[!-~]{1,500}", found) else None


def read_cursor(page: Reply) -> str:
    """Where the next page begins; empty where there is none. The address that Graph names is not followed."""
    return str(page.find("paging", "cursors", "after") or "") if page.find("paging", "next") else ""


def read_code(reply: Reply) -> int:
    code = reply.find("error", "code")
    return code if isinstance(code, int) else 0


def is_done(reply: Reply) -> bool:
    return reply.is_fine and reply.find("success") is True


def is_gone(reply: Reply) -> bool:
    return reply.status == 404 or (read_code(reply), reply.find("error", "error_subcode")) == _GONE


def repeats_itself(code: int) -> bool:
    """Facebook says that the words stand there already, or that they are abuse."""
    return code in _DUPLICATE_CODES


def denies(code: int) -> bool:
    """The token lacks a permission, or the app may not read this at all."""
    return code in _PERMISSION_CODES or code == _UNKNOWN


def refuses_link(code: int) -> bool:
    return code in _LINK_CODES


def _read_pause(answer: Answer) -> timedelta | None:
    """Minutes, for each kind of use: https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
    try:
        usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", ""))
        minutes = [each["estimated_time_to_regain_access"] for kinds in usage.values() for each in kinds]
        longest = max(minute for minute in minutes if isinstance(minute, int) and minute > 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return min(timedelta(minutes=min(longest, 10_000)), LONGEST_RETRY_AFTER)
