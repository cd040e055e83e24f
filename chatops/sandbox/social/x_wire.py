"""X's JSON: posts, users, pages of them, and its errors. https://docs.x.com/x-api/fundamentals/data-dictionary"""

from datetime import UTC, datetime
from typing import Any, Final

from chatops.sandbox.social.call import Call, Refusal
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.posts import Account, Post, Wording
from chatops.sandbox.social.x_text import show
from chatops.sandbox.wire import Json

PROBLEMS: Final = "https://api.twitter.com/2/problems/"
TWEET_FIELDS: Final = frozenset(
    [
        "article",
        "attachments",
        "author_id",
        "card_uri",
        "community_id",
        "context_annotations",
        "conversation_id",
        "created_at",
        "display_text_range",
        "edit_controls",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "id",
        "in_reply_to_user_id",
        "lang",
        "made_with_ai",
        "media_metadata",
        "non_public_metrics",
        "note_tweet",
        "organic_metrics",
        "paid_partnership",
        "possibly_sensitive",
        "promoted_metrics",
        "public_metrics",
        "referenced_tweets",
        "reply_settings",
        "scopes",
        "source",
        "suggested_source_links",
        "text",
        "withheld",
    ]
)
USER_FIELDS: Final = frozenset(
    [
        "affiliation",
        "confirmed_email",
        "connection_status",
        "created_at",
        "description",
        "entities",
        "id",
        "is_identity_verified",
        "location",
        "most_recent_tweet_id",
        "name",
        "parody",
        "pinned_tweet_id",
        "profile_banner_url",
        "profile_image_url",
        "protected",
        "public_metrics",
        "receives_your_dm",
        "subscription",
        "subscription_type",
        "url",
        "username",
        "verified",
        "verified_followers_count",
        "verified_type",
        "withheld",
    ]
)
EXPANSIONS: Final = frozenset(
    [
        "article.cover_media",
        "article.media_entities",
        "attachments.media_keys",
        "attachments.media_source_tweet",
        "attachments.poll_ids",
        "author_id",
        "edit_history_tweet_ids",
        "entities.mentions.username",
        "geo.place_id",
        "in_reply_to_user_id",
        "entities.note.mentions.username",
        "referenced_tweets.id",
        "referenced_tweets.id.author_id",
        "referenced_tweets.id.attachments.media_keys",
    ]
)
COMMON_QUERY: Final = ("tweet.fields", "user.fields", "expansions", "media.fields", "poll.fields", "place.fields")
LIST_QUERY: Final = (
    "max_results", "pagination_token", "since_id", "until_id", "start_time", "end_time", *COMMON_QUERY,
)  # fmt: skip


def problem(status: int, detail: str, *, title: str | None = None) -> Refusal:
    """As seen in https://github.com/akrherz/iembot/issues/163"""
    titles = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}
    shown = title or titles.get(status, "Internal Server Error")
    return Refusal(status, {"detail": detail, "type": "about:blank", "title": shown, "status": status})


def invalid(message: str, parameters: dict[str, list[str]] | None = None) -> Refusal:
    errors = [{"parameters": parameters or {}, "message": message}]
    return Refusal(
        400,
        {
            "errors": errors,
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}invalid-request",
        },
    )


def not_found(kind: str, parameter: str, value: str) -> Json:
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": f"{PROBLEMS}resource-not-found",
    }


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def require_query(call: Call, known: tuple[str, ...]) -> None:
    for name, value in call.query.items():
        if name not in known:
            raise invalid(f"The query parameter [{name}] is not one of [{','.join(known)}]", {name: [value]})
    for name, values in (("tweet.fields", TWEET_FIELDS), ("user.fields", USER_FIELDS), ("expansions", EXPANSIONS)):
        for value in filter(None, call.query.get(name, "").split(",")):
            if value not in values:
                listed = ",".join(sorted(values))
                raise invalid(f"The `{name}` query parameter value [{value}] is not one of [{listed}]", {name: [value]})


def require_body(body: Json | None, known: dict[str, type]) -> Json:
    if not body:
        raise invalid("Requests bodies must not be empty.")
    for name, value in body.items():
        if name not in known:
            raise invalid(f"$.{name}: is not defined in the schema and the schema does not allow additional properties")
        if not isinstance(value, known[name]):
            kinds = {str: "string", dict: "object", bool: "boolean", list: "array"}
            raise invalid(f"$.{name}: {type(value).__name__} found, {kinds[known[name]]} expected")
    return body


