"""X by its API v2: the updates of one incident are a thread of posts, and every call has its price."""

import html
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import unquote, urlencode

from oauthlib.oauth1 import Client
from pydantic import Field, SecretStr

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_x_weight, has_x_link
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "x"
LABEL = "X"
LIMITS = TextLimits(max_chars=280, count=count_x_weight)
ABILITIES = Abilities(retract=True, thread=True, may_refuse_thread=True, settled_by="read_back")
"""No edit: that takes X Premium and the first half hour, and gives the post another id."""

Method = Literal["GET", "POST", "DELETE"]
PRICE, PRICE_WITH_LINK = "$0.015", "$0.200"
"""https://docs.x.com/x-api/pricing, August 2026."""
API_URL = "https://api.x.com"
API_URLS = (API_URL, "https://api.twitter.com")
MARGIN = timedelta(minutes=5)
"""How far X's clock may be from ours; OAuth allows no more."""
DUPLICATES_LAST = timedelta(days=1)
"""How far back to look for what X calls a duplicate: it forgets a wording after some hours."""
PAGE_POSTS, MOST_PAGES = 100, 5
"""Each post read costs $0.001; those since the broadcast began are few."""
STAND_ALONE = "X did not let us continue our thread: the approved stand-alone words went out."

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

# At DEBUG it writes the access token into the log with every signature.
logging.getLogger("oauthlib").setLevel(logging.INFO)


def word_cost(words: str) -> str:
    """The price of one post; a link makes it 13 times dearer."""
    if has_x_link(words):
        return f"{PRICE_WITH_LINK} (without its link {PRICE})"
    return f"{PRICE} (with a link {PRICE_WITH_LINK})"


COST: Callable[[str], str] | None = word_cost


class Settings(ShortSettings):
    """`[outlets.x]`: the four keys of OAuth 1.0a user context, from the app's page; they do not expire."""

    base_url: BaseUrl = API_URL
    link: Literal["always", "first", "never"] = "first"
    consumer_key: SecretStr = Field(description="the API key of the app")
    consumer_key_env: str = "X_CONSUMER_KEY"
    consumer_secret: SecretStr = Field(description="the API key secret of the app")
    consumer_secret_env: str = "X_CONSUMER_SECRET"  # noqa: S105 - the name of the variable
    access_token: SecretStr = Field(description="the access token of the account that posts")
    access_token_env: str = "X_ACCESS_TOKEN"  # noqa: S105
    access_secret: SecretStr = Field(description="the access token secret of that account")
    access_secret_env: str = "X_ACCESS_SECRET"  # noqa: S105


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
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return X(settings, build_spec(settings, key=key, label=label), http)


def _name_account(settings: Settings) -> str:
    """An access token begins with the public number of its account: an approval is for that account only."""
    number = re.match(r"[0-9]{1,25}(?=-)", settings.access_token.get_secret_value())
    place = name_place(settings.base_url)
    return f"{place}, account {number[0]}" if number else place


@dataclass(frozen=True, slots=True)
class _Account:
    id: str
    handle: str | None


@dataclass(frozen=True, slots=True)
class _Post:
    id: str
    gist: str
    at: datetime


