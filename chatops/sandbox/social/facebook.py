"""A Facebook Page through the Graph API: posts, edits, comments, and posts by others that tag the page.

https://developers.facebook.com/docs/pages-api/posts and https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
import re
from collections.abc import Mapping

from aiohttp import web

from chatops.sandbox.social.allowance import Allowance
from chatops.sandbox.social.call import Answer, Call, Refusal, is_true
from chatops.sandbox.social.facebook_hook import FacebookHook
from chatops.sandbox.social.facebook_wire import LIST_ARGUMENTS, TAKEN_EVERYWHERE, Wire, error, unknown_object
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

TEXT_CHARS_MOST = 63_206
CALLS_PER_DAY = 4_800
"""Times engaged people; here there is one. https://developers.facebook.com/docs/graph-api/overview/rate-limiting"""
VERSION = re.compile(r"^/v\d{1,2}\.\d(?=/|$)")


def make_id(at: float, number: int) -> str:
    return str(122_000_000_000_000 + int(at * 10) % 10_000_000_000 * 100 + number)


class Facebook(Network):
    name = "facebook"
    label = "Facebook"
    text_chars = TEXT_CHARS_MOST
    hears_all = True

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._wire = Wire(settings, feed, permalink=self.permalink, tags_us=self.mentions_us)
        self.hook = FacebookHook(settings, feed, self._wire)
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
        """Posts: page and number, whoever wrote them; comments: number of the post and number."""
        del account
        before = parent.root.id.partition("_")[2] if parent is not None else self.settings.facebook_page_id
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
        self.remove(self._find(call))
        return Answer(body={"success": True})

    def remove(self, post: Post) -> None:
        """Its comments go with it."""
        for comment in self.feed.list_replies(post):
            self.remove(comment)
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
        return Answer(body=self._wire.object(self._find(call), call.query.get("fields")))

    def _list_published(self, call: Call) -> Answer:
        self._require_page(call)
        posts = [each for each in self.feed.list_ours() if each.parent is None and each.facts.get("is_published", True)]
        return self._answer_list(posts, call)

    def _list_feed(self, call: Call) -> Answer:
        """Ours and those that visitors put on the page; what names the page stands elsewhere."""
        self._require_page(call)
        posts = [each for each in self.feed.list_live() if each.parent is None and not self.mentions_us(each)]
        return self._answer_list([each for each in posts if not (each.reposted or each.quoted)], call)

    def _list_tagged(self, call: Call) -> Answer:
        self._require_page(call)
        posts = self.feed.list_live()
        return self._answer_list([each for each in posts if each.parent is None and self.mentions_us(each)], call)

    def _list_comments(self, call: Call) -> Answer:
        comments = self._wire.list_comments(self._find(call), call.query)
        return self._answer_list(comments, call, newest_first=False)

    def _answer_list(self, posts: list[Post], call: Call, *, newest_first: bool = True) -> Answer:
        self._require_known(call, LIST_ARGUMENTS)
        next_url = f"{self.site_url}/social/facebook{call.path}"
        return Answer(body=self._wire.page(posts, call.query, next_url, newest_first=newest_first))
