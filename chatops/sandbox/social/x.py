"""X, API v2: posts, threads, edits, mentions, and what each call costs.

Paths and fields: https://docs.x.com/x-api/posts/create-post and neighbours; prices: https://docs.x.com/x-api/pricing
"""

from collections.abc import Mapping
from math import ceil

from chatops.sandbox.social.allowance import Allowance, Left
from chatops.sandbox.social.call import Answer, Call, Refusal
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.oauth1 import BadSignature, Keys, Verifier
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.x_text import CASHTAG, LENGTH_MOST, count_weighted, has_link, show
from chatops.sandbox.social.x_wire import (
    COMMON_QUERY,
    LIST_QUERY,
    PROBLEMS,
    Wire,
    invalid,
    not_found,
    problem,
    require_body,
    require_query,
)
from chatops.sandbox.wire import Json

WINDOW_SECONDS = 900
# https://docs.x.com/x-api/fundamentals/rate-limits: calls of one user in 15 minutes
PER_WINDOW = {
    "POST /2/tweets": 100,
    "DELETE /2/tweets/{id}": 50,
    "GET /2/users/me": 75,
    "GET /2/users/{id}/mentions": 300,
    "GET /2/tweets/search/recent": 300,
}
READS_PER_WINDOW = 900
PRICES_USD = {"post": 0.015, "post with a link": 0.200, "reply to a mention": 0.010, "delete": 0.010, "read": 0.001}
EDIT_SECONDS = 30 * 60
EDITS_MOST = 5
DUPLICATE_SECONDS = 12 * 3600
"""How long X remembers a wording is documented nowhere; reports speak of hours."""

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_ENGAGED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author"
    " of the post you are replying to."
)
TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see"
    " https://github.com/twitter/twitter-text."
)
NOT_PERMITTED = "You are not permitted to perform this action."
BODY_FIELDS: dict[str, type] = {
    "text": str, "reply": dict, "edit_options": dict, "reply_settings": str, "made_with_ai": bool, "nullcast": bool,
    "paid_partnership": bool, "quote_tweet_id": str, "media": dict, "poll": dict, "geo": dict, "card_uri": str,
    "community_id": str, "direct_message_deep_link": str, "for_super_followers_only": bool,
    "share_with_followers": bool,
}  # fmt: skip


def make_id(at: float, number: int) -> str:
    """A snowflake: https://docs.x.com/fundamentals/x-ids"""
    return str((int(at * 1000) - 1288834974657) << 22 | number % 4096)


