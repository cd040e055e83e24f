"""Bluesky: a PDS and its view in one, so that posts show at once. https://docs.bsky.app/docs/category/http-reference"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from chatops.sandbox.social.allowance import Allowance, Left
from chatops.sandbox.social.bluesky_records import COLLECTION, RECORD_KEY, check_post, invalid, make_tid
from chatops.sandbox.social.bluesky_sessions import ACCESS, REFRESH, Sessions, refuse
from chatops.sandbox.social.bluesky_wire import Wire, cut_keyset, cut_page, reference, time_text
from chatops.sandbox.social.call import Answer, Call, Refusal, read_count
from chatops.sandbox.social.cid import make_cid
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

# https://docs.bsky.app/docs/advanced-guides/rate-limits
CALLS_PER_FIVE_MINUTES = 3000
LOGINS_PER_FIVE_MINUTES = 30
POINTS_PER_HOUR = 5000
POINTS = {"createRecord": 3, "putRecord": 2, "deleteRecord": 1}
REPOST = "app.bsky.feed.repost"
NO_SPACE = ("com.atproto.server.createSession", "com.atproto.server.refreshSession")


def make_did(handle: str) -> str:
    digest = base64.b32encode(hashlib.sha256(handle.lower().encode()).digest()).decode().lower()
    return f"did:plc:{digest[:24]}"


class Bluesky(Network):
    name = "bluesky"
    label = "Bluesky"
    text_chars = 300

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._wire = Wire(feed)
        self._did = feed.ours.id
        self._sessions = Sessions(self._did, settings.bluesky_access_seconds, feed.clock)
        factor, clock = settings.allowance_factor, feed.clock
        self._calls = Allowance(CALLS_PER_FIVE_MINUTES * factor, 300, clock)
        self._logins = Allowance(LOGINS_PER_FIVE_MINUTES * factor, 300, clock)
        self._points = Allowance(POINTS_PER_HOUR * factor, 3600, clock)
        self._left: tuple[Left, int] | None = None
        self._seen_at = ""
        server, repo, feeds = "/xrpc/com.atproto.server.", "/xrpc/com.atproto.repo.", "/xrpc/app.bsky.feed."
        self.routes = [
            Route("GET", server + "describeServer", self._describe, is_public=True),
            Route("GET", "/xrpc/com.atproto.identity.resolveHandle", self._resolve, is_public=True),
            Route("POST", server + "createSession", self._log_in),
            Route("POST", server + "refreshSession", self._refresh),
            Route("GET", server + "getSession", self._show_session),
            Route("POST", server + "deleteSession", self._log_out),
            Route("POST", repo + "createRecord", self._create, has_effect=True),
            Route("POST", repo + "putRecord", self._put, has_effect=True),
            Route("POST", repo + "deleteRecord", self._delete, has_effect=True),
            Route("GET", repo + "getRecord", self._show_record, is_public=True),
            Route("GET", repo + "listRecords", self._list_records, is_public=True),
            Route("GET", feeds + "getPostThread", self._thread),
            Route("GET", feeds + "getPosts", self._list_posts),
            Route("GET", feeds + "getAuthorFeed", self._author_feed),
            Route("GET", "/xrpc/app.bsky.actor.getProfile", self._profile),
            Route("GET", "/xrpc/app.bsky.notification.listNotifications", self._notifications),
            Route("POST", "/xrpc/app.bsky.notification.updateSeen", self._see),
        ]

    def new_account_id(self, handle: str) -> str:
        return make_did(handle)

    def new_post_id(self, account: Account, parent: Post | None = None) -> str:
        del parent
        return f"at://{account.id}/{COLLECTION}/{self.feed.new_id()}"

    def new_repost_id(self, account: Account) -> str:
        return f"at://{account.id}/{REPOST}/{self.feed.new_id()}"

    def permalink(self, post: Post) -> str:
        return f"https://bsky.app/profile/{post.account.id}/post/{post.id.rpartition('/')[2]}"

    def mentions_us(self, post: Post) -> bool:
        quotes_us = post.quoted is not None and post.quoted.account.is_ours and not post.account.is_ours
        return super().mentions_us(post) or quotes_us

    def complete_handle(self, handle: str) -> str:
        return handle if "." in handle else f"{handle}.bsky.social"

    def customer_posted(self, post: Post) -> None:
        """A person's app writes a record like anybody's."""
        if post.reposted is not None:
            subject = reference(post.reposted)
            repost: Json = {"$type": REPOST, "subject": subject, "createdAt": time_text(post.created_at)}
            post.facts |= {"record": repost, "cid": make_cid(repost)}
            return
        record: Json = {
            "$type": COLLECTION,
            "text": post.text,
            "createdAt": time_text(post.created_at),
            "langs": ["en"],
        }
        if post.parent is not None:
            record["reply"] = {"root": reference(post.root), "parent": reference(post.parent)}
        if post.quoted is not None:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": reference(post.quoted)}
        facets = self._mention_facets(post.text)
        if facets:
            record["facets"] = facets
        post.facts |= {"record": record, "cid": make_cid(record)}

    def _mention_facets(self, text: str) -> list[Json]:
        name = f"@{self.feed.ours.handle}"
        begin = text.lower().find(name)
        if begin < 0:
            return []
        start = len(text[:begin].encode())
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": self._did}
        return [{"index": {"byteStart": start, "byteEnd": start + len(name)}, "features": [feature]}]

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        name = call.path.removeprefix("/xrpc/")
        if name not in NO_SPACE:
            self._sessions.require(call.bearer, ACCESS)

    def limit(self, call: Call, route: Route) -> Answer | None:
        name = call.path.rpartition(".")[2]
        if name == "createSession":
            self._left = self._logins.take(), 300
        elif name in POINTS:
            self._left = self._points.take(POINTS[name]), 3600
        else:
            self._left = self._calls.take(), 300
        if self._left[0].is_over:
            raise refuse(429, "RateLimitExceeded", "Rate Limit Exceeded")
        del route
        return None

    def common_headers(self) -> Mapping[str, str]:
        left, self._left = self._left, None
        if left is None:
            return {}
        return _rate_headers(left[0].limit, left[0].remaining, left[0].reset_at, left[1])

    def refuse_body(self) -> Refusal:
        return refuse(400, "InvalidRequest", "Request body is not valid JSON")

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        if allowed:
            message = f"Incorrect HTTP method ({call.method}) expected {allowed[0]}"
            return refuse(405, "InvalidRequest", message)
        if not call.path.startswith("/xrpc/"):
            return Refusal(404, "Cannot " + f"{call.method} {call.path}")
        return refuse(501, "MethodNotImplemented", "Method Not Implemented")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        del call
        headers = _rate_headers(POINTS_PER_HOUR, 0, self.feed.clock() + retry_after_seconds, 3600)
        answer = refuse(429, "RateLimitExceeded", "Rate Limit Exceeded").answer
        return Refusal(429, answer.body, headers | {"retry-after": str(retry_after_seconds)})

    def refuse_internal(self) -> Refusal:
        return refuse(500, "InternalServerError", "Internal Server Error")

    def refuse_revoked(self, call: Call) -> Refusal:
        if call.path.endswith("createSession"):
            return refuse(401, "AuthenticationRequired", "Invalid identifier or password")
        return refuse(400, "ExpiredToken", "Token has been revoked")

    # Sessions

    def _identity(self) -> Json:
        return {"handle": self.feed.ours.handle, "did": self._did, "email": "status@acme.example", "active": True}

    def _log_in(self, call: Call) -> Answer:
        given = call.body or {}
        identifier, password = given.get("identifier"), given.get("password")
        if not isinstance(identifier, str) or not isinstance(password, str):
            raise refuse(400, "InvalidRequest", 'Input must have the property "identifier"')
        known = identifier.lower().removeprefix("@") in (self.feed.ours.handle, self._did)
        if not known or password != self.settings.bluesky_app_password:
            raise refuse(401, "AuthenticationRequired", "Invalid identifier or password")
        return Answer(body=self._sessions.make_pair() | self._identity())

    def _refresh(self, call: Call) -> Answer:
        """A used refresh token is good no more; a real PDS leaves it two hours."""
        self._sessions.end(self._sessions.require(call.bearer, REFRESH))
        return Answer(body=self._sessions.make_pair() | self._identity())

    def _log_out(self, call: Call) -> Answer:
        self._sessions.end(self._sessions.require(call.bearer, REFRESH))
        return Answer()

    def _show_session(self, call: Call) -> Answer:
        del call
        return Answer(body=self._identity())

    def _describe(self, call: Call) -> Answer:
        del call
        domains = {"availableUserDomains": [".bsky.social"], "inviteCodeRequired": True, "did": "did:web:sandbox"}
        return Answer(body=domains | {"links": {}, "contact": {}})

    def _resolve(self, call: Call) -> Answer:
        handle = call.query.get("handle", "")
        account = self.feed.find_account(handle)
        if account is None:
            raise refuse(400, "InvalidRequest", "Unable to resolve handle")
        return Answer(body={"did": account.id})

    # Records

    def _read_write(self, call: Call, *, needs_rkey: bool) -> tuple[str | None, Json]:
        given = call.body or {}
        for name in ("repo", "collection", *(("rkey",) if needs_rkey else ())):
            if not isinstance(given.get(name), str):
                raise refuse(400, "InvalidRequest", f'Input must have the property "{name}"')
        if given["repo"] not in (self._did, self.feed.ours.handle):
            raise refuse(400, "InvalidRequest", "Could not find repo: " + given["repo"])
        if given["collection"] != COLLECTION:
            raise refuse(400, "InvalidRequest", f"The sandbox keeps only {COLLECTION}")
        rkey = given.get("rkey")
        if rkey is not None and not RECORD_KEY.fullmatch(str(rkey)):
            raise refuse(400, "InvalidRequest", "Input/rkey must be a valid Record Key")
        return rkey, given

    def _create(self, call: Call) -> Answer:
        rkey, given = self._read_write(call, needs_rkey=False)
        uri = self._uri(rkey or self.feed.new_id())
        cid = self._check(given)
        if self.feed.find(uri) is not None:
            # PDS 0.5 answers so when the key exists (tried); it is a reason to use putRecord.
            raise self.refuse_internal()
        return self._write_new(uri, given["record"], cid)

    def _check(self, given: Json) -> str:
        return check_post(given.get("record"), self.feed.find)

    def _uri(self, rkey: str) -> str:
        return f"at://{self._did}/{COLLECTION}/{rkey}"

    def _write_new(self, uri: str, record: Json, cid: str) -> Answer:
        parent_uri = record.get("reply", {}).get("parent", {}).get("uri", "")
        quoted_uri = record.get("embed", {}).get("record", {}).get("uri", "")
        self.feed.add(
            self.feed.ours,
            record["text"],
            post_id=uri,
            parent=self.feed.find(parent_uri),
            quoted=self.feed.find(quoted_uri),
            facts={"record": record, "cid": cid},
        )
        return self._written(uri, cid)

    def _written(self, uri: str, cid: str) -> Answer:
        """With the commit it made; a no-op makes none."""
        commit = {"cid": make_cid({"post": uri, "cid": cid}), "rev": make_tid(self.feed.clock(), 0)}
        return Answer(body={"uri": uri, "cid": cid, "commit": commit, "validationStatus": "valid"})

    def _put(self, call: Call) -> Answer:
        rkey, given = self._read_write(call, needs_rkey=True)
        cid, uri = self._check(given), self._uri(str(rkey))
        post = self.feed.find(uri)
        if "swapRecord" in given and given["swapRecord"] != (post.facts["cid"] if post else None):
            raise refuse(400, "InvalidSwap", f"Record was at {post.facts['cid'] if post else 'null'}")
        if post is None:
            return self._write_new(uri, given["record"], cid)
        if post.facts["cid"] == cid:
            return Answer(body={"uri": uri, "cid": cid, "validationStatus": "valid"})
        post.facts |= {"record": given["record"], "cid": cid}
        self.feed.edit(post, given["record"]["text"])
        return self._written(uri, cid)

    def _delete(self, call: Call) -> Answer:
        """To delete what is not there is fine."""
        rkey, _ = self._read_write(call, needs_rkey=True)
        post = self.feed.find(self._uri(str(rkey)))
        if post is None:
            return Answer(body={})
        self.feed.delete(post)
        commit = {"cid": make_cid({"gone": post.id}), "rev": make_tid(self.feed.clock(), 0)}
        return Answer(body={"commit": commit})

    def _show_record(self, call: Call) -> Answer:
        account = self._find_account(call, "repo")
        uri = f"at://{account.id}/{call.query.get('collection')}/{call.query.get('rkey')}"
        post = self.feed.find(uri)
        if post is None or call.query.get("cid", post.facts["cid"]) != post.facts["cid"]:
            raise refuse(400, "RecordNotFound", f"Could not locate record: {uri}")
        return Answer(body={"uri": uri, "cid": post.facts["cid"], "value": post.facts["record"]})

    def _list_records(self, call: Call) -> Answer:
        account = self._find_account(call, "repo")
        posts = [post for post in self.feed.list_live() if post.account is account and post.reposted is None]
        if call.query.get("reverse") == "true":
            posts.reverse()
        shown, cursor = cut_page(posts if call.query.get("collection") == COLLECTION else [], call)
        records = [{"uri": post.id, "cid": post.facts["cid"], "value": post.facts["record"]} for post in shown]
        return Answer(body={"records": records} | cursor)

    def _find_account(self, call: Call, name: str) -> Account:
        given = call.query.get(name, "")
        account = self.feed.find_account(given)
        if account is None:
            raise refuse(400, "InvalidRequest", f"Could not find {name}: {given}")
        return account

    # What the view shows

    def _thread(self, call: Call) -> Answer:
        uri = call.query.get("uri", "")
        post = self.feed.find(uri)
        if post is None:
            raise refuse(400, "NotFound", f"Post not found: {uri}")
        depth = read_count(call.query.get("depth"), default=6, most=1000)
        above = read_count(call.query.get("parentHeight"), default=80, most=1000)
        return Answer(body={"thread": self._wire.thread(post, depth=depth, above=above)})

    def _list_posts(self, call: Call) -> Answer:
        found = [self.feed.find(uri) for uri in call.query.getall("uris", [])]
        return Answer(body={"posts": [self._wire.post(post) for post in found if post is not None]})

    def _author_feed(self, call: Call) -> Answer:
        account = self._find_account(call, "actor")
        posts = [post for post in self.feed.list_live() if post.account is account]
        if call.query.get("filter") == "posts_no_replies":
            posts = [post for post in posts if post.parent is None]
        shown, cursor = cut_page(posts, call)
        return Answer(body={"feed": [self._wire.feed_item(post) for post in shown]} | cursor)

    def _profile(self, call: Call) -> Answer:
        return Answer(body=self._wire.profile(self._find_account(call, "actor")))

    def _notifications(self, call: Call) -> Answer:
        wanted = call.query.getall("reasons", [])
        found = [(number, post, *self._reason(post)) for number, post in enumerate(self.feed.list_all(), start=1)]
        kept = [item for item in found if item[2] and (not wanted or item[2] in wanted)]
        shown, cursor = cut_keyset(kept, call)
        notifications = [
            self._wire.notification(post, reason, subject, is_read=time_text(post.created_at) <= self._seen_at)
            for _, post, reason, subject in shown
        ]
        seen: dict[str, Any] = {"seenAt": self._seen_at} if self._seen_at else {}
        return Answer(body={"notifications": notifications, "priority": False} | seen | cursor)

    def _reason(self, post: Post) -> tuple[str, Post | None]:
        """One notification for a post, as on the real one: an answer rather than a mention.

        None of what is about a deleted one.
        https://github.com/bluesky-social/atproto/blob/main/packages/bsky/src/data-plane/server/routes/notifs.ts
        """
        if post.account.is_ours or not post.is_live:
            return "", None
        for reason, subject in (("reply", post.parent), ("quote", post.quoted), ("repost", post.reposted)):
            if subject is not None and subject.account.is_ours:
                return (reason, subject) if subject.is_live else ("", None)
        return ("mention", None) if self.mentions_us(post) else ("", None)

    def _see(self, call: Call) -> Answer:
        seen_at = (call.body or {}).get("seenAt")
        if not isinstance(seen_at, str):
            raise invalid('Input must have the property "seenAt"')
        self._seen_at = seen_at
        return Answer()


def _rate_headers(limit: int, remaining: int, reset_at: float, seconds: int) -> dict[str, str]:
    return {
        "ratelimit-limit": str(limit),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(int(reset_at) + 1),
        "ratelimit-policy": f"{limit};w={seconds}",
    }
