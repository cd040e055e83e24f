"""A Mastodon server: statuses with idempotency keys, edits with history, notifications.

https://docs.joinmastodon.org/methods/statuses/ and https://docs.joinmastodon.org/api/rate-limits/
"""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from chatops.sandbox.social.allowance import Allowance, Left
from chatops.sandbox.social.call import Answer, Call, Refusal, is_true
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.mastodon_wire import URL_CHARS, Wire, count_chars, cut_list, time_text
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

TEXT_CHARS_MOST = 500
CALLS_PER_FIVE_MINUTES = 300
DELETES_PER_HALF_HOUR = 30
KEY_SECONDS = 3600
VISIBILITIES: Final = ("public", "unlisted", "private", "direct")
SERVER_VERSION = "4.5.2"


def make_id(at: float, number: int) -> str:
    """Milliseconds and a running number, as https://github.com/mastodon/mastodon/blob/main/lib/mastodon/snowflake.rb"""
    return str((int(at * 1000) << 16) | number % 65536)


def refuse(status: int, text: str) -> Refusal:
    return Refusal(status, {"error": text})


class Mastodon(Network):
    name = "mastodon"
    label = "Mastodon"
    text_chars = TEXT_CHARS_MOST
    handle_pattern = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,29}(@[A-Za-z0-9.-]{1,60})?"
    reply_names_author = True

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._wire = Wire(feed)
        factor, clock = settings.allowance_factor, feed.clock
        self._calls = Allowance(CALLS_PER_FIVE_MINUTES * factor, 300, clock)
        self._deletes = Allowance(DELETES_PER_HALF_HOUR * factor, 1800, clock)
        self._left: Left | None = None
        self._by_key: dict[str, tuple[float, str]] = {}
        statuses = "/api/v1/statuses"
        self.routes = [
            Route("GET", "/api/v2/instance", self._instance, is_public=True),
            Route("GET", "/api/v1/instance", self._old_instance, is_public=True),
            Route("POST", statuses, self._post, has_effect=True),
            Route("GET", statuses + "/{id}", self._show),
            Route("PUT", statuses + "/{id}", self._edit, has_effect=True),
            Route("DELETE", statuses + "/{id}", self._delete, has_effect=True),
            Route("GET", statuses + "/{id}/source", self._source),
            Route("GET", statuses + "/{id}/history", self._history),
            Route("GET", statuses + "/{id}/context", self._context),
            Route("GET", "/api/v1/accounts/verify_credentials", self._verify_credentials),
            Route("GET", "/api/v1/accounts/{id}/statuses", self._list_statuses),
            Route("GET", "/api/v1/accounts/{id}", self._show_account),
            Route("GET", "/api/v1/notifications", self._list_notifications),
        ]

    async def handle(self, request: web.Request, path: str) -> web.StreamResponse:
        """A slash at the end means nothing, as in Rails."""
        return await super().handle(request, path.rstrip("/"))

    @property
    def _base_url(self) -> str:
        return f"{self.site_url}/social/mastodon"

    def count(self, text: str) -> int:
        return count_chars(text)

    def permalink(self, post: Post) -> str:
        return f"{self._base_url}/@{post.account.handle}/{post.id}"

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        self._wire.site_url = self._base_url
        token = call.bearer or call.fields.get("access_token")
        if token is None:
            raise refuse(401, "The access token is invalid")
        if token != self.settings.mastodon_token:
            raise refuse(401, "The access token is invalid")

    def limit(self, call: Call, route: Route) -> Answer | None:
        self._wire.site_url = self._base_url
        self._left = self._calls.take()
        if route.method == "DELETE" and not self._left.is_over:
            self._left = self._deletes.take()
        if self._left.is_over:
            raise refuse(429, "Too many requests")
        del call
        return None

    def common_headers(self) -> Mapping[str, str]:
        left, self._left = self._left, None
        if left is None:
            return {}
        return _rate_headers(left.limit, left.remaining, left.reset_at)

    def refuse_body(self) -> Refusal:
        return Refusal(400, {"status": 400, "error": "Bad Request"})

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del call, allowed
        return Refusal(404, {"status": 404, "error": "Not Found"})

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        """No Retry-After: only when the window ends."""
        del call
        headers = _rate_headers(CALLS_PER_FIVE_MINUTES, 0, self.feed.clock() + retry_after_seconds)
        return Refusal(429, {"error": "Too many requests"}, headers)

    def refuse_internal(self) -> Refusal:
        return Refusal(500, {"status": 500, "error": "Internal Server Error"})

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        return refuse(401, "The access token was revoked")

    # Statuses

    def _post(self, call: Call) -> Answer:
        fields = call.body or {}
        # What is answered is looked up before the key is: a repeat fails too once that is gone.
        # https://github.com/mastodon/mastodon/blob/main/app/controllers/api/v1/statuses_controller.rb
        parent = self._find_parent(fields.get("in_reply_to_id"))
        key = call.headers.get("Idempotency-Key")
        if key is not None:
            made_at, known_id = self._by_key.get(key, (0.0, ""))
            if known_id and self.feed.clock() - made_at < KEY_SECONDS:
                return Answer(body=self._wire.status(self._find(known_id)))
        text = self._require_text(fields)
        visibility = str(fields.get("visibility") or "public")
        if visibility not in VISIBILITIES:
            raise refuse(422, "Validation failed: Visibility is not included in the list")
        facts = {
            "visibility": visibility,
            "sensitive": is_true(fields.get("sensitive")),
            "spoiler_text": str(fields.get("spoiler_text") or ""),
            "language": str(fields.get("language") or "en"),
        }
        post = self.feed.add(self.feed.ours, text, parent=parent, facts=facts)
        if key is not None:
            self._by_key[key] = (self.feed.clock(), post.id)
        return Answer(body=self._wire.status(post))

    def _require_text(self, fields: Json) -> str:
        text = fields.get("status")
        if not isinstance(text, str) or not text.strip():
            raise refuse(422, "Validation failed: Text can't be blank")
        if count_chars(text + str(fields.get("spoiler_text") or "")) > TEXT_CHARS_MOST:
            raise refuse(422, f"Validation failed: Text character limit of {TEXT_CHARS_MOST} exceeded")
        return text

    def _find_parent(self, given: object) -> Post | None:
        if given in (None, ""):
            return None
        parent = self.feed.find(str(given))
        if parent is None:
            raise refuse(404, "The post you are trying to reply to does not appear to exist.")
        return parent

    def _find(self, post_id: str) -> Post:
        post = self.feed.find(post_id)
        if post is None:
            raise refuse(404, "Record not found")
        return post

    def _find_own(self, call: Call) -> Post:
        """Other people's are not found where only one's own can be changed."""
        post = self._find(call.names["id"])
        if not post.account.is_ours:
            raise refuse(404, "Record not found")
        return post

    def _edit(self, call: Call) -> Answer:
        post = self._find_own(call)
        text = self._require_text(call.body or {})
        if text != post.text:
            self.feed.edit(post, text)
        return Answer(body=self._wire.status(post))

    def _delete(self, call: Call) -> Answer:
        post = self._find_own(call)
        gone = self._wire.status(post) | {"text": post.text}
        self.feed.delete(post)
        return Answer(body=gone)

    # Reading

    def _show(self, call: Call) -> Answer:
        return Answer(body=self._wire.status(self._find(call.names["id"])))

    def _source(self, call: Call) -> Answer:
        post = self._find_own(call)
        return Answer(body={"id": post.id, "text": post.text, "spoiler_text": post.facts.get("spoiler_text", "")})

    def _history(self, call: Call) -> Answer:
        post = self._find(call.names["id"])
        account = self._wire.account(post.account)
        common = {"account": account, "sensitive": False, "spoiler_text": "", "media_attachments": [], "emojis": []}
        return Answer(
            body=[
                {"content": self._wire.content(version.text), "created_at": time_text(version.at), **common}
                for version in post.versions
            ]
        )

    def _context(self, call: Call) -> Answer:
        post = self._find(call.names["id"])
        ancestors: list[Post] = []
        above = post.parent
        while above is not None:
            ancestors.insert(0, above)
            above = above.parent
        below = self._descend(post)
        return Answer(
            body={
                "ancestors": [self._wire.status(each) for each in ancestors if each.is_live],
                "descendants": [self._wire.status(each) for each in below],
            }
        )

    def _descend(self, post: Post) -> list[Post]:
        return [each for reply in self.feed.list_replies(post) for each in (reply, *self._descend(reply))]

    def _verify_credentials(self, call: Call) -> Answer:
        del call
        source = {"privacy": "public", "sensitive": False, "language": "en", "note": "", "fields": []}
        role = {"id": "-99", "name": "", "permissions": "65536", "color": "", "highlighted": False}
        return Answer(body=self._wire.account(self.feed.ours) | {"source": source, "role": role})

    def _show_account(self, call: Call) -> Answer:
        account = self.feed.find_account(call.names["id"])
        if account is None:
            raise refuse(404, "Record not found")
        return Answer(body=self._wire.account(account))

    def _list_statuses(self, call: Call) -> Answer:
        posts = [post for post in self.feed.list_live() if post.account.id == call.names["id"]]
        if is_true(call.query.get("exclude_reblogs")):
            posts = [post for post in posts if post.reposted is None]
        if is_true(call.query.get("exclude_replies")):
            posts = [post for post in posts if post.parent is None]
        items = [(int(post.id), self._wire.status(post)) for post in posts]
        return cut_list(items, call, self._base_url, default=20, most=40)

    def _list_notifications(self, call: Call) -> Answer:
        """Mentions, and reblogs and quotes of ours; numbered in the order in which they came, from 1 on."""
        wanted = call.query.getall("types[]", []) or call.query.getall("types", [])
        unwanted = call.query.getall("exclude_types[]", [])
        items = []
        for number, post in enumerate(self.feed.list_all(), start=1):
            kind = self._name_notification(post)
            if not kind or (wanted and kind not in wanted) or kind in unwanted or post.account.is_ours:
                continue
            wire = {
                "id": str(number),
                "type": kind,
                "created_at": time_text(post.created_at),
                "group_key": f"ungrouped-{number}",
                "account": self._wire.account(post.account),
                "status": self._wire.status(post.reposted or post),
            }
            items.append((number, wire))
        return cut_list(items, call, self._base_url, default=40, most=80)

    def _name_notification(self, post: Post) -> str:
        """https://github.com/mastodon/mastodon/blob/main/app/models/notification.rb; with a deleted post it goes."""
        if not post.is_live:
            return ""
        if post.reposted is not None:
            return "reblog" if post.reposted.account.is_ours and post.reposted.is_live else ""
        if self.mentions_us(post):
            return "mention"
        return "quote" if post.quoted is not None and post.quoted.account.is_ours else ""

    # The server

    def _limits(self) -> Json:
        return {
            "statuses": {
                "max_characters": TEXT_CHARS_MOST,
                "max_media_attachments": 4,
                "characters_reserved_per_url": URL_CHARS,
            },
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        }

    def _instance(self, call: Call) -> Answer:
        del call
        return Answer(
            body={
                "domain": "mastodon.example",
                "title": "Sandbox",
                "version": SERVER_VERSION,
                "source_url": "https://github.com/mastodon/mastodon",
                "description": "A stand-in.",
                "usage": {"users": {"active_month": 1}},
                "languages": ["en"],
                "configuration": self._limits(),
                "registrations": {"enabled": False, "approval_required": False, "message": None},
                "api_versions": {"mastodon": 7},
                "contact": {"email": "", "account": None},
                "rules": [],
            }
        )

    def _old_instance(self, call: Call) -> Answer:
        del call
        return Answer(
            body={
                "uri": "mastodon.example",
                "title": "Sandbox",
                "version": SERVER_VERSION,
                "configuration": self._limits(),
                "max_toot_chars": TEXT_CHARS_MOST,
            }
        )


def _rate_headers(limit: int, remaining: int, reset_at: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": time_text(reset_at),
    }
