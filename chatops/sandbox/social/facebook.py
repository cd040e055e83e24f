"""A Facebook Page through the Graph API: posts, edits, comments, and posts by others that tag the page.

https://developers.facebook.com/docs/pages-api/posts and https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from chatops.sandbox.social.allowance import Allowance
from chatops.sandbox.social.call import Answer, Call, Refusal, is_true, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

TEXT_CHARS_MOST = 63_206
CALLS_PER_DAY = 4_800
"""Times engaged people; here there is one. https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
VERSION = re.compile(r"^/v\d{1,2}\.\d(?=/|$)")
LIST_ARGUMENTS: Final = ("fields", "since", "until", "limit", "after", "before", "order", "filter", "summary")
TAKEN_EVERYWHERE: Final = ("access_token", "appsecret_proof", "format", "pretty", "locale", "method", "debug")
POST_FIELDS: Final = frozenset(
    [
        "id",
        "message",
        "created_time",
        "updated_time",
        "permalink_url",
        "from",
        "is_published",
        "is_hidden",
        "story",
        "parent_id",
        "status_type",
        "message_tags",
        "shares",
        "comments",
        "attachments",
        "actions",
        "properties",
        "privacy",
        "to",
    ]
)
COMMENT_FIELDS: Final = frozenset(
    [
        "id",
        "message",
        "created_time",
        "from",
        "parent",
        "object",
        "comment_count",
        "like_count",
        "can_comment",
        "can_hide",
        "can_remove",
        "is_hidden",
        "message_tags",
        "permalink_url",
        "user_likes",
        "attachment",
        "comments",
    ]
)


def make_id(at: float, number: int) -> str:
    return str(122_000_000_000_000 + int(at * 10) % 10_000_000_000 * 100 + number)


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def error(
    code: int, message: str, *, kind: str = "OAuthException", status: int = 400, subcode: int | None = None, **more: Any
) -> Refusal:
    body: Json = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        body["error_subcode"] = subcode
    body |= more | {"fbtrace_id": "A" + secrets.token_urlsafe(16)}
    headers = {}
    if code in (190, 2500, 104):
        headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "invalid_token" "{message}"'
    return Refusal(status, {"error": body}, headers)


def unknown_object(method: str, object_id: str) -> Refusal:
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api"
    )
    return error(100, message, kind="GraphMethodException", subcode=33)