class X(Network):
    name = "x"
    label = "X"
    text_chars = LENGTH_MOST
    handle_pattern = r"[A-Za-z0-9_]{1,15}"
    reply_names_author = True

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        keys = Keys(
            consumer_key=settings.x_consumer_key,
            consumer_secret=settings.x_consumer_secret,
            access_token=settings.x_access_token,
            access_secret=settings.x_access_secret,
        )
        self._verifier = Verifier(keys, feed.clock)
        self._wire = Wire(feed)
        self._allowances: dict[str, Allowance] = {}
        self._left: Left | None = None
        self.cost_usd = 0.0
        self._charged: set[tuple[int, str]] = set()
        self.routes = [
            Route("POST", "/2/tweets", self._create, has_effect=True),
            Route("DELETE", "/2/tweets/{id}", self._delete, has_effect=True),
            Route("GET", "/2/tweets/search/recent", self._search),
            Route("GET", "/2/tweets/{id}", self._show),
            Route("GET", "/2/tweets", self._show_several),
            Route("GET", "/2/users/me", self._me),
            Route("GET", "/2/users/{id}/tweets", self._list_tweets),
            Route("GET", "/2/users/{id}/mentions", self._list_mentions),
        ]

    def count(self, text: str) -> int:
        return count_weighted(text)

    def new_version_id(self) -> str | None:
        return self.feed.new_id()

    def permalink(self, post: Post) -> str:
        return f"https://x.com/{post.account.handle}/status/{post.id}"

    def mentions_us(self, post: Post) -> bool:
        """X puts the names of a thread into its replies; here being answered is being mentioned."""
        quotes_us = post.quoted is not None and post.quoted.account.is_ours
        return super().mentions_us(post) or (quotes_us and not post.account.is_ours)

    def list_facts(self) -> list[str]:
        return [f"Cost so far: ${self.cost_usd:.3f}"]

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        if call.bearer is not None:
            kinds = "[OAuth 1.0a User Context, OAuth 2.0 User Context]"
            detail = (
                "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported"
                f" authentication types are {kinds}."
            )
            body = {"title": "Unsupported Authentication", "detail": detail, "status": 403}
            raise Refusal(403, body | {"type": f"{PROBLEMS}unsupported-authentication"})
        try:
            self._verifier.require_signature(call)
        except BadSignature:
            raise problem(401, "Unauthorized") from None

    def limit(self, call: Call, route: Route) -> Answer | None:
        del call
        key = f"{route.method} {route.pattern}"
        if key not in self._allowances:
            most = PER_WINDOW.get(key, READS_PER_WINDOW) * self.settings.allowance_factor
            self._allowances[key] = Allowance(most, WINDOW_SECONDS, self.feed.clock)
        self._left = self._allowances[key].take()
        if self._left.is_over:
            raise problem(429, "Too Many Requests")
        return None

    def common_headers(self) -> Mapping[str, str]:
        left, self._left = self._left, None
        if left is None:
            return {}
        return _rate_headers(left.limit, left.remaining, left.reset_at)

    def refuse_body(self) -> Refusal:
        return invalid("Request body is not valid JSON")

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del call
        if allowed:
            return problem(405, "Method Not Allowed", title="Method Not Allowed")
        return problem(404, "Not Found")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        """X sends no Retry-After: only when the window ends."""
        del call
        refusal = problem(429, "Too Many Requests")
        headers = _rate_headers(100, 0, self.feed.clock() + retry_after_seconds)
        return Refusal(429, refusal.answer.body, headers)

    def refuse_internal(self) -> Refusal:
        return problem(500, "Internal Server Error")

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        return problem(401, "Unauthorized")

    # Posts

    def _create(self, call: Call) -> Answer:
        body = require_body(call.body, BODY_FIELDS)
        text = body.get("text", "")
        if not text.strip():
            raise invalid("$.text: must not be empty")
        if count_weighted(text) > LENGTH_MOST:
            raise invalid(TOO_LONG)
        if len(CASHTAG.findall(text)) > 1 or "quote_tweet_id" in body:
            # Neither more than one cashtag nor quoting is left to self-serve apps.
            raise problem(403, NOT_PERMITTED)
        self._require_new(text)
        options = body.get("edit_options")
        post = self._post(text, body.get("reply")) if options is None else self._edit(text, options)
        shown = show(text, {}).text
        data = {"id": post.versions[-1].id, "text": shown, "edit_history_tweet_ids": [v.id for v in post.versions]}
        return Answer(status=201, body={"data": data})

    def _require_new(self, text: str) -> None:
        now = self.feed.clock()
        recent = [post for post in self.feed.list_ours() if now - post.created_at < DUPLICATE_SECONDS]
        if any(post.text.strip() == text.strip() for post in recent):
            raise problem(403, DUPLICATE)

    def _post(self, text: str, reply: Json | None) -> Post:
        parent = self._find_parent(reply) if reply is not None else None
        summoned = parent is not None and not parent.account.is_ours
        kind = "post with a link" if has_link(text) else "reply to a mention" if summoned else "post"
        self.cost_usd += PRICES_USD[kind]
        return self.feed.add(self.feed.ours, text, parent=parent)

    def _find_parent(self, reply: Json) -> Post:
        given = require_body(
            reply,
            {"in_reply_to_tweet_id": str, "exclude_reply_user_ids": list, "auto_populate_reply_metadata": bool},
        )
        parent = self.feed.find(given.get("in_reply_to_tweet_id", ""))
        if parent is None:
            raise problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        if not parent.account.is_ours and not self._engages_us(parent):
            raise problem(403, NOT_ENGAGED)
        return parent

    def _engages_us(self, post: Post) -> bool:
        """Named or quoted by its author. To answer one's post is not enough, but there X's app adds the name itself."""
        return self.mentions_us(post)

    def _edit(self, text: str, options: Json) -> Post:
        previous = require_body(options, {"previous_post_id": str}).get("previous_post_id", "")
        post = self.feed.find(previous)
        is_latest = post is not None and post.versions[-1].id == previous
        if post is None or not post.account.is_ours or not is_latest or not self.settings.x_is_premium:
            raise problem(403, NOT_PERMITTED)
        if self.feed.clock() - post.created_at > EDIT_SECONDS or len(post.versions) > EDITS_MOST:
            raise problem(403, "This Tweet is no longer editable.")
        self.cost_usd += PRICES_USD["post with a link" if has_link(text) else "post"]
        self.feed.edit(post, text, version_id=self.feed.new_id())
        return post

    def _delete(self, call: Call) -> Answer:
        post = self._find(call.names["id"])
        if post is None:
            raise Refusal(404, {"errors": [not_found("tweet", "id", call.names["id"])]})
        if not post.account.is_ours:
            raise problem(403, "You are not authorized to delete this Tweet.")
        self.cost_usd += PRICES_USD["delete"]
        self.feed.delete(post)
        return Answer(body={"data": {"deleted": True}})

    def _find(self, post_id: str) -> Post | None:
        if not post_id.isdecimal() or len(post_id) > 19:
            raise invalid(f"The `id` query parameter value [{post_id}] is not valid", {"id": [post_id]})
        return self.feed.find(post_id)

    # Reading

    def _show(self, call: Call) -> Answer:
        require_query(call, COMMON_QUERY)
        post_id = call.names["id"]
        post = self._find(post_id)
        if post is None:
            return Answer(body={"errors": [not_found("tweet", "id", post_id)]})
        self._charge_reads([post_id])
        version = next(each for each in post.versions if each.id == post_id)
        return Answer(body={"data": self._wire.tweet(post, call, version)} | self._wire.includes([post], call))

    def _show_several(self, call: Call) -> Answer:
        require_query(call, ("ids", *COMMON_QUERY))
        ids = call.query.get("ids", "").split(",")
        found = {each: self._find(each) for each in ids}
        posts = [post for post in found.values() if post is not None]
        errors = [not_found("tweet", "ids", each) for each, post in found.items() if post is None]
        self._charge_reads([post.id for post in posts])
        body: Json = {"data": [self._wire.tweet(post, call) for post in posts]} if posts else {}
        return Answer(body=body | self._wire.includes(posts, call) | ({"errors": errors} if errors else {}))

    def _me(self, call: Call) -> Answer:
        require_query(call, ("user.fields", "expansions", "tweet.fields"))
        return Answer(body={"data": self._wire.user(self.feed.ours, call)})

    def _list_tweets(self, call: Call) -> Answer:
        require_query(call, ("exclude", *LIST_QUERY))
        user_id = call.names["id"]
        posts = [post for post in self.feed.list_live() if post.account.id == user_id]
        if "replies" in call.query.get("exclude", ""):
            posts = [post for post in posts if post.parent is None]
        return self._answer_page(posts, call, fewest=5)

    def _list_mentions(self, call: Call) -> Answer:
        require_query(call, LIST_QUERY)
        if call.names["id"] != self.feed.ours.id:
            return Answer(body={"meta": {"result_count": 0}})
        posts = [post for post in self.feed.list_live() if self.mentions_us(post.reposted or post)]
        # A repost begins with the name of whom it reposts, which is a mention as well.
        posts += [post for post in self.feed.list_live() if post.reposted and post.reposted.account.is_ours]
        return self._answer_page(posts, call, fewest=5)

    def _search(self, call: Call) -> Answer:
        """Only what reads a conversation: `conversation_id:ID`, `from:` and `to:` a handle."""
        require_query(call, ("query", "next_token", "sort_order", *LIST_QUERY))
        posts = self.feed.list_live()
        for term in call.query.get("query", "").split():
            operator, _, value = term.partition(":")
            if operator == "conversation_id":
                posts = [post for post in posts if post.root.id == value]
            elif operator == "from":
                posts = [post for post in posts if post.account.handle.lower() == value.lower()]
            elif operator == "to":
                posts = [post for post in posts if post.parent and post.parent.account.handle.lower() == value.lower()]
            else:
                raise invalid(f"The sandbox cannot search for [{term}]", {"query": [call.query.get("query", "")]})
        return self._answer_page(posts, call, fewest=10)

    def _answer_page(self, posts: list[Post], call: Call, *, fewest: int) -> Answer:
        page = self._wire.page(posts, call, fewest=fewest, default=10)
        self._charge_reads([each["id"] for each in page.get("data", [])])
        return Answer(body=page)

    def _charge_reads(self, ids: list[str]) -> None:
        """Once in a day of UTC: https://docs.x.com/x-api/getting-started/pricing"""
        new = {(int(self.feed.clock()) // 86_400, each) for each in ids} - self._charged
        self._charged |= new
        self.cost_usd += PRICES_USD["read"] * len(new)


def _rate_headers(limit: int, remaining: int, reset_at: float) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(ceil(reset_at)),
    }
