"""Mastodon's JSON: statuses as HTML, accounts, lists by id. https://docs.joinmastodon.org/entities/Status/"""

import re
from datetime import UTC, datetime
from html import escape

from chatops.sandbox.social.call import Answer, Call, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.graphemes import count_graphemes
from chatops.sandbox.social.posts import Account, Post
from chatops.sandbox.wire import Json

URL_CHARS = 23
LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'…]")
MENTION = re.compile(r"(?<![\w@/])@(\w[\w.-]*?)(@[\w.-]+\w)?(?![\w-])")


def count_chars(text: str) -> int:
    """Links count 23, the server's part of a mention nothing. https://docs.joinmastodon.org/user/posting/#text"""
    shortened = LINK.sub("x" * URL_CHARS, text)
    return count_graphemes(MENTION.sub(lambda match: f"@{match[1]}", shortened))


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Wire:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.site_url = ""

    def account(self, account: Account) -> Json:
        url = f"{self.site_url}/@{account.handle}"
        posts = [post for post in self._feed.list_live() if post.account is account]
        return {
            "id": account.id,
            "username": account.handle.partition("@")[0],
            "acct": account.handle,
            "display_name": account.name,
            "locked": False,
            "bot": False,
            "discoverable": True,
            "indexable": False,
            "group": False,
            "created_at": time_text(account.created_at),
            "note": "",
            "url": url,
            "uri": url,
            "avatar": f"{self.site_url}/avatars/original/missing.png",
            "avatar_static": f"{self.site_url}/avatars/original/missing.png",
            "header": f"{self.site_url}/headers/original/missing.png",
            "header_static": f"{self.site_url}/headers/original/missing.png",
            "followers_count": account.followers,
            "following_count": 0,
            "statuses_count": len(posts),
            "last_status_at": time_text(posts[-1].created_at)[:10] if posts else None,
            "emojis": [],
            "fields": [],
        }

    def status(self, post: Post) -> Json:
        live, parent = self._feed.list_live(), post.parent
        return {
            "id": post.id,
            "created_at": time_text(post.created_at),
            "in_reply_to_id": parent.id if parent and parent.is_live else None,
            "in_reply_to_account_id": parent.account.id if parent else None,
            "sensitive": bool(post.facts.get("sensitive", False)),
            "spoiler_text": post.facts.get("spoiler_text", ""),
            "visibility": post.facts.get("visibility", "public"),
            "language": post.facts.get("language", "en"),
            "uri": f"{self.site_url}/users/{post.account.handle}/statuses/{post.id}",
            "url": f"{self.site_url}/@{post.account.handle}/{post.id}",
            "replies_count": sum(1 for each in live if each.parent is post),
            "reblogs_count": sum(1 for each in live if each.reposted is post),
            "favourites_count": 0,
            "edited_at": time_text(post.edited_at) if post.edited_at else None,
            "favourited": False,
            "reblogged": False,
            "muted": False,
            "bookmarked": False,
            "pinned": False,
            "content": self._quote_line(post) + self.content(post.text),
            "filtered": [],
            "reblog": self.status(post.reposted) if post.reposted is not None else None,
            "quote": self._quote(post),
            "account": self.account(post.account),
            "media_attachments": [],
            "mentions": self._mentions(post.text),
            "tags": [],
            "emojis": [],
            "card": None,
            "poll": None,
        }

    def _quote(self, post: Post) -> Json | None:
        """https://docs.joinmastodon.org/entities/Quote/"""
        if post.quoted is None:
            return None
        if not post.quoted.is_live:
            return {"state": "deleted", "quoted_status": None}
        return {"state": "accepted", "quoted_status": self.status(post.quoted)}

    def _quote_line(self, post: Post) -> str:
        """For software that knows no quotes."""
        if post.quoted is None:
            return ""
        url = f"{self.site_url}/@{post.quoted.account.handle}/{post.quoted.id}"
        return f'<p class="quote-inline">RE: {_link(url)}</p>'

    def _mentions(self, text: str) -> list[Json]:
        found = {match[0].lower(): self._find_named(match) for match in MENTION.finditer(text)}
        return [
            {
                "id": account.id,
                "username": account.handle.partition("@")[0],
                "url": f"{self.site_url}/@{account.handle}",
                "acct": account.handle,
            }
            for account in found.values()
            if account is not None
        ]

    def _find_named(self, match: re.Match[str]) -> Account | None:
        """Those of this server go by their name alone."""
        return self._feed.find_account(match[0].removeprefix("@")) or self._feed.find_account(match[1])

    def content(self, text: str) -> str:
        paragraphs = re.split(r"\n{2,}", text)
        shown = [self._inline(paragraph).replace("\n", "<br />") for paragraph in paragraphs]
        return "".join(f"<p>{paragraph}</p>" for paragraph in shown)

    def _inline(self, text: str) -> str:
        pieces, last = [], 0
        for match in LINK.finditer(text):
            pieces.append(self._named(text[last : match.start()]))
            pieces.append(_link(match[0]))
            last = match.end()
        return "".join([*pieces, self._named(text[last:])])

    def _named(self, text: str) -> str:
        def show(match: re.Match[str]) -> str:
            account = self._find_named(match)
            if account is None:
                return match[0]
            url = escape(f"{self.site_url}/@{account.handle}")
            name = account.handle.partition("@")[0]
            link = f'<a href="{url}" class="u-url mention">@<span>{name}</span></a>'
            return f'<span class="h-card" translate="no">{link}</span>'

        return MENTION.sub(show, escape(text, quote=False).replace('"', "&quot;"))


def _link(url: str) -> str:
    """The scheme is hidden, and what is beyond 30 characters; all of it stays in the HTML."""
    scheme, rest = url.split("://", 1)
    shown, hidden = rest[:30], rest[30:]
    kind = "ellipsis" if hidden else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">'
        f'{scheme}://</span><span class="{kind}">{escape(shown)}</span>'
        f'<span class="invisible">{escape(hidden)}</span></a>'
    )


def cut_list(items: list[tuple[int, Json]], call: Call, base_url: str, *, default: int, most: int) -> Answer:
    """Newest first; `min_id` gives those that follow it, `since_id` the newest ones after it."""
    limit = read_count(call.query.get("limit"), default=default, most=most)
    above = max(_read_id(call, "since_id"), _read_id(call, "min_id"))
    below = _read_id(call, "max_id") or 2**63
    found = sorted((item for item in items if above < item[0] < below), key=lambda item: item[0])
    shown = found[:limit] if "min_id" in call.query else found[-limit:]
    shown.reverse()
    if not shown:
        return Answer(body=[])
    here = f"{base_url}{call.path}?limit={limit}"
    link = f'<{here}&max_id={shown[-1][0]}>; rel="next", <{here}&min_id={shown[0][0]}>; rel="prev"'
    return Answer(body=[wire for _, wire in shown], headers={"Link": link})


def _read_id(call: Call, name: str) -> int:
    given = call.query.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 20 else 0