class Facebook(Network):
    name = "facebook"
    label = "Facebook"
    text_chars = TEXT_CHARS_MOST

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._calls = Allowance(CALLS_PER_DAY * settings.allowance_factor, 86_400, feed.clock)
        self.routes = [
            Route("GET", "/me", self._show_page),
            Route("POST", "/{id}/feed", self._post, has_effect=True),
            Route("GET", "/{id}/feed", self._list_feed),
            Route("GET", "/{id}/published_posts", self._list_published),
            Route("GET", "/{id}/posts", self._list_published),
            Route("GET", "/{id}/tagged", self._list_tagged),
            Route("GET", "/{id}/comments", self._list_comments),
            Route("POST", "/{id}/comments", self._comment, has_effect=True),
            Route("POST", "/{id}", self._edit, has_effect=True),
            Route("DELETE", "/{id}", self._delete, has_effect=True),
            Route("GET", "/{id}", self._show),
        ]

    async def handle(self, request: web.Request, path: str) -> web.StreamResponse:
        """With or without a version before the path."""
        return await super().handle(request, VERSION.sub("", path))

    def permalink(self, post: Post) -> str:
        page, root = self.settings.facebook_page_id, post.root.id
        if post.parent is None:
            return f"https://www.facebook.com/{page}/posts/{root.partition('_')[2]}"
        return f"https://www.facebook.com/{root.replace('_', '/posts/')}?comment_id={post.id.rpartition('_')[2]}"

    def new_post_id(self, account: Account, parent: Post | None = None) -> str:
        """Posts: author and number; comments: number of the post and number."""
        before = parent.root.id.partition("_")[2] if parent is not None else account.id
        return f"{before}_{self.feed.new_id()}"

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        token = call.fields.get("access_token") or call.bearer
        if not token:
            raise error(2500, "An active access token must be used to query information about the current user.")
        if token != self.settings.facebook_page_token:
            raise error(190, "Invalid OAuth access token - Cannot parse access token")

    def limit(self, call: Call, route: Route) -> Answer | None:
        del call, route
        if self._calls.take().is_over:
            raise self._too_many()
        return None

    def common_headers(self) -> Mapping[str, str]:
        left = self._calls.take(0)
        usage = {"call_count": (left.limit - left.remaining) * 100 // left.limit, "total_cputime": 0, "total_time": 0}
        business = [{"type": "pages", **usage, "estimated_time_to_regain_access": 0}]
        return {
            "X-App-Usage": json.dumps(usage),
            "X-Business-Use-Case-Usage": json.dumps({self.settings.facebook_page_id: business}),
            "facebook-api-version": "v26.0",
        }

    def refuse_body(self) -> Refusal:
        return error(100, "(#100) The request body must be a JSON object")

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del allowed
        return error(2500, f"Unknown path components: {call.path}")

    def _too_many(self) -> Refusal:
        return error(80001, "(#80001) There have been too many calls to this Page account. Wait a bit and try again.")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        """Not 429: Graph answers 400 with a code; the header says how many minutes to wait."""
        del call
        usage = {"type": "pages", "call_count": 100, "total_cputime": 25, "total_time": 25}
        minutes = max(1, round(retry_after_seconds / 60))
        business = [usage | {"estimated_time_to_regain_access": minutes}]
        headers = {"X-Business-Use-Case-Usage": json.dumps({self.settings.facebook_page_id: business})}
        return Refusal(400, self._too_many().answer.body, headers)

    def refuse_internal(self) -> Refusal:
        message = "An unexpected error has occurred. Please retry your request later."
        return error(2, message, status=500, is_transient=True)

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        message = (
            "Error validating access token: The session has been invalidated because the user changed their password"
            " or Facebook has changed the session for security reasons."
        )
        return error(190, message, subcode=460)

    # Posts

    def _require_page(self, call: Call) -> None:
        if call.names["id"] not in (self.settings.facebook_page_id, "me"):
            raise unknown_object(call.method, call.names["id"])

    def _require_known(self, call: Call, known: tuple[str, ...]) -> Json:
        fields = {name: value for name, value in call.fields.items() if name not in TAKEN_EVERYWHERE}
        for name in fields:
            if name not in known:
                raise error(100, f"(#100) Tried accessing nonexisting field ({name}) on node type (Page)")
        return fields

    def _require_message(self, fields: Json) -> str:
        message = fields.get("message")
        if not isinstance(message, str) or not message.strip():
            raise error(100, "(#100) Missing message or attachment")
        if len(message) > TEXT_CHARS_MOST:
            raise error(100, "(#100) Param message must be shorter than 63206 characters long")
        return message

    def _post(self, call: Call) -> Answer:
        self._require_page(call)
        fields = self._require_known(call, ("message", "link", "published", "scheduled_publish_time", "targeting"))
        is_published = is_true(fields.get("published", True))
        message = fields["link"] if "link" in fields and not fields.get("message") else self._require_message(fields)
        last = next((post for post in reversed(self.feed.list_ours()) if post.parent is None), None)
        if last is not None and last.text == message and last.facts.get("link") == fields.get("link"):
            raise error(
                506,
                "(#506) Duplicate status message",
                is_transient=False,
                error_user_title="Duplicate Status Update",
                error_user_msg="This status update is identical to the last one you posted. Try posting something"
                " different, or delete your previous update.",
            )
        facts = {"link": fields.get("link"), "is_published": is_published}
        post = self.feed.add(self.feed.ours, message, post_id=self.new_post_id(self.feed.ours), facts=facts)
        return Answer(body={"id": post.id})

    def _find(self, call: Call) -> Post:
        post = self.feed.find(call.names["id"])
        if post is None:
            raise unknown_object(call.method, call.names["id"])
        return post

    def _edit(self, call: Call) -> Answer:
        post = self._find(call)
        if not post.account.is_ours:
            raise error(200, "(#200) Permissions error", status=403)
        fields = self._require_known(call, ("message", "is_published", "is_hidden"))
        if "is_published" in fields:
            post.facts["is_published"] = is_true(fields["is_published"])
        if "message" in fields or not fields:
            self.feed.edit(post, self._require_message(fields))
        else:
            self.feed.tell(post)
        return Answer(body={"success": True})

    def _delete(self, call: Call) -> Answer:
        self._remove(self._find(call))
        return Answer(body={"success": True})

    def _remove(self, post: Post) -> None:
        """Its comments go with it."""
        for comment in self.feed.list_replies(post):
            self._remove(comment)
        self.feed.delete(post)

    def _comment(self, call: Call) -> Answer:
        post = self._find(call)
        fields = self._require_known(call, ("message", "attachment_url", "attachment_id"))
        message = self._require_message(fields)
        ours = self.feed.ours
        comment = self.feed.add(ours, message, post_id=self.new_post_id(ours, post), parent=post)
        return Answer(body={"id": comment.id})

    # Reading

    def _show_page(self, call: Call) -> Answer:
        self._require_known(call, ("fields",))
        page = self.feed.ours
        known = {
            "id": self.settings.facebook_page_id,
            "name": page.name,
            "link": f"https://www.facebook.com/{page.handle}",
            "username": page.handle,
            "followers_count": page.followers,
        }
        asked = [each for each in call.query.get("fields", "name,id").split(",") if each]
        for each in asked:
            if each not in known:
                raise error(100, f"(#100) Tried accessing nonexisting field ({each}) on node type (Page)")
        return Answer(body={each: known[each] for each in dict.fromkeys([*asked, "id"])})

    def _show(self, call: Call) -> Answer:
        if call.names["id"] == self.settings.facebook_page_id:
            return self._show_page(call)
        self._require_known(call, ("fields",))
        return Answer(body=self._wire(self._find(call), call))

    def _list_published(self, call: Call) -> Answer:
        self._require_page(call)
        posts = [each for each in self.feed.list_ours() if each.parent is None and each.facts.get("is_published", True)]
        return self._answer_list(posts, call)

    def _list_feed(self, call: Call) -> Answer:
        """Ours and those that visitors put on the page: they name it, or there would be no place for them."""
        self._require_page(call)
        return self._answer_list([each for each in self.feed.list_live() if each.parent is None], call)

    def _list_tagged(self, call: Call) -> Answer:
        self._require_page(call)
        posts = self.feed.list_live()
        return self._answer_list([each for each in posts if each.parent is None and self.mentions_us(each)], call)

    def _list_comments(self, call: Call) -> Answer:
        return self._answer_list(self.feed.list_replies(self._find(call)), call, newest_first=False)

    def _answer_list(self, posts: list[Post], call: Call, *, newest_first: bool = True) -> Answer:
        self._require_known(call, LIST_ARGUMENTS)
        since, until = _read_time(call, "since", 0.0), _read_time(call, "until", float("inf"))
        found = [post for post in posts if since <= post.created_at <= until]
        if newest_first or call.query.get("order") == "reverse_chronological":
            found.reverse()
        most = read_count(call.query.get("limit"), default=25, most=100)
        begin = read_count(call.query.get("after", "").removeprefix("QVFI"), default=0, most=10**9)
        shown = found[begin : begin + most]
        answer: Json = {"data": [self._wire(post, call) for post in shown]}
        if shown:
            answer["paging"] = {"cursors": {"before": f"QVFI{begin}", "after": f"QVFI{begin + len(shown)}"}}
            if begin + most < len(found):
                answer["paging"]["next"] = f"{self.site_url}/social/facebook{call.path}?after=QVFI{begin + most}"
        return Answer(body=answer)

    def _wire(self, post: Post, call: Call) -> Json:
        is_comment = post.parent is not None
        known, kind = (COMMENT_FIELDS, "Comment") if is_comment else (POST_FIELDS, "PagePost")
        default = "created_time,from,message,id" if is_comment else "created_time,message,id"
        asked = [re.sub(r"[{.(].*", "", each) for each in _split_fields(call.query.get("fields", default))]
        for each in asked:
            if each not in known:
                raise error(100, f"(#100) Tried accessing nonexisting field ({each}) on node type ({kind})")
        values: Json = {
            "id": post.id,
            "message": post.text,
            "created_time": time_text(post.created_at),
            "updated_time": time_text(post.edited_at or post.created_at),
            "permalink_url": self.permalink(post),
            "from": self._author(post.account),
            "is_published": post.facts.get("is_published", True),
            "is_hidden": False,
            "parent": {"id": post.parent.id} if post.parent is not None and post.parent.parent is not None else None,
            "comment_count": len(self.feed.list_replies(post)),
            "can_comment": True,
        }
        return {each: values[each] for each in dict.fromkeys([*asked, "id"]) if values.get(each) is not None}

    def _author(self, account: Account) -> Json | None:
        """People are not named to a page without a permission that is rarely given."""
        return {"name": account.name, "id": self.settings.facebook_page_id} if account.is_ours else None


def _split_fields(fields: str) -> list[str]:
    """`a,b{c,d}` are two."""
    return [each for each in re.findall(r"[^,{]+(?:\{[^}]*\})?", fields) if each]


def _read_time(call: Call, name: str, default: float) -> float:
    given = call.query.get(name)
    if given is None:
        return default
    if given.isdecimal():
        return float(given)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise error(100, f"(#100) Param {name} must be a valid date/time string or unix timestamp") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
