"""Calls of X's API v2 as one account: signed, with what each refusal means; for posting and for listening."""

import html
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import unquote, urlencode

from oauthlib.oauth1 import Client
from pydantic import Field, SecretStr

from chatops.domain.errors import DeliveryError, NotSent, Refused
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in

Method = Literal["GET", "POST", "DELETE"]
API_URL = "https://api.x.com"
API_URLS = (API_URL, "https://api.twitter.com")
MARGIN = timedelta(minutes=5)
"""How far X's clock may be from ours; OAuth allows no more."""
DUPLICATES_LAST = timedelta(days=1)
"""How far back to look for what X calls a duplicate: it forgets a wording after some hours."""
PAGE_POSTS, MOST_PAGES = 100, 5
"""Each post read costs $0.001; those since the broadcast began are few."""

# What tells one 403 from another is only the text, https://docs.x.com/x-api/fundamentals/response-codes-and-errors
_DUPLICATE = ("duplicate content", "status is a duplicate")
_MONEY = ("credits", "spend cap", "spendcap", "spending", "usage-capped", "usage cap", "usagecap", "billing")
_TOKEN = (
    "oauth1-permissions",
    "app permissions",
    "client-forbidden",
    "unsupported-authentication",
    "client-not-enrolled",
)
_REPLY = ("reply", "replies", "conversation", "mentioned", "deleted or not visible")
_GONE = ("deleted or not visible",)

# At DEBUG it writes the access token into the log with every signature.
logging.getLogger("oauthlib").setLevel(logging.INFO)


class Access(ShortSettings):
    """The four keys of OAuth 1.0a user context, from the app's page; they do not expire."""

    base_url: BaseUrl = API_URL
    consumer_key: SecretStr = Field(description="the API key of the app")
    consumer_key_env: str = "X_CONSUMER_KEY"
    consumer_secret: SecretStr = Field(description="the API key secret of the app")
    consumer_secret_env: str = "X_CONSUMER_SECRET"  # noqa: S105 - the name of the variable
    access_token: SecretStr = Field(description="the access token of the account that posts")
    access_token_env: str = "X_ACCESS_TOKEN"  # noqa: S105
    access_secret: SecretStr = Field(description="the access token secret of that account")
    access_secret_env: str = "X_ACCESS_SECRET"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    handle: str | None


