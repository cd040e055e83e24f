"""Discord: a channel for our bot, and an incoming webhook. https://docs.discord.com/developers/resources/message"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from chatops.sandbox.social.allowance import Allowance, Left
from chatops.sandbox.social.call import Answer, Call, Refusal, is_true, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

CONTENT_CHARS_MOST = 2000
NONCE_CHARS_MOST = 25
NONCE_SECONDS = 300
"""“In the past few minutes”, by the documentation."""
CALLS_PER_WINDOW = 5
WINDOW_SECONDS = 5
CROSSPOSTED: Final = 1
VERSION = re.compile(r"^/api/v\d+(?=/)|^/api(?=/)")


def make_id(at: float, number: int) -> str:
    """https://docs.discord.com/developers/reference#snowflakes"""
    return str((int(at * 1000) - 1420070400000) << 22 | number % 4096)


def refuse(status: int, message: str, code: int = 0, **more: object) -> Refusal:
    return Refusal(status, {"message": message, "code": code} | more)


def invalid_form(name: str, code: str, message: str) -> Refusal:
    errors = {name: {"_errors": [{"code": code, "message": message}]}}
    return refuse(400, "Invalid Form Body", 50035, errors=errors)


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


class Discord(Network):
    name = "discord"
    label = "Discord"
    base_path = "/api/v10"
    text_chars = CONTENT_CHARS_MOST

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._allowance = Allowance(CALLS_PER_WINDOW * settings.allowance_factor, WINDOW_SECONDS, feed.clock)
        self._left: Left | None = None
        hook = Account(id=settings.discord_webhook_id, handle="acme-hook", name=settings.name, is_ours=True)
        self._hook = hook
        messages, webhook = "/channels/{channel}/messages", "/webhooks/{webhook}/{token}"
        self.routes = [
            Route("GET", "/users/@me", self._me),
            Route("GET", "/channels/{channel}", self._show_channel),
            Route("POST", messages, self._post, has_effect=True),
            Route("GET", messages, self._list),
            Route("GET", messages + "/{id}", self._show),
            Route("PATCH", messages + "/{id}", self._edit, has_effect=True),
            Route("DELETE", messages + "/{id}", self._delete, has_effect=True),
            Route("POST", messages + "/{id}/crosspost", self._crosspost, has_effect=True),
            Route("POST", webhook, self._hook_post, has_effect=True),
            Route("GET", webhook, self._hook_show),
            Route("PATCH", webhook + "/messages/{id}", self._hook_edit, has_effect=True),
            Route("GET", webhook + "/messages/{id}", self._show),
            Route("DELETE", webhook + "/messages/{id}", self._delete, has_effect=True),
        ]

    async def handle(self, request: web.Request, path: str) -> web.StreamResponse:
        return await super().handle(request, VERSION.sub("", path))

    def permalink(self, post: Post) -> str:
        return f"https://discord.com/channels/1180000000000000000/{self.settings.discord_channel_id}/{post.id}"

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        if "webhook" in call.names:
            if call.names["webhook"] != self.settings.discord_webhook_id:
                raise refuse(404, "Unknown Webhook", 10015)
            if call.names["token"] != self.settings.discord_webhook_token:
                raise refuse(401, "Invalid Webhook Token", 50027)
            return
        if call.headers.get("Authorization") != f"Bot {self.settings.discord_bot_token}":
            raise refuse(401, "401: Unauthorized")
        if call.names.get("channel", self.settings.discord_channel_id) != self.settings.discord_channel_id:
            raise refuse(404, "Unknown Channel", 10003)

    def limit(self, call: Call, route: Route) -> Answer | None:
        del call, route
        self._left = self._allowance.take()
        if self._left.is_over:
            raise self._too_many(self._left.reset_at - self.feed.clock())
        return None

    def common_headers(self) -> Mapping[str, str]:
        left, self._left = self._left, None
        if left is None:
            return {}
        return {
            "X-RateLimit-Limit": str(left.limit),
            "X-RateLimit-Remaining": str(left.remaining),
            "X-RateLimit-Reset": f"{left.reset_at:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, left.reset_at - self.feed.clock()):.3f}",
            "X-RateLimit-Bucket": "80c17d2f203122d936070c88c8d10f33",
        }

    def _too_many(self, seconds: float) -> Refusal:
        body = {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": False}
        headers = {"Retry-After": str(max(1, round(seconds))), "X-RateLimit-Scope": "user"}
        return Refusal(429, body, headers)

    def refuse_body(self) -> Refusal:
        return refuse(400, "The request body contains invalid JSON.", 50109)

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del call
        return refuse(405, "405: Method Not Allowed") if allowed else refuse(404, "404: Not Found")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        del call
        return self._too_many(retry_after_seconds)

    def refuse_internal(self) -> Refusal:
        return refuse(500, "500: Internal Server Error")

    def refuse_revoked(self, call: Call) -> Refusal:
        return refuse(404, "Unknown Webhook", 10015) if "webhook" in call.names else refuse(401, "401: Unauthorized")

    # Messages

    def _require_content(self, body: Json) -> str:
        content = body.get("content")
        if content is not None and not isinstance(content, str):
            raise invalid_form("content", "BASE_TYPE_STRING", "Could not interpret as string.")
        if not content or not content.strip():
            raise refuse(400, "Cannot send an empty message", 50006)
        if len(content) > CONTENT_CHARS_MOST:
            message = f"Must be {CONTENT_CHARS_MOST} or fewer in length."
            raise invalid_form("content", "BASE_TYPE_MAX_LENGTH", message)
        return content.strip()

    def _post(self, call: Call) -> Answer:
        body = call.body or {}
        content, nonce = self._require_content(body), body.get("nonce")
        if isinstance(nonce, str) and len(nonce) > NONCE_CHARS_MOST:
            message = f"Must be between 1 and {NONCE_CHARS_MOST} in length."
            raise invalid_form("nonce", "BASE_TYPE_BAD_LENGTH", message)
        known = self._find_by_nonce(nonce) if nonce is not None and is_true(body.get("enforce_nonce")) else None
        post = known or self.feed.add(
            self.feed.ours, content, parent=self._find_referenced(body), facts={"nonce": nonce}
        )
        return Answer(body=self._wire(post))

    def _find_by_nonce(self, nonce: object) -> Post | None:
        begin = self.feed.clock() - NONCE_SECONDS
        recent = [post for post in self.feed.list_ours() if post.created_at >= begin]
        return next((post for post in recent if str(post.facts.get("nonce")) == str(nonce)), None)

    def _find_referenced(self, body: Json) -> Post | None:
        reference = body.get("message_reference")
        if not isinstance(reference, dict):
            return None
        post = self.feed.find(str(reference.get("message_id")))
        if post is None and is_true(reference.get("fail_if_not_exists", True)):
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return post

    def _find(self, call: Call) -> Post:
        post = self.feed.find(call.names["id"])
        if post is None or ("webhook" in call.names and post.account is not self._hook):
            raise refuse(404, "Unknown Message", 10008)
        return post

    def _edit(self, call: Call) -> Answer:
        post = self._find(call)
        if post.account is not self.feed.ours:
            raise refuse(403, "Cannot edit a message authored by another user", 50005)
        return self._change(post, call)

    def _change(self, post: Post, call: Call) -> Answer:
        content = self._require_content(call.body or {})
        if content != post.text:
            self.feed.edit(post, content)
        return Answer(body=self._wire(post))

    def _delete(self, call: Call) -> Answer:
        post = self._find(call)
        if "webhook" not in call.names and post.account is not self.feed.ours:
            raise refuse(403, "Missing Permissions", 50013)
        self.feed.delete(post)
        return Answer(status=204)

    def _crosspost(self, call: Call) -> Answer:
        post = self._find(call)
        post.facts["flags"] = CROSSPOSTED
        return Answer(body=self._wire(post))

    def _show(self, call: Call) -> Answer:
        return Answer(body=self._wire(self._find(call)))

    def _list(self, call: Call) -> Answer:
        """Newest first; with `after`, the ones that follow it."""
        after, before = (int(call.query.get(name) or 0) for name in ("after", "before"))
        found = [post for post in self.feed.list_live() if after < int(post.id) < (before or 2**63)]
        limit = read_count(call.query.get("limit"), default=50, most=100)
        shown = found[:limit] if after else found[-limit:]
        return Answer(body=[self._wire(post) for post in reversed(shown)])

    def _me(self, call: Call) -> Answer:
        del call
        return Answer(body=self._user(self.feed.ours) | {"verified": True, "mfa_enabled": True, "locale": "en-US"})

    def _show_channel(self, call: Call) -> Answer:
        guild = {"guild_id": "1180000000000000000", "position": 0, "nsfw": False, "topic": None}
        return Answer(body={"id": call.names["channel"], "type": 5, "name": "status", **guild})

    # The webhook

    def _hook_post(self, call: Call) -> Answer:
        post = self.feed.add(self._hook, self._require_content(call.body or {}), facts={"webhook": True})
        if not is_true(call.query.get("wait", "false")):
            return Answer(status=204)
        return Answer(body=self._wire(post))

    def _hook_edit(self, call: Call) -> Answer:
        return self._change(self._find(call), call)

    def _hook_show(self, call: Call) -> Answer:
        channel = {"channel_id": self.settings.discord_channel_id, "guild_id": "1180000000000000000", "type": 1}
        return Answer(
            body={"id": call.names["webhook"], "name": self._hook.name, "token": call.names["token"], **channel}
        )

    # JSON

    def _user(self, account: Account) -> Json:
        return {
            "id": account.id,
            "username": account.handle,
            "discriminator": "0000" if account is self._hook else "0",
            "global_name": None if account.is_ours else account.name,
            "avatar": None,
            "bot": account.is_ours,
            "public_flags": 0,
        }

    def _wire(self, post: Post, *, deep: bool = True) -> Json:
        ours = self.feed.ours
        content = re.sub(rf"@{re.escape(ours.handle)}\b", f"<@{ours.id}>", post.text, flags=re.IGNORECASE)
        is_mentioned = f"<@{ours.id}>" in content
        message: Json = {
            "id": post.id,
            "type": 19 if post.parent else 0,
            "content": content,
            "channel_id": self.settings.discord_channel_id,
            "author": self._user(post.account),
            "timestamp": time_text(post.created_at),
            "edited_timestamp": time_text(post.edited_at) if post.edited_at else None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [self._user(ours)] if is_mentioned else [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "flags": post.facts.get("flags", 0),
        }
        if post.account is self._hook:
            message["webhook_id"] = self._hook.id
        if post.facts.get("nonce") is not None:
            message["nonce"] = post.facts["nonce"]
        if post.parent is not None:
            reference = {"type": 0, "channel_id": message["channel_id"], "message_id": post.parent.id}
            message["message_reference"] = reference | {"guild_id": "1180000000000000000"}
            if deep:
                shown = self._wire(post.parent, deep=False) if post.parent.is_live else None
                message["referenced_message"] = shown
        return message
