"""Graph's JSON: fields by name, edges within fields, pages of them, and its errors.

https://developers.facebook.com/docs/graph-api/guides/field-expansion
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as make_field
from datetime import UTC, datetime
from typing import Any, Final

from chatops.sandbox.social.call import Refusal, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One field: `comments.limit(5){id,message}` has arguments and fields of its own."""

    name: str
    arguments: Mapping[str, str] = make_field(default_factory=dict)
    fields: str = ""


def parse_fields(text: str) -> list[Asked]:
    found, rest = [], text.strip()
    while rest:
        match = re.match(r"(\w+)((?:\.\w+\([^()]*\))*)", rest)
        if match is None:
            raise error(2500, f'Syntax error "Expected name at character 0." at: {rest[:20]}')
        inner, rest = _split_braces(rest[match.end() :])
        arguments = dict(re.findall(r"\.(\w+)\(([^()]*)\)", match[2]))
        found.append(Asked(name=match[1], arguments=arguments, fields=inner))
        rest = rest.removeprefix(",").strip()
    return found


def _split_braces(text: str) -> tuple[str, str]:
    if not text.startswith("{"):
        return "", text
    depth = 0
    for place, sign in enumerate(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return text[1:place], text[place + 1 :]
    raise error(2500, 'Syntax error "Expected end of string instead of end of file."')


class Wire:
    """Posts and comments with the fields a call asks for."""

    def __init__(
        self,
        settings: SocialSettings,
        feed: Feed,
        *,
        permalink: Callable[[Post], str],
        tags_us: Callable[[Post], bool],
    ) -> None:
        self._settings = settings
        self._feed = feed
        self._permalink = permalink
        self.tags_us = tags_us

    def list_comments(self, post: Post, arguments: Mapping[str, str]) -> list[Post]:
        """Those right below it, or with `filter=stream` all of its thread; the oldest first."""
        if arguments.get("filter") != "stream":
            return self._feed.list_replies(post)
        return [each for each in self._feed.list_live() if each is not post and _stands_below(each, post)]

    def page(self, posts: list[Post], arguments: Mapping[str, str], next_url: str, *, newest_first: bool) -> Json:
        since, until = _read_time(arguments, "since", 0.0), _read_time(arguments, "until", float("inf"))
        found = [post for post in posts if since <= post.created_at <= until]
        if newest_first or arguments.get("order") == "reverse_chronological":
            found.reverse()
        most = read_count(arguments.get("limit"), default=25, most=100)
        begin = read_count(arguments.get("after", "").removeprefix("QVFI"), default=0, most=10**9)
        shown = found[begin : begin + most]
        answer: Json = {"data": [self.object(post, arguments.get("fields")) for post in shown]}
        if shown:
            answer["paging"] = {"cursors": {"before": f"QVFI{begin}", "after": f"QVFI{begin + len(shown)}"}}
            if begin + most < len(found):
                answer["paging"]["next"] = f"{next_url}?after=QVFI{begin + most}"
        return answer

    def object(self, post: Post, fields: str | None) -> Json:
        is_comment = post.parent is not None
        known, kind = (COMMENT_FIELDS, "Comment") if is_comment else (POST_FIELDS, "PagePost")
        default = "created_time,from,message,id" if is_comment else "created_time,message,id"
        asked = parse_fields(fields or default)
        for each in asked:
            if each.name not in known:
                raise error(100, f"(#100) Tried accessing nonexisting field ({each.name}) on node type ({kind})")
        values: Json = {
            "id": post.id,
            "message": post.text,
            "created_time": time_text(post.created_at),
            "updated_time": time_text(post.edited_at or post.created_at),
            "permalink_url": self._permalink(post),
            "from": self.author(post),
            "is_published": post.facts.get("is_published", True),
            "is_hidden": False,
            "parent": self._parent(post, asked),
            "comment_count": len(self._feed.list_replies(post)),
            "can_comment": True,
        }
        values |= {each.name: self._edge(post, each) for each in asked if each.name == "comments"}
        names = dict.fromkeys([*(each.name for each in asked), "id"])
        return {each: values[each] for each in names if values.get(each) is not None}

    def _parent(self, post: Post, asked: list[Asked]) -> Json | None:
        """The comment that a comment answers; by default its id only."""
        above = post.parent
        if above is None or above.parent is None:
            return None
        return self.object(above, next((each.fields for each in asked if each.name == "parent"), "") or "id")

    def _edge(self, post: Post, asked: Asked) -> Json | None:
        """Left out where it is empty."""
        arguments = {**asked.arguments, **({"fields": asked.fields} if asked.fields else {})}
        comments = self.list_comments(post, arguments)
        found = self.page(comments, arguments, f"https://graph.facebook.com/{post.id}/comments", newest_first=False)
        return found if found["data"] else None

    def author(self, post: Post) -> Json | None:
        """Who tags the page is never named to it; who comments is, by a permission that is asked for."""
        account: Account = post.account
        if account.is_ours:
            return {"name": account.name, "id": self._settings.facebook_page_id}
        tags_us = post.parent is None and self.tags_us(post)
        return (
            {"name": account.name, "id": account.id} if self._settings.facebook_names_people and not tags_us else None
        )


def _stands_below(post: Post, above: Post) -> bool:
    return post.parent is not None and (post.parent is above or _stands_below(post.parent, above))


def _read_time(arguments: Mapping[str, str], name: str, default: float) -> float:
    given = arguments.get(name)
    if given is None:
        return default
    if given.isdecimal():
        return float(given)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise error(100, f"(#100) Param {name} must be a valid date/time string or unix timestamp") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