class Wire:
    """Posts and users with the fields a call asks for."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def tweet(self, post: Post, call: Call, version: Wording | None = None) -> Json:
        """`version` shows an earlier wording, as asking for its id does."""
        asked = _asked(call, "tweet.fields")
        shown_version = version or post.versions[-1]
        users = {each.handle.lower(): each.id for each in [self._feed.ours, post.account]}
        shown = show(_word(post, shown_version), users)
        tweet: Json = {
            "id": shown_version.id,
            "text": shown.text,
            "edit_history_tweet_ids": [each.id for each in post.versions],
        }
        parent = post.parent
        more: Json = {
            "author_id": post.account.id,
            "conversation_id": post.root.id,
            "created_at": time_text(shown_version.at),
            "lang": "en",
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "public_metrics": self._metrics(post),
            "entities": shown.entities or None,
            "in_reply_to_user_id": parent.account.id if parent else None,
            "referenced_tweets": _references(post) or None,
        }
        return tweet | {name: value for name, value in more.items() if name in asked and value is not None}

    def _metrics(self, post: Post) -> Json:
        live = self._feed.list_live()
        return {
            "retweet_count": sum(1 for each in live if each.reposted is post),
            "reply_count": sum(1 for each in live if each.parent is post),
            "like_count": 0,
            "quote_count": sum(1 for each in live if each.quoted is post),
            "bookmark_count": 0,
            "impression_count": 0,
        }

    def user(self, account: Account, call: Call) -> Json:
        more: Json = {
            "created_at": time_text(account.created_at),
            "verified": account.is_ours,
            "protected": False,
            "description": "",
            "public_metrics": {
                "followers_count": account.followers,
                "following_count": 0,
                "tweet_count": sum(1 for each in self._feed.list_live() if each.account is account),
                "listed_count": 0,
                "like_count": 0,
                "media_count": 0,
            },
        }
        asked = _asked(call, "user.fields")
        user: Json = {"id": account.id, "name": account.name, "username": account.handle}
        return user | {name: value for name, value in more.items() if name in asked}

    def page(self, posts: list[Post], call: Call, *, fewest: int, default: int) -> Json:
        """Newest first; the token is where the next page begins."""
        most = _max_results(call, fewest=fewest, default=default)
        newest_first = sorted(_in_window(posts, call), key=lambda post: int(post.id), reverse=True)
        before = _read_token(call)
        following = [post for post in newest_first if before is None or int(post.id) < before]
        shown = following[:most]
        meta: Json = {"result_count": len(shown)}
        if not shown:
            return {"meta": meta}
        meta |= {"newest_id": shown[0].versions[-1].id, "oldest_id": shown[-1].versions[-1].id}
        if most < len(following):
            meta["next_token"] = f"7140dibdnow9c7btw{shown[-1].id}"
        answer: Json = {"data": [self.tweet(post, call) for post in shown], "meta": meta}
        return answer | self.includes(shown, call)

    def includes(self, posts: list[Post], call: Call) -> Json:
        asked = _asked(call, "expansions")
        users: dict[str, Account] = {}
        tweets: dict[str, Post] = {}
        for post in posts:
            if "author_id" in asked:
                users[post.account.id] = post.account
            if "in_reply_to_user_id" in asked and post.parent is not None:
                users[post.parent.account.id] = post.parent.account
            referenced = [each for each in (post.parent, post.quoted, post.reposted) if each and each.is_live]
            if "referenced_tweets.id" in asked:
                tweets |= {each.id: each for each in referenced}
            if "referenced_tweets.id.author_id" in asked:
                users |= {each.account.id: each.account for each in referenced}
        found: Json = {}
        if users:
            found["users"] = [self.user(account, call) for account in users.values()]
        if tweets:
            found["tweets"] = [self.tweet(post, call) for post in tweets.values()]
        return {"includes": found} if found else {}


def _asked(call: Call, name: str) -> set[str]:
    return set(call.query.get(name, "").split(","))


def _word(post: Post, version: Wording) -> str:
    """With what X adds: whom it reposts, the address of what it quotes."""
    if post.reposted is not None:
        return f"RT @{post.reposted.account.handle}: {version.text}"
    if post.quoted is not None:
        quoted = post.quoted
        return f"{version.text} https://twitter.com/{quoted.account.handle}/status/{quoted.id}"
    return version.text


def _references(post: Post) -> list[Any]:
    pairs = (("replied_to", post.parent), ("quoted", post.quoted), ("retweeted", post.reposted))
    return [{"type": kind, "id": other.id} for kind, other in pairs if other is not None]


def _max_results(call: Call, *, fewest: int, default: int) -> int:
    given = call.query.get("max_results")
    if given is None:
        return default
    if not given.isdecimal() or not fewest <= int(given) <= 100:
        raise invalid(
            f"The `max_results` query parameter value [{given}] is not between {fewest} and 100",
            {"max_results": [given]},
        )
    return int(given)


def _read_token(call: Call) -> int | None:
    """The id before which the page begins: what comes and goes meanwhile moves nothing."""
    token = call.query.get("pagination_token") or call.query.get("next_token")
    if token is None:
        return None
    begin = token.removeprefix("7140dibdnow9c7btw")
    if begin == token or not begin.isdecimal():
        raise invalid(f"The `pagination_token` query parameter value [{token}] is not valid", {"token": [token]})
    return int(begin)


def _in_window(posts: list[Post], call: Call) -> list[Post]:
    since, until = _read_id(call, "since_id", 0), _read_id(call, "until_id", 2**63)
    start, end = _read_time(call, "start_time", 0.0), _read_time(call, "end_time", float("inf"))
    newest = [(post, post.versions[-1]) for post in posts]
    return [post for post, last in newest if since < int(last.id) < until and start <= last.at < end]


def _read_time(call: Call, name: str, default: float) -> float:
    given = call.query.get(name)
    if given is None:
        return default
    try:
        return datetime.fromisoformat(given).timestamp()
    except ValueError:
        raise invalid(f"The `{name}` query parameter value [{given}] is not a valid date", {name: [given]}) from None


def _read_id(call: Call, name: str, default: int) -> int:
    given = call.query.get(name)
    if given is None:
        return default
    if not given.isdecimal() or len(given) > 19:
        raise invalid(f"The `{name}` query parameter value [{given}] is not valid", {name: [given]})
    return int(given)