class X:
    """Posts once; what was perhaps posted is looked up in the account's own posts."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._http = http
        self._place = name_place(settings.base_url)
        self._account: _Account | None = None

    async def send(self, posting: Posting) -> Sent:
        reply_to = posting.earlier[-1] if posting.earlier else None
        reply, note = await self._post(posting.words, reply_to), None
        if reply_to and _refuses_thread(reply):
            if posting.fallback is None and _names(reply, _REPLY):
                raise Refused("X does not let us continue our thread, and no stand-alone words were approved.")
            if posting.fallback is None:
                raise self._explain(reply)
            reply, note = await self._post(posting.fallback, None), STAND_ALONE
        if reply.status == 403 and _names(reply, _DUPLICATE):
            return await self._find_duplicate(posting)
        post_id = _read_id(reply.find("data"))
        if not reply.is_fine or post_id is None:
            raise self._explain(reply)
        return Sent(url=self._link(post_id), remote_id=post_id, note=note)

    async def find(self, posting: Posting) -> Sent | None:
        since = _since(posting)
        return self._pick(posting, await self._list_posts(since), since)

    async def retract(self, posting: Posting) -> Sent:
        post_id = require_target(posting.target)
        reply = await self._call("DELETE", f"/2/tweets/{post_id}", is_repeatable=True)
        if reply.status == 404 or (reply.is_fine and reply.find("data", "deleted") is True):
            return Sent(remote_id=post_id)
        raise self._explain(reply)

    async def check(self) -> str:
        self._account = None
        account = await self._get_account()
        return f"{self._place} knows us as @{account.handle or account.id}; nothing was posted"

    async def _post(self, text: str, reply_to: str | None) -> Reply:
        body: dict[str, Any] = {"text": text}
        if reply_to:
            body["reply"] = {"in_reply_to_tweet_id": reply_to}
        return await self._call("POST", "/2/tweets", body=body)

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
                return Sent(url=self._link(post.id), remote_id=post.id, note=note)
        return None

    async def _list_posts(self, since: datetime) -> list[_Post]:
        """Our own, newest first. Raises Uncertain where they do not end."""
        account = await self._get_account()
        query = {
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "max_results": str(PAGE_POSTS),
            "exclude": "retweets",
            "tweet.fields": "created_at,entities",
        }
        posts: list[_Post] = []
        for _ in range(MOST_PAGES):
            page = await self._read(f"/2/users/{account.id}/tweets", query)
            posts += [post for each in list_in(page.find("data")) if (post := _read_post(each, account.handle))]
            token = page.find("meta", "next_token")
            if not token:
                return posts
            query["pagination_token"] = str(token)
        raise Uncertain("There are too many posts on X since then to look through them. Please look there.")

    async def _get_account(self) -> _Account:
        if self._account is None:
            data = (await self._read("/2/users/me")).find("data")
            account_id = _read_id(data)
            if account_id is None:
                raise NotSent(f"{self._place} does not answer as X does. Check base_url in the settings.")
            handle = str(find_in(data, "username"))
            self._account = _Account(account_id, handle if re.fullmatch(r"[A-Za-z0-9_]{1,50}", handle) else None)
        return self._account

    async def _read(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """Raises NotSent or Refused: reading leaves nothing behind that could be in doubt."""
        reply = await self._call("GET", path, query, is_repeatable=True)
        if reply.status != 200 or not isinstance(reply.data, dict):
            raise self._explain(reply)
        return reply

    async def _call(
        self,
        method: Method,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: object = None,
        is_repeatable: bool = False,
    ) -> Reply:
        url = f"{self._settings.base_url}{path}{'?' + urlencode(query) if query else ''}"
        api = JsonApi(self._http, url, self._sign(method, url))
        return await api.call(method, body=body, is_repeatable=is_repeatable)

    def _sign(self, method: Method, url: str) -> dict[str, str]:
        """Method, address and query; a JSON body is not signed: RFC 5849, 3.4.1.3."""
        client = Client(
            self._settings.consumer_key.get_secret_value(),
            client_secret=self._settings.consumer_secret.get_secret_value(),
            resource_owner_key=self._settings.access_token.get_secret_value(),
            resource_owner_secret=self._settings.access_secret.get_secret_value(),
        )
        _, headers, _ = client.sign(url, http_method=method)
        return dict(headers)

    def _link(self, post_id: str) -> str:
        """Where people read it; beside a stand-in of the API, there."""
        base = "https://x.com" if self._settings.base_url in API_URLS else self._settings.base_url
        handle = self._account.handle if self._account else None
        return f"{base}/{handle or 'i/web'}/status/{post_id}"

    def _explain(self, reply: Reply) -> DeliveryError:
        """What an answer other than success means for the delivery; never in X's own words."""
        status = reply.status
        if _wants_money(reply):
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
        chosen = self._settings
        if reply.status == 401:
            keys = f"{chosen.access_secret_env}, {chosen.consumer_key_env} and {chosen.consumer_secret_env}"
            clock = " This machine's clock is wrong, which alone is a reason." if _is_clock_wrong(reply.answer) else ""
            text = f"X refuses the token: check {chosen.access_token_env}, {keys}.{clock}"
            return NotSent(text, needs_person=True)
        if _names(reply, _TOKEN):
            return NotSent(
                "X does not let the app post: give it “Read and write” on its page, make a new access token, and put "
                f"it into {chosen.access_token_env} and {chosen.access_secret_env}.",
                needs_person=True,
            )
        return Refused(
            "X does not allow this (403 Forbidden): the account may be locked, or the words name others or hold "
            "more than one $cashtag."
        )


def _since(posting: Posting) -> datetime:
    """No post of this delivery is older. In a replay our time may run ahead of X's, which knows no future."""
    return min(posting.started_at or posting.first_tried_at, posting.first_tried_at, datetime.now(UTC)) - MARGIN


def _list_gists(posting: Posting) -> list[str]:
    return [build_gist(words) for words in (posting.words, posting.fallback) if words is not None]


def build_gist(text: str) -> str:
    """What stays the same of a text, however X shows it: it adds schemes and slashes to links, and trims blanks."""
    return re.sub(r"https?:|[\s/]", "", unquote(unicodedata.normalize("NFC", text)).casefold())


def _read_post(data: Mapping[str, Any], handle: str | None) -> _Post | None:
    post_id, text = _read_id(data), data.get("text")
    try:
        at = datetime.fromisoformat(str(data.get("created_at")))
    except ValueError:
        return None
    if post_id is None or not isinstance(text, str):
        return None
    text = html.unescape(text)
    for each in list_in(find_in(data, "entities", "urls")):
        short, whole = each.get("url"), each.get("expanded_url")
        text = text.replace(short, whole) if isinstance(short, str) and isinstance(whole, str) else text
    # Where a reply begins with the name of whom it answers, that was us.
    text = text.removeprefix(f"@{handle} ") if handle else text
    return _Post(post_id, build_gist(text), at if at.tzinfo else at.replace(tzinfo=UTC))


def _read_id(data: object) -> str | None:
    found = str(find_in(data, "id"))
    return found if re.fullmatch(r"[0-9]{1,25}", found) else None


def _names(reply: Reply, words: Iterable[str]) -> bool:
    """Whether X's own text holds one of them: it tells its refusals from each other, and is never shown."""
    problems = [reply.data, *list_in(reply.find("errors"))]
    texts = [find_in(each, name) for each in problems for name in ("title", "type", "detail", "message", "reason")]
    said = " ".join(text for text in texts if isinstance(text, str)).lower()
    return any(word in said for word in words)


def _wants_money(reply: Reply) -> bool:
    return reply.status == 402 or (reply.status in (403, 429) and _names(reply, _MONEY))


def _refuses_thread(reply: Reply) -> bool:
    """Some 403 give no reason; another try without the thread costs nothing where nothing is posted."""
    if reply.status != 403 or _names(reply, _DUPLICATE):
        return False
    return _names(reply, _REPLY) or not (_wants_money(reply) or _names(reply, _TOKEN))


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
