"""Bluesky's views of posts: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/defs.json"""

from datetime import UTC, datetime
from typing import TypeVar

from chatops.sandbox.social.call import Call, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.wire import Json

DEFS = "app.bsky.feed.defs"
T = TypeVar("T")


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reference(post: Post) -> Json:
    """A strong reference: the address and the content it had."""
    return {"uri": post.id, "cid": post.facts["cid"]}


class Wire:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def author(self, account: Account) -> Json:
        return {
            "did": account.id,
            "handle": account.handle,
            "displayName": account.name,
            "viewer": {"muted": False, "blockedBy": False},
            "labels": [],
            "createdAt": time_text(account.created_at),
        }

    def profile(self, account: Account) -> Json:
        posts = sum(1 for each in self._feed.list_live() if each.account is account)
        return self.author(account) | {
            "followersCount": account.followers,
            "followsCount": 0,
            "postsCount": posts,
            "indexedAt": time_text(account.created_at),
        }

    def post(self, post: Post) -> Json:
        live = self._feed.list_live()
        return {
            "uri": post.id,
            "cid": post.facts["cid"],
            "author": self.author(post.account),
            "record": post.facts["record"],
            "bookmarkCount": 0,
            "replyCount": sum(1 for each in live if each.parent is post),
            "repostCount": sum(1 for each in live if each.reposted is post),
            "likeCount": 0,
            "quoteCount": sum(1 for each in live if each.quoted is post),
            "indexedAt": time_text(post.created_at),
            "viewer": {"threadMuted": False, "embeddingDisabled": False, **post.facts.get("viewer", {})},
            "labels": [],
        }

    def thread(self, post: Post, *, depth: int, above: int) -> Json:
        shown: Json = {"$type": f"{DEFS}#threadViewPost", "post": self.post(post)}
        if post.parent is not None and above > 0:
            gone = {"$type": f"{DEFS}#notFoundPost", "uri": post.parent.id, "notFound": True}
            shown["parent"] = self.thread(post.parent, depth=0, above=above - 1) if post.parent.is_live else gone
        if depth > 0:
            replies = self._feed.list_replies(post)
            shown["replies"] = [self.thread(each, depth=depth - 1, above=0) for each in replies]
        return shown

    def feed_item(self, post: Post) -> Json:
        if post.reposted is not None:
            reason = {
                "$type": f"{DEFS}#reasonRepost",
                "by": self.author(post.account),
                "indexedAt": time_text(post.created_at),
            }
            return {"post": self.post(post.reposted), "reason": reason}
        if post.parent is not None and post.parent.is_live and post.root.is_live:
            kind = {"$type": f"{DEFS}#postView"}
            reply = {"root": self.post(post.root) | kind, "parent": self.post(post.parent) | kind}
            return {"post": self.post(post), "reply": reply}
        return {"post": self.post(post)}

    def notification(self, post: Post, reason: str, subject: Post | None, *, is_read: bool) -> Json:
        return {
            "uri": post.id,
            "cid": post.facts["cid"],
            "author": self.author(post.account),
            "reason": reason,
            **({"reasonSubject": subject.id} if subject is not None else {}),
            "record": post.facts["record"],
            "isRead": is_read,
            "indexedAt": time_text(post.created_at),
            "labels": [],
        }


def cut_keyset(
    items: list[tuple[int, Post, str, Post | None]], call: Call
) -> tuple[list[tuple[int, Post, str, Post | None]], Json]:
    """Newest first; the cursor names the last that was shown, so whatever comes or goes meanwhile moves nothing."""
    limit = read_count(call.query.get("limit"), default=50, most=100)
    below = read_count(call.query.get("cursor"), default=10**9, most=10**9)
    shown = [item for item in items[::-1] if item[0] < below][:limit]
    return shown, {"cursor": str(shown[-1][0])} if shown else {}


def cut_page(items: list[T], call: Call, *, default: int = 50) -> tuple[list[T], Json]:
    """Newest first, from the cursor on."""
    limit = read_count(call.query.get("limit"), default=default, most=100)
    begin = read_count(call.query.get("cursor"), default=0, most=10**9)
    newest_first = items[::-1]
    cursor = {"cursor": str(begin + limit)} if begin + limit < len(items) else {}
    return newest_first[begin : begin + limit], cursor