class XCalls:
    """One account's calls; none is repeated."""

    def __init__(self, access: Access, http: Http) -> None:
        self._access = access
        self._http = http
        self.place = name_place(access.base_url)
        self._account: Account | None = None

    async def get_account(self, *, anew: bool = False) -> Account:
        if self._account is None or anew:
            data = (await self.read("/2/users/me")).find("data")
            account_id = read_id(data)
            if account_id is None:
                raise NotSent(f"{self.place} does not answer as X does. Check base_url in the settings.")
            handle = str(find_in(data, "username"))
            self._account = Account(account_id, handle if re.fullmatch(r"[A-Za-z0-9_]{1,50}", handle) else None)
        return self._account

    async def list_own(self, since: datetime, more_fields: str = "") -> list[dict[str, Any]] | None:
        """Our own posts, newest first; None where they do not end."""
        account = await self.get_account()
        query = {
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "max_results": str(PAGE_POSTS),
            "exclude": "retweets",
            "tweet.fields": f"created_at,entities{more_fields}",
        }
        posts: list[dict[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = await self.read(f"/2/users/{account.id}/tweets", query)
            posts += list_in(page.find("data"))
            token = page.find("meta", "next_token")
            if not token:
                return posts
            query["pagination_token"] = str(token)
        return None

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Raises NotSent or Refused: reading leaves nothing behind that could be in doubt."""
        reply = await self.call("GET", path, query, is_repeatable=True)
        if reply.status != 200 or not isinstance(reply.data, dict):
            raise self.explain(reply)
        return reply

    async def call(
        self,
        method: Method,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: object = None,
        is_repeatable: bool = False,
    ) -> Reply:
        url = f"{self._access.base_url}{path}{'?' + urlencode(query) if query else ''}"
        api = JsonApi(self._http, url, self._sign(method, url))
        return await api.call(method, body=body, is_repeatable=is_repeatable)

    def _sign(self, method: Method, url: str) -> dict[str, str]:
        """Method, address and query; a JSON body is not signed: RFC 5849, 3.4.1.3."""
        client = Client(
            self._access.consumer_key.get_secret_value(),
            client_secret=self._access.consumer_secret.get_secret_value(),
            resource_owner_key=self._access.access_token.get_secret_value(),
            resource_owner_secret=self._access.access_secret.get_secret_value(),
        )
        _, headers, _ = client.sign(url, http_method=method)
        return dict(headers)

    def link(self, post_id: str, handle: str | None = None) -> str:
        """Where people read it; beside a stand-in of the API, there."""
        base = "https://x.com" if self._access.base_url in API_URLS else self._access.base_url
        ours = self._account.handle if self._account else None
        return f"{base}/{handle or ours or 'i/web'}/status/{post_id}"

    def explain(self, reply: Reply) -> DeliveryError:
        """What an answer other than success means for the delivery; never in X's own words."""
        status = reply.status
        if wants_money(reply):
            return Refused(
                "X wants money: the credits of the developer account, or its spending cap, are used up. "
                "Add credits at https://console.x.com, then retry."
            )
        if status in (401, 403):
            return self._explain_denial(reply)
        if status == 400:
            return Refused("X does not take these words (400 Bad Request): they may be too long for it.")
        if status == 429:
            return NotSent("X has had too many calls and asks us to wait.", retry_after=_parse_reset(reply.answer))
        try:
            reply.require_success()
        except DeliveryError as error:
            return error
        return reply.doubt()

    def _explain_denial(self, reply: Reply) -> NotSent | Refused:
        chosen = self._access
        if reply.status == 401:
            keys = f"{chosen.access_secret_env}, {chosen.consumer_key_env} and {chosen.consumer_secret_env}"
            clock = " This machine's clock is wrong, which alone is a reason." if _is_clock_wrong(reply.answer) else ""
            text = f"X refuses the token: check {chosen.access_token_env}, {keys}.{clock}"
            return NotSent(text, needs_person=True)
        if names(reply, _TOKEN):
            return NotSent(
                "X does not let the app post: give it “Read and write” on its page, make a new access token, and put "
                f"it into {chosen.access_token_env} and {chosen.access_secret_env}.",
                needs_person=True,
            )
        return Refused(
            "X does not allow this (403 Forbidden): the account may be locked, or the words name others or hold "
            "more than one $cashtag."
        )


def build_gist(text: str) -> str:
    """What stays the same of a text, however X shows it: it adds schemes and slashes to links, and trims blanks."""
    return re.sub(r"https?:|[\s/]", "", unquote(unicodedata.normalize("NFC", text)).casefold())


def read_time(data: Mapping[str, Any]) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(data.get("created_at")))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_text(data: Mapping[str, Any]) -> str | None:
    """As people read it, with whole links."""
    text = data.get("text")
    if not isinstance(text, str):
        return None
    text = html.unescape(text)
    for each in list_in(find_in(data, "entities", "urls")):
        short, whole = each.get("url"), each.get("expanded_url")
        text = text.replace(short, whole) if isinstance(short, str) and isinstance(whole, str) else text
    return text


def read_id(data: object) -> str | None:
    found = str(find_in(data, "id"))
    return found if re.fullmatch(r"[0-9]{1,25}", found) else None


def names(reply: Reply, words: Iterable[str]) -> bool:
    """Whether X's own text holds one of them: it tells its refusals from each other, and is never shown."""
    problems = [reply.data, *list_in(reply.find("errors"))]
    texts = [find_in(each, name) for each in problems for name in ("title", "type", "detail", "message", "reason")]
    said = " ".join(text for text in texts if isinstance(text, str)).lower()
    return any(word in said for word in words)


def wants_money(reply: Reply) -> bool:
    return reply.status == 402 or (reply.status in (403, 429) and names(reply, _MONEY))


def is_duplicate(reply: Reply) -> bool:
    return reply.status == 403 and names(reply, _DUPLICATE)


def refuses_reply(reply: Reply) -> bool:
    """By its words; some 403 give no reason."""
    return reply.status == 403 and names(reply, _REPLY)


def tells_gone(reply: Reply) -> bool:
    """What we wanted to answer is not there, or not for us."""
    return reply.status == 403 and names(reply, _GONE)


def may_refuse_thread(reply: Reply) -> bool:
    """Some 403 give no reason; another try without the thread costs nothing where nothing is posted."""
    if reply.status != 403 or is_duplicate(reply):
        return False
    return names(reply, _REPLY) or not (wants_money(reply) or names(reply, _TOKEN))


def _is_clock_wrong(answer: Answer) -> bool:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return theirs.tzinfo is not None and abs(datetime.now(UTC) - theirs) > MARGIN


def _parse_reset(answer: Answer) -> timedelta | None:
    """X has windows of 15 minutes and of a day, and names the second at which each ends."""
    now, pauses = datetime.now(UTC).timestamp(), []
    for window in ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"):
        reset = answer.headers.get(f"{window}-reset", "")
        if answer.headers.get(f"{window}-remaining", "0") == "0" and re.fullmatch(r"[0-9]{1,12}", reset):
            pauses.append(min(timedelta(seconds=max(0, int(reset) - now)), LONGEST_RETRY_AFTER))
    return max(pauses, default=answer.retry_after)
